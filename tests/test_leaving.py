# ruff: noqa: F821  (on a bus, an annotation is a signature)
"""Leaving: a real bus with a logind that stands in, and what comes of lid, sleep and key."""

import os
import queue
import threading
import time
from dataclasses import replace

import pytest
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, signal

from collectors import leaving_linux
from collectors.base import CoverageLost, CoverageRestored
from collectors.leaving import LaptopLeft, LeavingCollector, Moment
from collectors.leaving_linux import LinuxMoments
from collectors.lid_linux import Lid
from collectors.session_state import DeskError, Session, SessionKind
from tests.buses import private_bus, services

OPEN = Session(
    id="3", user="a.devries", uid=1000, kind=SessionKind.X11, seat="seat0", own=True, active=True,
    remote=False, locked=False, idle_hint=False, idle_since=0.0, started=7,
)  # fmt: skip


class Manager(ServiceInterface):
    """org.freedesktop.login1.Manager, as far as it speaks of sleep."""

    def __init__(self):
        super().__init__("org.freedesktop.login1.Manager")
        self.holders, self.docked = [], False

    @dbus_method()
    def Inhibit(self, what: "s", who: "s", why: "s", mode: "s") -> "h":
        assert (what, mode) == ("sleep", "delay")
        ours, theirs = os.pipe()
        self.holders.append(ours)
        threading.Timer(5, os.close, [theirs]).start()  # the bus needs it for a moment
        return theirs

    @signal()
    def PrepareForSleep(self, start) -> "b":
        return start

    @dbus_property(access=PropertyAccess.READ)
    def Docked(self) -> "b":
        return self.docked


class Desk:
    """Sessions that a test sets."""

    def __init__(self, *sessions):
        self.now = list(sessions)

    def sessions(self):
        return self.now

    def close(self):
        return


@pytest.fixture
def bus(tmp_path, monkeypatch):
    with private_bus(tmp_path / "bus") as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        yield bus


@pytest.fixture
def manager(bus):
    with services(bus) as running:
        manager = Manager()
        running.offer("org.freedesktop.login1", {"/org/freedesktop/login1": manager})
        manager.running = running
        yield manager


class Watching:
    """The collector in a thread."""

    def __init__(self, moments, desk, hold=1.0):
        self.collector = LeavingCollector(moments, desk, hold=hold)
        self.told, self.stop = queue.Queue(), threading.Event()
        self.thread = threading.Thread(target=self._work)

    def _work(self):
        for one in self.collector.observe(self.stop):
            self.told.put(one)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()

    def next(self, seconds=10.0):
        return self.told.get(timeout=seconds)


def within(seconds, so):
    end = time.monotonic() + seconds
    while not so():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def no_lid(tmp_path):
    return Lid(tmp_path / "none", tmp_path / "none")


def test_before_sleep_each_open_screen_is_told_of(manager, tmp_path):
    locked = replace(OPEN, id="4", locked=True)
    with Watching(LinuxMoments(lid=no_lid(tmp_path)), Desk(OPEN, locked)) as watching:
        assert within(10, lambda: len(manager.holders) == 1)
        manager.PrepareForSleep(True)
        seen = watching.next()
        assert isinstance(seen, LaptopLeft)
        assert (seen.subject, seen.proof()) == ("3", {"started": 7})
        assert seen.facts() == {"moment": Moment.SLEEP, "session": SessionKind.X11}
        assert seen.details() == {"user": "a.devries"}
        assert watching.told.empty()


def test_sleep_is_held_until_the_agent_has_dealt_with_it_and_anew_after_waking(manager, tmp_path):
    moments = LinuxMoments(lid=no_lid(tmp_path))
    with Watching(moments, Desk(OPEN), hold=20.0) as watching:
        assert within(10, lambda: len(manager.holders) == 1)
        manager.PrepareForSleep(True)
        seen = watching.next()
        time.sleep(0.5)
        assert moments._held is not None
        seen.handled()
        assert within(5, lambda: moments._held is None)
        manager.PrepareForSleep(False)
        assert within(5, lambda: len(manager.holders) == 2)
        assert watching.told.empty()


def test_sleep_is_never_held_for_longer_than_agreed(manager, tmp_path):
    moments = LinuxMoments(lid=no_lid(tmp_path))
    with Watching(moments, Desk(OPEN), hold=0.5) as watching:
        assert within(10, lambda: len(manager.holders) == 1)
        manager.PrepareForSleep(True)
        watching.next()
        assert within(5, lambda: moments._held is None)


def test_sleep_is_not_held_for_a_screen_that_is_locked_already(manager, tmp_path):
    moments = LinuxMoments(lid=no_lid(tmp_path))
    with Watching(moments, Desk(replace(OPEN, locked=True)), hold=20.0) as watching:
        assert within(10, lambda: len(manager.holders) == 1)
        manager.PrepareForSleep(True)
        assert within(5, lambda: moments._held is None)
        assert watching.told.empty()


def test_the_end_of_the_collector_lets_the_laptop_sleep(manager, tmp_path):
    moments = LinuxMoments(lid=no_lid(tmp_path))
    with Watching(moments, Desk(OPEN)):
        assert within(10, lambda: moments._held is not None)
    assert moments._held is None


def test_somebody_else_who_speaks_of_sleep_is_not_believed(manager, bus, tmp_path):
    with services(bus) as other:
        impostor = Manager()
        other.add("/org/freedesktop/login1", impostor)
        with Watching(LinuxMoments(lid=no_lid(tmp_path)), Desk(OPEN)) as watching:
            assert within(10, lambda: len(manager.holders) == 1)
            impostor.PrepareForSleep(True)
            with pytest.raises(queue.Empty):
                watching.next(1.0)
            manager.PrepareForSleep(True)
            assert watching.next().facts()["moment"] is Moment.SLEEP


class ClosedLid(Lid):
    """A lid whose switch is a pipe: there is no kernel device to make in a test without one."""

    def __init__(self):
        super().__init__()
        self.reader, self.writer = os.pipe()

    def descriptors(self):
        return [self.reader]

    def closed(self):
        return os.read(self.reader, 64) == b"closed"

    def close(self):
        return


@pytest.mark.parametrize(
    ("moved", "docked", "left"),
    [(b"closed", False, True), (b"closed", True, False), (b"opened", False, False)],
)
def test_a_lid_that_closes_is_leaving_unless_a_desk_is_connected(manager, moved, docked, left):
    manager.docked = docked
    lid = ClosedLid()
    with Watching(LinuxMoments(lid=lid), Desk(OPEN)) as watching:
        assert within(10, lambda: len(manager.holders) == 1)
        os.write(lid.writer, moved)
        if left:
            assert watching.next().facts()["moment"] is Moment.LID
        else:
            with pytest.raises(queue.Empty):
                watching.next(1.0)


@pytest.mark.parametrize(
    ("action", "mark", "key"),
    [("remove", "1", True), ("add", "1", False), ("remove", None, False), ("remove", "0", False)],
)
def test_a_key_is_what_udev_marks_as_one_and_that_goes(action, mark, key):
    class Device:
        """What pyudev tells of."""

        properties = {} if mark is None else {"ID_SECURITY_TOKEN": mark}

    Device.action = action
    assert leaving_linux._pulled_out(Device()) is key
    assert not leaving_linux._pulled_out(None)


def test_without_logind_it_says_so_once_and_when_it_is_back(bus, tmp_path, monkeypatch):
    monkeypatch.setattr("collectors.leaving._AGAIN", 0.2)
    with Watching(LinuxMoments(lid=no_lid(tmp_path)), Desk(OPEN)) as watching:
        assert isinstance(watching.next(), CoverageLost)
        time.sleep(1)
        assert watching.told.empty()
        with services(bus) as running:
            manager = Manager()
            running.offer("org.freedesktop.login1", {"/org/freedesktop/login1": manager})
            assert within(10, lambda: manager.holders)
            manager.PrepareForSleep(True)
            assert isinstance(watching.next(), CoverageRestored)
            assert isinstance(watching.next(), LaptopLeft)


def test_a_desk_that_does_not_answer_stops_nothing(manager, tmp_path):
    class Broken(Desk):
        def sessions(self):
            raise DeskError("nobody")

    moments = LinuxMoments(lid=no_lid(tmp_path))
    with Watching(moments, Broken()) as watching:
        assert within(10, lambda: len(manager.holders) == 1)
        manager.PrepareForSleep(True)
        assert isinstance(watching.next(), CoverageLost)
        assert within(5, lambda: moments._held is None)


@pytest.mark.parametrize(
    ("switches", "found"),
    [("1", True), ("21", True), ("0", False), ("20", False), ("10 1", True), ("nonsense", False)],
)
def test_the_lid_is_the_device_with_its_switch(tmp_path, switches, found):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/event0").touch()
    capabilities = tmp_path / "sys/event0/device/capabilities"
    capabilities.mkdir(parents=True)
    (capabilities / "sw").write_text(switches + "\n", "ascii")
    lid = Lid(tmp_path / "dev", tmp_path / "sys")
    try:
        assert len(lid.descriptors()) == int(found)
        assert not lid.closed()
        assert lid.descriptors() == []  # what is no switch after all is let go of
    finally:
        lid.close()

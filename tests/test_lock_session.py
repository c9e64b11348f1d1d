# ruff: noqa: F821  (on a bus, an annotation is a signature)
"""Locking on a real message bus with a logind that stands in: obeyed, disobeyed, gone, absent."""

import os
import threading
import time

import pytest
from dbus_fast import DBusError
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from enforcement import lock_session
from enforcement.base import Attempt, EnforcementError, Outcome, Reason, Result, Settings
from enforcement.lock_steps import LockProof, Step
from tests.buses import private_bus, services

STARTED = 1_700_000_000_000_000
PATH = "/org/freedesktop/login1/session/_35"


class Session(ServiceInterface):
    """org.freedesktop.login1.Session; ``after`` says how soon its locker shows, None: never."""

    def __init__(self, after=0.0, locked=False, refuses=False):
        super().__init__("org.freedesktop.login1.Session")
        self.after, self.locked, self.refuses, self.asked = after, locked, refuses, 0
        self.started = STARTED

    @dbus_method()
    def Lock(self):
        if self.refuses:
            raise DBusError("org.freedesktop.DBus.Error.AccessDenied", "Permission denied")
        self.asked += 1
        if self.after is not None:
            threading.Timer(self.after, self._obey).start()

    def _obey(self):
        self.locked = True

    @dbus_property(access=PropertyAccess.READ)
    def LockedHint(self) -> "b":
        return self.locked

    @dbus_property(access=PropertyAccess.READ)
    def User(self) -> "(uo)":
        return [os.getuid(), "/org/freedesktop/login1/user/self"]

    @dbus_property(access=PropertyAccess.READ)
    def Active(self) -> "b":
        return True

    @dbus_property(access=PropertyAccess.READ)
    def Seat(self) -> "(so)":
        return ["seat0", "/org/freedesktop/login1/seat/seat0"]

    @dbus_property(access=PropertyAccess.READ)
    def Timestamp(self) -> "t":
        return self.started


class Manager(ServiceInterface):
    """org.freedesktop.login1.Manager, which knows one session, called 5."""

    def __init__(self):
        super().__init__("org.freedesktop.login1.Manager")

    @dbus_method()
    def GetSession(self, name: "s") -> "o":
        if name != "5":
            raise DBusError("org.freedesktop.login1.NoSuchSession", f"No session '{name}' known")
        return PATH


@pytest.fixture
def bus(tmp_path, monkeypatch):
    with private_bus(tmp_path / "bus") as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        yield bus


@pytest.fixture
def running(bus):
    with services(bus) as running:
        yield running


def offer(running, session):
    running.offer("org.freedesktop.login1", {"/org/freedesktop/login1": Manager(), PATH: session})
    return session


def lock(session="5", patience=0.4, **proof):
    action = lock_session.LockSession(seconds=dict.fromkeys(Step, patience))
    return action.apply(Attempt(id="a", subject=session, proof={"started": STARTED} | proof))


def refused(**asked):
    with pytest.raises(EnforcementError) as error:
        lock(**asked)
    return error.value.reason


@pytest.mark.parametrize("after", [0.0, 0.3])
def test_a_session_whose_locker_obeys_is_locked(running, after):
    session = offer(running, Session(after=after))
    done = Outcome(result=Result.DONE, tried=(Step.LOGIND,), proof=LockProof.HINT)
    assert lock(patience=10) == done
    assert (session.locked, session.asked) == (True, 1)


def test_asking_without_a_locker_is_not_taken_for_locked(running):
    session = offer(running, Session(after=None))
    begun = time.monotonic()
    with pytest.raises(EnforcementError) as error:
        lock()
    assert (error.value.reason, error.value.tried) == (Reason.NOT_CONFIRMED, (Step.LOGIND,))
    assert time.monotonic() - begun >= 0.4
    assert session.asked == 1


def test_a_locked_session_is_not_asked_again(running):
    session = offer(running, Session(locked=True))
    assert lock() == Outcome(result=Result.ALREADY, proof=LockProof.HINT)
    assert session.asked == 0


def test_a_session_that_ended_is_gone(running):
    offer(running, Session())
    assert refused(session="6") is Reason.GONE
    running.remove(PATH)
    assert refused() is Reason.GONE


def test_another_session_of_the_same_name_is_left_alone(running):
    session = offer(running, Session())
    assert refused(started=STARTED + 1) is Reason.CHANGED
    assert session.asked == 0


def test_a_logind_that_says_no_is_told_so(running):
    offer(running, Session(refuses=True))
    assert refused() is Reason.REFUSED


def test_without_logind_or_without_a_bus_it_cannot_be_done(bus, running, monkeypatch):
    assert refused() is Reason.UNSUPPORTED
    bus.stop()
    assert refused() is Reason.UNSUPPORTED
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "nonsense")
    assert refused() is Reason.UNSUPPORTED
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "tcp:host=localhost,port=1")
    assert refused() is Reason.UNSUPPORTED


@pytest.mark.parametrize("started", ["1", None])
def test_a_proof_that_proves_nothing_is_refused(running, started):
    session = offer(running, Session())
    assert refused(started=started) is Reason.FAULT
    assert session.asked == 0


def test_nothing_is_kept_to_be_resumed(tmp_path):
    action = lock_session.make(Settings(state=tmp_path))
    assert action.resume("a").reason is Reason.INTERRUPTED

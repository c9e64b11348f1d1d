"""Sessions: a real bus with a logind that stands in, real descriptors, and the rule by itself."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import (
    CollectorError,
    CoverageLost,
    CoverageRestored,
    Gap,
    Observation,
)
from collectors.session import PROFILES, SETTINGS, SessionCollector, make
from collectors.session_input_linux import InputClock
from collectors.session_linux import LogindDesk
from collectors.session_spells import (
    Limits,
    SessionResumed,
    SessionUnattended,
    Spells,
    step,
)
from collectors.session_state import (
    DeskError,
    Idle,
    IdleSource,
    Session,
    SessionKind,
    idle_time,
)
from tests.buses import Login1, PrivateBus, private_bus, services

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEN = Limits(minutes=10)
OPEN = Session(
    id="3",
    user="a.devries",
    uid=1000,
    kind=SessionKind.X11,
    seat="seat0",
    own=True,
    active=True,
    remote=False,
    locked=False,
    idle_hint=False,
    idle_since=0.0,
    started=1_700_000_000_000_000,
)


# --- the rule -------------------------------------------------------------------------------------


def look(
    spells: Spells, session: Session, seconds: float | None, now: float = 10_000.0
) -> tuple[Spells, list[Observation]]:
    idle = Idle(seconds, IdleSource.INPUT_DEVICES if seconds is not None else IdleSource.NONE)
    return step(spells, [(session, idle)], limits=TEN, now=now, at=AT)


def test_an_open_screen_is_unattended_from_the_limit_on() -> None:
    assert look({}, OPEN, 599.9)[1] == []
    (seen,) = look({}, OPEN, 600.0)[1]
    assert isinstance(seen, SessionUnattended)
    assert seen.facts() == {
        "idle-minutes": 10,
        "limit-minutes": 10,
        "source": IdleSource.INPUT_DEVICES,
        "locked": False,
        "kept-open": False,
        "session": SessionKind.X11,
    }
    assert seen.subject == "3"
    assert seen.proof() == {"started": 1_700_000_000_000_000}
    assert seen.details() == {"user": "a.devries"}
    assert seen.once() is None


@pytest.mark.parametrize(
    "session",
    [
        replace(OPEN, locked=True),
        replace(OPEN, active=False),
        replace(OPEN, remote=True),
        replace(OPEN, own=False),
        replace(OPEN, kind=SessionKind.TTY),
    ],
)
def test_what_nobody_can_walk_up_to_is_not_unattended(session: Session) -> None:
    assert look({}, session, 5000.0)[1] == []


def test_a_spell_is_told_once_and_so_is_its_end() -> None:
    spells, first = look({}, OPEN, 600.0, now=10_000.0)
    spells, still = look(spells, OPEN, 900.0, now=10_300.0)
    spells, back = look(spells, OPEN, 2.0, now=10_602.0)
    spells, after = look(spells, OPEN, 4.0, now=10_604.0)
    assert (len(first), still, after) == (1, [], [])
    (seen,) = back
    assert isinstance(seen, SessionResumed)
    assert seen.facts() == {"away-minutes": 20, "session": SessionKind.X11}
    assert not spells


def test_touching_a_locked_screen_is_no_return() -> None:
    spells, _ = look({}, OPEN, 600.0)
    spells, locked = look(spells, replace(OPEN, locked=True), 1.0)
    assert locked == [] and spells
    _, back = look(spells, OPEN, 1.0)
    assert [type(one) for one in back] == [SessionResumed]


def test_a_session_that_ended_is_forgotten() -> None:
    spells, _ = look({}, OPEN, 600.0)
    assert step(spells, [], limits=TEN, now=10_010.0, at=AT) == ({}, [])


def test_another_session_under_the_same_id_is_another_spell() -> None:
    spells, _ = look({}, OPEN, 600.0)
    _, told = look(spells, replace(OPEN, started=OPEN.started + 1), 600.0)
    assert [type(one) for one in told] == [SessionUnattended]


def test_nobody_was_away_before_the_session_began() -> None:
    """Who logs in by a card or automatically touches no key, and is no minute away for that."""
    young = replace(OPEN, begun=95.0)
    assert idle_time(young, 10.0, 100.0) == Idle(5.0, IdleSource.INPUT_DEVICES)


def test_an_idle_time_nobody_can_tell_is_not_unattended() -> None:
    assert look({}, OPEN, None)[1] == []


@given(st.lists(st.tuples(st.floats(0, 5000), st.booleans(), st.booleans()), max_size=30))
def test_unattended_and_resumed_always_take_turns(looks: list[tuple[float, bool, bool]]) -> None:
    spells: Spells = {}
    told: list[Observation] = []
    for seconds, locked, active in looks:
        session = replace(OPEN, locked=locked, active=active)
        spells, new = look(spells, session, seconds)
        told += new
    kinds = [type(one) for one in told]
    turns = [SessionUnattended, SessionResumed] * len(kinds)
    assert kinds == turns[: len(kinds)]


# --- where an idle time comes from ----------------------------------------------------------------


def test_the_input_devices_are_believed_before_the_hint() -> None:
    hinted = replace(OPEN, idle_hint=True, idle_since=10.0)
    assert idle_time(hinted, 90.0, 100.0) == Idle(10.0, IdleSource.INPUT_DEVICES)


def test_the_hint_counts_where_no_device_can_be_heard() -> None:
    hinted = replace(OPEN, idle_hint=True, idle_since=40.0)
    assert idle_time(hinted, Gap.UNREADABLE, 100.0) == Idle(60.0, IdleSource.LOGIND_HINT)


def test_a_hint_that_was_never_given_proves_nothing() -> None:
    assert idle_time(OPEN, Gap.MISSING, 100.0) == Idle(None, IdleSource.NONE)


def test_the_devices_of_this_seat_say_nothing_of_another() -> None:
    elsewhere = replace(OPEN, seat="seat1")
    assert idle_time(elsewhere, 90.0, 100.0) == Idle(None, IdleSource.NONE)


# --- input devices --------------------------------------------------------------------------------


class Devices:
    """Pipes in place of input devices: what waits at one is what the kernel reports."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "input"
        self.sysfs = root / "class"
        self.folder.mkdir()

    def add(self, name: str, capabilities: str | None = None) -> Path:
        os.mkfifo(self.folder / name)
        if capabilities is not None:
            place = self.sysfs / name / "device/capabilities"
            place.mkdir(parents=True)
            (place / "ev").write_text(capabilities + "\n")
        return self.folder / name

    def clock(self) -> InputClock:
        return InputClock(self.folder, self.sysfs)


@pytest.fixture
def devices(tmp_path: Path) -> Devices:
    return Devices(tmp_path)


def touch(device: Path) -> None:
    """As a key press: a few bytes wait until somebody reads them."""
    with device.open("wb", buffering=0) as file:
        file.write(b"a key code that must never be read")


def test_the_first_look_counts_as_a_touch_and_time_runs_from_there(devices: Devices) -> None:
    devices.add("event0")
    clock = devices.clock()
    assert clock.look(100.0) == 100.0
    assert clock.look(160.0) == 100.0
    clock.close()


def test_a_touch_is_noticed_at_the_next_look_and_counted_once(devices: Devices) -> None:
    keyboard = devices.add("event0")
    devices.add("event1")
    clock = devices.clock()
    clock.look(100.0)
    touch(keyboard)
    assert clock.look(160.0) == 160.0
    assert clock.look(220.0) == 160.0
    touch(keyboard)
    assert clock.look(280.0) == 280.0
    clock.close()


def test_not_one_byte_is_read_from_a_device(
    devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard = devices.add("event0")
    clock = devices.clock()
    clock.look(100.0)
    touch(keyboard)

    def refused(*_: object) -> bytes:
        raise AssertionError("something read from an input device")

    monkeypatch.setattr(os, "read", refused)
    assert clock.look(160.0) == 160.0
    clock.close()


def test_a_sensor_or_a_lid_is_not_a_person(devices: Devices) -> None:
    devices.add("event0", "120013")
    lid = devices.add("event1", "21")
    clock = devices.clock()
    clock.look(100.0)
    with pytest.raises(OSError):
        os.open(lid, os.O_WRONLY | os.O_NONBLOCK)
    clock.close()


def test_a_device_that_comes_later_is_heard(devices: Devices) -> None:
    devices.add("event0")
    clock = devices.clock()
    clock.look(100.0)
    mouse = devices.add("event5")
    clock.look(110.0)
    touch(mouse)
    assert clock.look(120.0) == 120.0
    clock.close()


def test_without_a_device_the_clock_says_why(devices: Devices, tmp_path: Path) -> None:
    assert devices.clock().look(1.0) is Gap.MISSING
    (devices.folder / "event0").symlink_to(tmp_path / "nowhere")
    assert devices.clock().look(1.0) is Gap.UNREADABLE


def test_every_descriptor_is_given_back(devices: Devices) -> None:
    keyboard = devices.add("event0")
    before = len(os.listdir("/proc/self/fd"))
    clock = devices.clock()
    for i in range(5):
        clock.look(float(i))
        touch(keyboard)
    clock.close()
    assert len(os.listdir("/proc/self/fd")) == before


# --- a real bus -----------------------------------------------------------------------------------


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateBus]:
    with private_bus(tmp_path / "bus") as running:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", running.address)
        yield running


@pytest.fixture
def login1(bus: PrivateBus) -> Iterator[Login1]:
    with services(bus) as running:
        yield Login1(running)


@pytest.fixture
def desk(devices: Devices) -> Iterator[LogindDesk]:
    desk = LogindDesk(devices.clock())
    yield desk
    desk.close()


def test_a_session_is_read_from_logind(login1: Login1, desk: LogindDesk) -> None:
    login1.add("3")
    assert desk.sessions() == [OPEN]


def test_what_logind_says_of_a_session_is_told_apart(login1: Login1, desk: LogindDesk) -> None:
    login1.add("1", user="lightdm", Class="greeter")
    login1.add("2", Type="tty", Active=False)
    login1.add("3", Type="wayland", LockedHint=True)
    login1.add("4", Remote=True, seat="", Type="unspecified")
    login1.add("5", State="closing")
    greeter, text, locked, remote, closing = desk.sessions()
    assert not greeter.own
    assert (text.kind, text.active) == (SessionKind.TTY, False)
    assert (locked.kind, locked.locked) == (SessionKind.WAYLAND, True)
    assert (remote.kind, remote.remote) == (SessionKind.OTHER, True)
    assert not closing.active


def test_a_session_that_ends_between_two_questions_is_left_out(
    login1: Login1, desk: LogindDesk
) -> None:
    login1.add("2")
    login1.add("3")
    login1.end("2", still_listed=True)
    assert [session.id for session in desk.sessions()] == ["3"]


def test_a_bus_without_logind_is_a_desk_that_does_not_answer(
    bus: PrivateBus, desk: LogindDesk
) -> None:
    with pytest.raises(DeskError):
        desk.sessions()


@pytest.mark.parametrize(
    "address", ["unix:path=/nowhere/at/all", "tcp:host=x", "nonsense", "unix:"]
)
def test_a_bus_that_is_not_there_is_a_desk_that_does_not_answer(
    address: str, desk: LogindDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    with pytest.raises(DeskError):
        desk.sessions()


class Watching:
    """A collector at work, one look at a time, with clocks that only the test moves."""

    def __init__(self, desk: LogindDesk, limits: Limits = TEN, ask: float = 0.0) -> None:
        self.now = 1000.0
        self.collector = SessionCollector(
            desk,
            limits=limits,
            poll=0.0,
            ask=ask,
            now=lambda: AT,
            monotonic=lambda: self.now,
        )

    def look(self, seconds: float = 0.0) -> list[Observation]:
        self.now += seconds
        return list(self.collector._look())


@pytest.fixture
def watching(desk: LogindDesk) -> Callable[[], Watching]:
    return lambda: Watching(desk)


def test_a_screen_left_open_is_told_by_the_input_devices(
    login1: Login1, devices: Devices, watching: Callable[[], Watching]
) -> None:
    login1.add("3")
    keyboard = devices.add("event0")
    work = watching()
    assert work.look() == []
    assert work.look(599) == []
    (left,) = work.look(1)
    assert isinstance(left, SessionUnattended) and left.source is IdleSource.INPUT_DEVICES
    assert work.look(60) == []
    touch(keyboard)
    (back,) = work.look(5)
    assert isinstance(back, SessionResumed) and back.facts()["away-minutes"] == 11


def test_a_screen_left_open_is_told_by_the_hint_where_no_device_can_be_heard(
    login1: Login1, watching: Callable[[], Watching]
) -> None:
    session = login1.add("3")
    work = watching()
    (lost,) = work.look()
    assert isinstance(lost, CoverageLost)
    assert (lost.what, lost.gap) == ("session-input", Gap.MISSING)
    session |= {"IdleHint": True, "IdleSinceHintMonotonic": 1_000_000_000}
    (left,) = work.look(600)
    assert isinstance(left, SessionUnattended) and left.source is IdleSource.LOGIND_HINT
    session |= {"IdleHint": False}
    assert [type(one) for one in work.look(5)] == [SessionResumed]


def test_devices_that_can_be_heard_again_are_said_to_be(
    login1: Login1, devices: Devices, watching: Callable[[], Watching]
) -> None:
    login1.add("3")
    work = watching()
    assert [type(one) for one in work.look()] == [CoverageLost]
    devices.add("event0")
    assert [type(one) for one in work.look(5)] == [CoverageRestored]


def test_a_machine_nobody_sits_at_needs_no_input_devices(
    login1: Login1, watching: Callable[[], Watching]
) -> None:
    login1.add("3", Type="tty", Remote=True, seat="")
    assert watching().look() == []


def test_a_bus_that_dies_is_said_once_and_its_return_too(
    bus: PrivateBus, devices: Devices, watching: Callable[[], Watching]
) -> None:
    devices.add("event0")
    work = watching()
    with ExitStack() as first:
        Login1(first.enter_context(services(bus))).add("3")
        assert work.look() == []
        bus.stop()
        (lost,) = work.look(5)
    assert isinstance(lost, CoverageLost) and (lost.what, lost.gap) == ("session", Gap.MISSING)
    assert work.look(5) == []
    bus.start()
    with services(bus) as running:
        Login1(running).add("3")
        (restored,) = work.look(5)
        assert isinstance(restored, CoverageRestored) and restored.what == "session"


def test_the_collector_ends_soon_after_it_is_told_to(login1: Login1, desk: LogindDesk) -> None:
    stop = threading.Event()
    collector = SessionCollector(desk, limits=TEN, poll=60.0)
    thread = threading.Thread(target=lambda: list(collector.observe(stop)))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_the_settings_make_a_collector_and_nonsense_is_refused(tmp_path: Path) -> None:
    usual = {name: setting.default for name, setting in SETTINGS.items()}
    for profile, minutes in PROFILES.items():
        made = make({**usual, "profile": profile, "state": tmp_path})
        assert made.limits == Limits(minutes=minutes, warning_seconds=30, kept_open_minutes=60)
    assert make({**usual, "profile": "care", "limit_minutes": 7}).limits.minutes == 7
    wrong: dict[str, int | str]
    for wrong in (
        {"limit_minutes": -1},
        {"limit_minutes": 16},
        {"poll_seconds": 0},
        {"profile": "holiday"},
        {"warning_seconds": 121},
        {"limit_minutes": 1, "warning_seconds": 60},
        {"kept_open_minutes": 241},
    ):
        with pytest.raises(CollectorError):
            make({**usual, **wrong})


# --- the warning, and what keeps a screen open ----------------------------------------------------

WARNED = Limits(minutes=10, warning_seconds=30, kept_open_minutes=60)


def test_the_countdown_begins_with_the_warning_and_a_touch_ends_it(
    login1: Login1, devices: Devices, desk: LogindDesk
) -> None:
    login1.add("3")
    keyboard = devices.add("event0")
    work = Watching(desk, WARNED)
    work.look()
    assert work.look(569) == [] and work.collector.lock_in() is None
    assert work.look(1) == [] and work.collector.lock_in() == 30
    assert work.look(29) == [] and work.collector.lock_in() == 1
    touch(keyboard)
    assert work.look(0.9) == [] and work.collector.lock_in() is None
    assert work.look(0.1) == []


def test_a_screen_that_is_locked_or_was_told_of_counts_no_seconds(
    login1: Login1, devices: Devices, desk: LogindDesk
) -> None:
    session = login1.add("3")
    devices.add("event0")
    work = Watching(desk, WARNED)
    work.look()
    assert len(work.look(600)) == 1 and work.collector.lock_in() is None
    session["LockedHint"] = True
    work.look(5)
    assert work.collector.lock_in() is None


@pytest.mark.parametrize(
    ("what", "mode", "uid", "keeps"),
    [
        ("idle", "block", 1000, True),
        ("sleep:idle", "block", 1000, True),
        ("sleep", "block", 1000, False),
        ("idle", "delay", 1000, False),
        ("idle", "block", 1001, False),
    ],
)
def test_a_presentation_keeps_the_screen_open_and_no_longer_than_the_cap(
    login1: Login1, devices: Devices, desk: LogindDesk, what: str, mode: str, uid: int, keeps: bool
) -> None:
    login1.add("3")
    devices.add("event0")
    login1.manager.inhibitors = [[what, "impress", "a slide show", mode, uid, 77]]
    work = Watching(desk, WARNED)
    work.look()
    told = work.look(600)
    if not keeps:
        assert [one.facts()["kept-open"] for one in told] == [False]
        return
    assert told == [] and work.collector.lock_in() is None
    assert work.look(3599) == [] and work.collector.lock_in() == 1
    (left,) = work.look(1)
    assert left.facts()["kept-open"] is True and left.facts()["idle-minutes"] == 70


def test_a_presentation_that_ends_leaves_the_screen_unattended_at_once(
    login1: Login1, devices: Devices, desk: LogindDesk
) -> None:
    login1.add("3")
    devices.add("event0")
    login1.manager.inhibitors = [["idle", "impress", "a slide show", "block", 1000, 77]]
    work = Watching(desk, WARNED)
    work.look()
    assert work.look(1200) == []
    login1.manager.inhibitors = []
    (left,) = work.look(5)
    assert left.facts()["kept-open"] is False


def test_while_somebody_works_logind_is_asked_once_a_minute(
    login1: Login1, devices: Devices, desk: LogindDesk
) -> None:
    login1.add("3")
    keyboard = devices.add("event0")
    work = Watching(desk, WARNED, ask=60.0)
    work.look()
    for _ in range(60):
        touch(keyboard)
        work.look(5)
    assert 4 <= login1.manager.asked <= 6
    (left,) = [one for _ in range(120) for one in work.look(5)]
    assert isinstance(left, SessionUnattended)

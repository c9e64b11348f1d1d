# ruff: noqa: F821  (on a bus, an annotation is a signature)
"""What happens in the person's own session, on a real X server and real message buses."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, signal
from Xlib import X, Xatom
from Xlib.display import Display

from enforcement.in_session import desktop, hint, units, x11
from enforcement.in_session.screen import Screen
from tests.buses import PrivateBus, Services, private_bus, services
from tests.displays import x_server

WORDS = b"look\nidle\nlocker\nrm -rf\nlook\n"
SESSION = "/org/freedesktop/login1/session/_35"


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with x_server() as name:
        monkeypatch.setenv("DISPLAY", name)
        yield name


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateBus]:
    """One bus that is both the system's and the person's."""
    with private_bus(tmp_path / "bus") as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        yield bus


@pytest.fixture
def running(bus: PrivateBus) -> Iterator[Services]:
    with services(bus) as running:
        yield running


class Manager(ServiceInterface):
    """org.freedesktop.login1.Manager, which knows one session, called 5."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.Manager")

    @dbus_method()
    def GetSession(self, name: "s") -> "o":
        return SESSION


class Session(ServiceInterface):
    """org.freedesktop.login1.Session: hears the hint, passes the wish to unlock on."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.Session")
        self.hints: list[bool] = []
        self.told_by_locker = False

    @dbus_property(access=PropertyAccess.READ)
    def LockedHint(self) -> "b":
        return self.told_by_locker

    @dbus_method()
    def SetLockedHint(self, locked: "b") -> None:
        self.hints.append(locked)

    @signal()
    def Unlock(self) -> None:
        return None


class Seat(ServiceInterface):
    """org.freedesktop.DisplayManager.Seat; counts how often the login screen was asked for."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.DisplayManager.Seat")
        self.asked = 0

    @dbus_method()
    def SwitchToGreeter(self) -> None:
        self.asked += 1


@pytest.fixture
def session(running: Services) -> Session:
    session = Session()
    objects: dict[str, ServiceInterface] = {"/org/freedesktop/login1": Manager(), SESSION: session}
    running.offer("org.freedesktop.login1", objects)
    return session


@pytest.fixture
def seat(running: Services) -> Seat:
    seat = Seat()
    objects: dict[str, ServiceInterface] = {"/org/freedesktop/DisplayManager/Seat0": seat}
    running.offer("org.freedesktop.DisplayManager", objects)
    return seat


@contextlib.contextmanager
def module(name: str) -> Iterator["subprocess.Popen[bytes]"]:
    """One of the programs that the person's service manager starts."""
    command = [sys.executable, "-P", "-m", f"enforcement.in_session.{name}", "5"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def within(seconds: float, so: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not so():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def window(on: Display, **more: Any) -> Any:
    """A window of this process over the whole screen."""
    root = on.screen().root
    made = root.create_window(
        0, 0, 640, 200, 0, on.screen().root_depth, override_redirect=True, **more
    )
    made.map()
    on.sync()
    return made


def call_oneself(name: str) -> None:
    Path("/proc/self/comm").write_text(name, "ascii")


@pytest.fixture
def named_as_a_locker(request: pytest.FixtureRequest) -> Iterator[str]:
    before = Path("/proc/self/comm").read_text("ascii")
    name = getattr(request, "param", "i3lock")
    call_oneself(name)
    yield name
    call_oneself(before.strip())


def hold_keyboard(on: Display) -> None:
    held = (X.GrabModeAsync, X.GrabModeAsync)
    assert on.screen().root.grab_keyboard(False, *held, X.CurrentTime) == X.GrabSuccess


def test_an_open_screen_is_not_covered(display: str) -> None:
    assert not x11.covered(display)


@pytest.mark.usefixtures("named_as_a_locker")
def test_a_lockers_window_that_holds_the_keyboard_covers(display: str) -> None:
    with contextlib.closing(Display(display)) as on:
        window(on)
        assert not x11.covered(display)
        hold_keyboard(on)
        assert x11.covered(display)


@pytest.mark.parametrize(
    ("named_as_a_locker", "surely"),
    [("i3lock", True), ("xscreensaver-gf", False), ("mate-screensave", False)],
    indirect=["named_as_a_locker"],
)
def test_a_screen_saver_that_nobody_told_to_lock_may_only_have_blanked_the_screen(
    display: str, named_as_a_locker: str, surely: bool
) -> None:
    with contextlib.closing(Display(display)) as on:
        window(on)
        hold_keyboard(on)
        assert x11.covered(display) is (named_as_a_locker != "xscreensaver-gf")
        assert x11.covered(display, x11.ALWAYS) is surely


@pytest.mark.parametrize("named_as_a_locker", ["xscreensaver-gf"], indirect=True)
@pytest.mark.parametrize(("says", "locks"), [("LOCK", True), ("BLANK", False)])
def test_xscreensaver_is_believed_that_it_only_blanks(
    display: str, named_as_a_locker: str, says: str, locks: bool
) -> None:
    with contextlib.closing(Display(display)) as on:
        window(on)
        hold_keyboard(on)
        status, word = on.get_atom("_SCREENSAVER_STATUS"), on.get_atom(says)
        on.screen().root.change_property(status, Xatom.INTEGER, 32, [word, 1_700_000_000, 0])
        on.sync()
        assert x11.covered(display) is locks


def test_the_window_of_anybody_else_covers_nothing(display: str) -> None:
    with contextlib.closing(Display(display)) as on:
        window(on)
        hold_keyboard(on)
        assert not x11.covered(display)


@pytest.mark.parametrize(
    ("width", "loose", "covers"),
    [(120, True, True), (120, False, False), (300, True, False), (640, True, False)],
)
def test_a_notification_may_float_above_the_locker_and_nothing_else(
    display: str, monkeypatch: Any, width: int, loose: bool, covers: bool
) -> None:
    with contextlib.closing(Display(display)) as on:
        window(on)
        hold_keyboard(on)
        names = iter(["dunst", "i3lock"])
        monkeypatch.setattr(x11, "_process", lambda *_: next(names))
        root, depth = on.screen().root, on.screen().root_depth
        root.create_window(10, 10, width, 90, 0, depth, override_redirect=loose).map()
        on.sync()
        assert x11.covered(display) is covers


@pytest.mark.usefixtures("named_as_a_locker")
def test_half_a_screen_is_an_open_screen(display: str) -> None:
    with contextlib.closing(Display(display)) as on:
        window(on).configure(width=320)
        hold_keyboard(on)
        assert not x11.covered(display)


def test_asking_for_the_keyboard_does_not_keep_it(display: str, named_as_a_locker: None) -> None:
    with contextlib.closing(Display(display)) as on:
        window(on)
        assert not x11.covered(display)
        hold_keyboard(on)


def test_the_x_server_counts_the_idle_time(display: str) -> None:
    time.sleep(1.2)
    assert 1 <= x11.idle(display) < 60
    with contextlib.closing(Display(display)) as on:
        on.xtest_fake_input(X.KeyPress, 50)
        on.xtest_fake_input(X.KeyRelease, 50)
        on.sync()
    assert x11.idle(display) == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of python-xlib
@pytest.mark.parametrize("name", [":4711", "localhost:0", "nonsense", ""])
def test_a_screen_that_is_not_there_is_no_screen(name: str) -> None:
    with pytest.raises(x11.NoScreen):
        x11.covered(name)


def test_our_own_cover_hides_the_screen_until_the_person_has_logged_in(
    display: str, session: Session, seat: Seat
) -> None:
    with module("cover") as cover:
        assert within(20, lambda: x11.covered(display))
        with contextlib.closing(Display(display)) as on:
            window(on)  # a notification, say
            assert within(10, lambda: x11.covered(display))
        assert cover.poll() is None
        session.Unlock()
        assert cover.wait(20) == 0
    assert not x11.covered(display)


def test_somebody_else_who_says_unlock_opens_nothing(
    display: str, session: Session, seat: Seat, bus: PrivateBus
) -> None:
    with module("cover") as cover:
        assert within(20, lambda: x11.covered(display))
        names = [name for name in listed(bus) if name.startswith(":")]
        for name in names:
            said = ["dbus-send", f"--bus={bus.address}", "--type=signal", f"--dest={name}"]
            subprocess.run(
                [*said, SESSION, "org.freedesktop.login1.Session.Unlock"], check=True, timeout=20
            )
        time.sleep(2)
        assert cover.poll() is None
        session.Unlock()
        assert cover.wait(20) == 0


def listed(bus: PrivateBus) -> list[str]:
    """Who is on the bus."""
    asked = ["dbus-send", f"--bus={bus.address}", "--print-reply=literal", "--type=method_call"]
    where = ["--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.ListNames"]
    done = subprocess.run([*asked, *where], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.split()


def test_a_key_on_the_cover_leads_to_the_login_screen(
    display: str, session: Session, seat: Seat
) -> None:
    with module("cover"):
        assert within(20, lambda: x11.covered(display))
        assert seat.asked == 0
        with contextlib.closing(Display(display)) as on:
            on.xtest_fake_input(X.KeyPress, 38)
            on.xtest_fake_input(X.KeyRelease, 38)
            on.sync()
        assert within(10, lambda: seat.asked >= 1)


def test_logind_is_told_for_as_long_as_the_screen_is_covered(
    display: str, session: Session, seat: Seat, tmp_path: Path, monkeypatch: Any
) -> None:
    here = in_scope(tmp_path, os.getpid(), {"DISPLAY": display})
    assert Screen("5", here).environment() == {"DISPLAY": display}
    with module("cover") as cover:
        assert within(20, lambda: x11.covered(display))
        told = kept(here, monkeypatch)
        assert within(10, lambda: session.hints == [True])
        time.sleep(2.5)
        assert session.hints == [True]
        cover.kill()
        assert within(10, lambda: session.hints == [True, False])
        told.join(10)


def test_a_locker_that_tells_logind_itself_is_left_to_it(
    display: str, session: Session, tmp_path: Path, monkeypatch: Any
) -> None:
    session.told_by_locker = True
    told = kept(in_scope(tmp_path, os.getpid(), {"DISPLAY": display}), monkeypatch)
    told.join(10)
    assert not told.is_alive()
    assert session.hints == []


def kept(proc: Path, monkeypatch: Any) -> threading.Thread:
    """The keeper of the hint, in a thread, with a table of processes of the test's own."""
    monkeypatch.setattr(hint, "Screen", lambda session: Screen(session, proc))
    thread = threading.Thread(target=hint.keep, args=("5",))
    thread.start()
    return thread


def in_scope(folder: Path, pid: int, environment: dict[str, str], scope: str = "5") -> Path:
    """A table of processes in which one belongs to a session."""
    process = folder / "proc" / str(pid)
    process.mkdir(parents=True)
    group = f"0::/user.slice/user-{os.getuid()}.slice/session-{scope}.scope\n"
    (process / "cgroup").write_text(group, "ascii")
    told = "\0".join(f"{name}={value}" for name, value in environment.items())
    (process / "environ").write_text(told + "\0", "utf-8")
    return folder / "proc"


def test_the_screen_is_that_of_the_session_and_of_no_other(tmp_path: Path) -> None:
    in_scope(tmp_path, 10, {"DISPLAY": ":9"}, scope="55")
    proc = in_scope(tmp_path, 11, {"DISPLAY": ":1", "HOME": "/nowhere"})
    assert Screen("5", proc).environment() == {"DISPLAY": ":1"}
    assert Screen("6", proc).environment() == {}
    assert not Screen("6", proc).covered()


@pytest.mark.parametrize(("name", "obeys"), [("xss-lock", True), ("xterm", False)])
def test_what_obeys_logind_is_known_by_its_name(tmp_path: Path, name: str, obeys: bool) -> None:
    proc = in_scope(tmp_path, 9, {})
    (proc / "9/comm").write_text(f"{name}\n", "ascii")
    assert Screen("5", proc).listened() is obeys


class Saver(ServiceInterface):
    """A desktop's screen saver."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asked = 0

    @dbus_method()
    def Lock(self) -> None:
        self.asked += 1


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name, path, takes in desktop.SAVERS if not takes]
)
def test_each_desktops_screen_saver_is_asked(running: Services, name: str, path: str) -> None:
    saver = Saver(name)
    assert not desktop.asked()
    running.offer(name, {path: saver})
    assert desktop.asked()
    assert saver.asked == 1


class Systemd(ServiceInterface):
    """The person's service manager; keeps what it was asked to start."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.systemd1.Manager")
        self.started: list[tuple[str, dict[str, Any]]] = []

    @dbus_method()
    def StartTransientUnit(
        self,
        name: "s",
        mode: "s",
        properties: "a(sv)",
        more: "a(sa(sv))",
    ) -> "o":
        self.started.append((name, {key: value.value for key, value in properties}))
        return "/org/freedesktop/systemd1/job/1"


@pytest.fixture
def systemd(running: Services) -> Systemd:
    systemd = Systemd()
    running.offer("org.freedesktop.systemd1", {"/org/freedesktop/systemd1": systemd})
    return systemd


def test_a_locker_is_started_by_the_persons_own_manager(
    systemd: Systemd, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(units, "ON_X11", (("/nowhere/xsecurelock",), ("/bin/sh", "-c", "true")))
    screen = Screen("5", in_scope(tmp_path, 7, {"DISPLAY": ":1", "XAUTHORITY": "/x"}))
    assert units.start_locker(screen)
    ((name, told),) = systemd.started
    assert name == units.LOCKER
    assert told["ExecStart"] == [("/bin/sh", ["/bin/sh", "-c", "true"], False)]
    assert told["Environment"] == ["DISPLAY=:1", "XAUTHORITY=/x", "XSECURELOCK_NO_COMPOSITE=1"]
    assert told["Type"] == "exec"


def test_xscreensaver_is_told_itself_where_it_runs(
    systemd: Systemd, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(units, "XSCREENSAVER", ("/bin/sh", "--lock"))
    proc = in_scope(tmp_path, 7, {"DISPLAY": ":1"})
    (proc / "7/comm").write_text("xscreensaver\n", "ascii")
    assert units.start_locker(Screen("5", proc))
    assert systemd.started[0][1]["ExecStart"] == [("/bin/sh", ["/bin/sh", "--lock"], False)]


def test_without_a_locker_or_a_screen_there_is_nobody_to_ask(
    systemd: Systemd, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(units, "ON_X11", (("/nowhere/xsecurelock",),))
    screen = Screen("5", in_scope(tmp_path, 7, {"DISPLAY": ":1"}))
    assert not units.start_locker(screen)
    assert not units.start_cover(Screen("6", tmp_path))
    wayland = Screen("7", in_scope(tmp_path, 8, {"WAYLAND_DISPLAY": "wayland-1"}, scope="7"))
    assert not units.start_cover(wayland)
    assert systemd.started == []


def test_the_process_answers_words_and_ends_at_anything_else(display: str) -> None:
    command = [sys.executable, "-P", "-m", "enforcement.in_session", "no-such-session"]
    done = subprocess.run(
        command,
        input=b"look\nidle\nlocker\nrm -rf\nlook\n",
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == b"open\nnone\nnobody\n"

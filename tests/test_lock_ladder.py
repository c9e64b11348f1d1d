# ruff: noqa: F821  (on a bus, an annotation is a signature)
"""The ladder: who is asked after whom, on a real bus, with a person's screen that stands in.

The screen is played by a real process that answers words as the real one does, so that what root
makes of slow, silent and foul answers is tried as well.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from enforcement import lock_person_linux, lock_session, lock_session_linux
from enforcement.base import Attempt, EnforcementError, Reason, Result
from enforcement.lock_person_linux import Person
from enforcement.lock_steps import LockProof, Step
from tests.buses import private_bus, services

STARTED = 1_700_000_000_000_000
LOGIN1 = "org.freedesktop.login1"
OPEN, GREETER = f"/{LOGIN1.replace('.', '/')}/session/_35", "/org/freedesktop/login1/session/c1"
SEAT = "/org/freedesktop/login1/seat/seat0"
PLAYER = """
import os, sys
rules = dict(rule.split("=") for rule in sys.argv[1].split(","))
for line in sys.stdin:
    word = line.strip()
    with open(sys.argv[2], "a") as log:
        log.write(word + chr(10))
    said = open(sys.argv[2]).read().split()
    needed = rules.get("cover-after", "never")
    if word in ("look", "before"):
        hidden = needed in said and "uncover" not in said and word == "look"
        print("covered" if hidden or needed == "before" else "open", flush=True)
    else:
        print(rules.get(word, "nobody"), flush=True)
"""


class Session(ServiceInterface):
    """org.freedesktop.login1.Session; nothing hears its wish to lock."""

    def __init__(self, kind="user"):
        super().__init__(f"{LOGIN1}.Session")
        self.kind, self.active = kind, True

    @dbus_method()
    def Lock(self):
        return

    @dbus_property(access=PropertyAccess.READ)
    def LockedHint(self) -> "b":
        return False

    @dbus_property(access=PropertyAccess.READ)
    def Class(self) -> "s":
        return self.kind

    @dbus_property(access=PropertyAccess.READ)
    def User(self) -> "(uo)":
        return [os.getuid(), "/org/freedesktop/login1/user/self"]

    @dbus_property(access=PropertyAccess.READ)
    def Active(self) -> "b":
        return self.active

    @dbus_property(access=PropertyAccess.READ)
    def Seat(self) -> "(so)":
        return ["seat0", SEAT]

    @dbus_property(access=PropertyAccess.READ)
    def Timestamp(self) -> "t":
        return STARTED


class Manager(ServiceInterface):
    """org.freedesktop.login1.Manager."""

    def __init__(self):
        super().__init__(f"{LOGIN1}.Manager")

    @dbus_method()
    def GetSession(self, name: "s") -> "o":
        return OPEN

    @dbus_method()
    def GetSeat(self, name: "s") -> "o":
        return SEAT


class Seat(ServiceInterface):
    """org.freedesktop.login1.Seat; ``front`` is the session that can be seen."""

    def __init__(self):
        super().__init__(f"{LOGIN1}.Seat")
        self.front = ["5", OPEN]

    @dbus_property(access=PropertyAccess.READ)
    def ActiveSession(self) -> "(so)":
        return self.front


class Displays(ServiceInterface):
    """org.freedesktop.DisplayManager.Seat; puts its login screen in front after a moment."""

    def __init__(self, session, seat):
        super().__init__("org.freedesktop.DisplayManager.Seat")
        self.session, self.seat = session, seat

    @dbus_method()
    def SwitchToGreeter(self):
        threading.Timer(0.3, self._switch).start()

    def _switch(self):
        self.session.active, self.seat.front = False, ["c1", GREETER]


@pytest.fixture
def running(tmp_path, monkeypatch):
    with private_bus(tmp_path / "bus") as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        with services(bus) as running:
            yield running


@pytest.fixture
def seated(running):
    """A session in front on a seat with a display manager."""
    session, seat = Session(), Seat()
    objects = {"/org/freedesktop/login1": Manager(), OPEN: session, SEAT: seat}
    running.offer(LOGIN1, objects | {GREETER: Session("greeter")})
    return running, session, seat


def with_displays(seated):
    running, session, seat = seated
    at = "/org/freedesktop/DisplayManager/Seat0"
    running.offer("org.freedesktop.DisplayManager", {at: Displays(session, seat)})


@pytest.fixture
def screen(tmp_path, monkeypatch):
    """How the person's screen behaves; afterwards, what it was told."""
    log = tmp_path / "words"
    log.touch()

    def behaves(**rules):
        told = ",".join(f"{name.replace('_', '-')}={value}" for name, value in rules.items())
        monkeypatch.setattr(lock_person_linux, "_started", lambda *_: played(told or "x=x", log))
        return log

    return behaves


def played(rules, log):
    command = [sys.executable, "-c", PLAYER, rules, str(log)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


def lock(patience=0.8):
    action = lock_session.LockSession(seconds=dict.fromkeys(Step, patience))
    return action.apply(Attempt(id="a", subject="5", proof={"started": STARTED}))


@pytest.mark.usefixtures("seated")
@pytest.mark.parametrize(
    ("asked", "tried"),
    [
        ({"desktop": "asked"}, (Step.LOGIND, Step.DESKTOP)),
        ({"locker": "asked"}, (Step.LOGIND, Step.LOCKER)),
        ({"desktop": "nobody", "locker": "asked"}, (Step.LOGIND, Step.LOCKER)),
    ],
)
def test_the_next_is_asked_when_the_one_before_does_not_lock(screen, asked, tried):
    log = screen(**asked, cover_after=tried[-1].value, hint="asked")
    outcome = lock()
    assert (outcome.result, outcome.tried, outcome.proof) == (Result.DONE, tried, LockProof.COVER)
    assert log.read_text().split()[-1] == "hint"


@pytest.mark.usefixtures("seated")
def test_a_screen_that_is_covered_already_is_not_locked_again(screen):
    log = screen(cover_after="before", hint="asked")
    outcome = lock()
    assert (outcome.result, outcome.tried, outcome.proof) == (Result.ALREADY, (), LockProof.COVER)
    assert log.read_text().split() == ["before", "hint"]


def test_at_last_the_screen_is_covered_and_the_login_screen_comes(seated, screen):
    with_displays(seated)
    log = screen(cover="asked", cover_after="cover")
    outcome = lock(patience=3)
    assert outcome.result is Result.DONE
    assert outcome.tried == (Step.LOGIND, Step.GREETER)
    assert outcome.proof is LockProof.GREETER
    assert "uncover" not in log.read_text()


@pytest.mark.usefixtures("seated")
def test_a_cover_without_a_login_screen_is_taken_away(screen):
    log = screen(cover="asked", cover_after="cover", uncover="asked")
    with pytest.raises(EnforcementError) as error:
        lock()
    assert error.value.reason is Reason.NOT_CONFIRMED
    assert error.value.tried == (Step.LOGIND,)
    assert log.read_text().split()[-1] == "uncover"


def test_a_login_screen_that_never_comes_leaves_a_screen_that_is_covered(seated, screen):
    with_displays(seated)
    seated[2].front = ["", "/"]
    screen(cover="asked", cover_after="cover")
    assert lock(patience=0.2).proof is LockProof.COVER


def test_a_locker_that_is_slow_is_waited_for_and_not_covered(seated, screen):
    with_displays(seated)
    log = screen(locker="asked", runs="asked", cover="asked")
    with pytest.raises(EnforcementError) as error:
        lock()
    assert error.value.tried == (Step.LOGIND, Step.LOCKER)
    assert "cover" not in log.read_text().split()


@pytest.mark.usefixtures("seated")
def test_what_obeys_logind_slowly_is_given_time_before_another_is_asked(screen):
    log = screen(listens="asked", locker="asked", cover_after="listens")
    assert lock(patience=0.1).tried == (Step.LOGIND,)
    assert "locker" not in log.read_text()


@pytest.mark.usefixtures("seated")
def test_without_anybody_to_ask_the_failure_names_what_was_tried(screen):
    screen()
    with pytest.raises(EnforcementError, match="no lock could be seen; tried logind") as error:
        lock()
    assert error.value.tried == (Step.LOGIND,)


def person(code):
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    return Person(child)


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit",
        "print('covered' * 1000, flush=True); import time; time.sleep(60)",
        "import os; os.write(1, b'covered\\xff\\xfe covere\\n'); import time; time.sleep(60)",
        "print(flush=True); import time; time.sleep(60)",
    ],
)
def test_foul_answers_count_as_nothing_seen(code):
    who = person(code)
    assert not who.sees_cover()
    who.end()


@pytest.mark.parametrize("answer", ["-5", "1e9", "9" * 40, "", "none", "5 covered", "٣"])
def test_a_foul_idle_time_is_none(answer):
    who = person(f"print({answer!r}, flush=True); import time; time.sleep(60)")
    assert who.idle() is None
    who.end()


def test_a_silent_process_costs_a_few_seconds_and_is_ended(monkeypatch):
    monkeypatch.setattr(lock_person_linux, "_ANSWER", 0.5)
    who = person("import time; time.sleep(60)")
    begun = time.monotonic()
    assert not who.sees_cover()
    assert not who.does("desktop")
    assert time.monotonic() - begun < 10
    assert who._child is None


def test_a_process_that_is_slow_to_start_is_asked_again_and_answers_in_order():
    code = (
        "import sys, time; time.sleep(1.5)\n"
        "for line in sys.stdin: print('covered' if line == 'before\\n' else 'asked', flush=True)"
    )
    who = person(code)
    assert not who.was_covered()
    assert not who.sees_cover()  # the late answer was to the word before
    assert who.does("desktop")
    assert who.was_covered()
    who.end()


def test_an_account_that_is_not_there_has_no_screen():
    with lock_session_linux.person(4_000_000_000, "5") as who:
        assert not who.sees_cover()
        assert who.idle() is None


@pytest.mark.root
def test_what_happens_on_a_persons_screen_happens_with_their_rights():
    with lock_session_linux.person(65534, "no-such-session") as who:
        who.sees_cover()
        if who._child is None:
            pytest.skip("needs an interpreter that everybody may read")
        status = Path(f"/proc/{who._child.pid}/status").read_text("ascii")
    assert "Uid:\t65534\t65534\t65534\t65534" in status
    assert "CapEff:\t0000000000000000" in status
    assert "Groups:\t \n" in status

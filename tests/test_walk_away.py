"""I walk away: a person's own screen is locked now, and it is said whether it is."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agent import cli, control
from agent.control_server import Caller, ControlServer, Refused
from agent.daemon import Daemon
from agent.guard import Held
from agent.journal import Journal
from agent.own import SessionLeft
from agent.policy import Mode, Policy, Rule
from agent.tray.entries import Begun
from agent.tray.view import offered
from agent.walk_away import WalkAway
from collectors.base import utc_now
from collectors.session_state import DeskError, Session, SessionKind
from enforcement.base import EnforcementError, Reason
from tests.test_answers import answers, journal  # noqa: F401 (a fixture)
from tests.test_daemon import Scripted, build
from tests.test_session import OPEN

ME = Caller(uid=1000, pid=1)


class Sessions:
    """A desk with the sessions of the test."""

    def __init__(self, *sessions: Session, fails: bool = False) -> None:
        self.given, self.fails, self.closed = sessions, fails, False

    def sessions(self) -> Sequence[Session]:
        if self.fails:
            raise DeskError("no logind")
        return self.given

    def touched_at(self, now: float) -> float:
        return now

    def kept_open(self) -> frozenset[int]:
        return frozenset()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def locker() -> Scripted:
    return Scripted(name="lock-session")


@pytest.fixture
def daemon(journal: Journal, locker: Scripted) -> Daemon:  # noqa: F811
    return build(journal, locker)


def walk(daemon: Daemon, desk: Sessions) -> WalkAway:
    return WalkAway(
        desk=lambda: desk, record=daemon.record, told=lambda: daemon.messages, now=utc_now
    )


def test_the_screen_of_whoever_asks_is_locked(daemon: Daemon, locker: Scripted) -> None:
    theirs = replace(OPEN, id="4", uid=1001, user="b")
    mine = replace(OPEN, id="5", uid=1000)
    desk = Sessions(theirs, replace(OPEN, id="6", kind=SessionKind.TTY), mine)
    assert walk(daemon, desk).take(ME) == {"locked": True, "why": "none"}
    (attempt,) = locker.asked
    assert (attempt.subject, attempt.proof) == ("5", {"started": OPEN.started})
    assert desk.closed


def test_it_is_no_measure_and_waits_for_no_notice(daemon: Daemon, locker: Scripted) -> None:
    """Also in report mode, also with a rule of the policy that only reports it."""
    daemon.guard = replace(daemon.guard, notice=None)
    assert daemon.guard.hold("lock-session", 0, utc_now()) is Held.NO_NOTICE
    rule = Rule(name="no", kind="session-left", action="report")
    daemon.policy = Policy(mode=Mode.REPORT, rules=(rule,))
    assert walk(daemon, Sessions(OPEN)).take(ME)["locked"] is True
    assert len(locker.asked) == 1


def test_a_locker_that_does_not_obey_is_said(daemon: Daemon, locker: Scripted) -> None:
    locker.answer = EnforcementError(Reason.NOT_CONFIRMED, "no locker showed")
    assert walk(daemon, Sessions(OPEN)).take(ME) == {"locked": False, "why": "not-confirmed"}


@pytest.mark.parametrize(
    "desk",
    [
        Sessions(),
        Sessions(fails=True),
        Sessions(replace(OPEN, uid=1001)),
        Sessions(replace(OPEN, remote=True)),
    ],
)
def test_whoever_has_no_screen_here_is_told_so(
    daemon: Daemon, locker: Scripted, desk: Sessions
) -> None:
    with pytest.raises(Refused):
        walk(daemon, desk).take(ME)
    assert not locker.asked and desk.closed


def test_what_leaves_the_laptop_names_nobody() -> None:
    left = SessionLeft(
        observed_at=utc_now(), subject="5", user="a", session=SessionKind.X11, started=1
    )
    assert left.facts() == {"session": SessionKind.X11}
    assert left.details() == {"user": "a"}


def begun(socket: Path, shown: list[str]) -> Begun:
    """The icon's entries, at an agent's socket; what they tell is noted."""
    return Begun(socket, lambda notice: shown.append(notice.text), lambda: "en", lambda: "")


@pytest.mark.parametrize(("reason", "code"), [(None, 0), (Reason.NOT_CONFIRMED, 1)])
def test_the_command_and_the_tray_ask_the_agent(
    daemon: Daemon,
    locker: Scripted,
    journal: Journal,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    reason: Reason | None,
    code: int,
) -> None:
    if reason:
        locker.answer = EnforcementError(reason)
    mine = replace(OPEN, uid=os.geteuid())
    asked = answers(journal, tmp_path, daemon=daemon, away=walk(daemon, Sessions(mine)))
    socket = tmp_path / "control"
    server = ControlServer(socket, asked.table(), asked.allowed)
    server.start()
    shown: list[str] = []
    try:
        assert cli.main(["lock", "--socket", str(socket)]) == code
        begun(socket, shown).walk_away()
    finally:
        server.close()
    assert ("not locked" in capsys.readouterr().err) is bool(code)
    assert len(shown) == code


def test_the_menu_always_offers_it_and_says_so_without_an_agent(tmp_path: Path) -> None:
    assert "tray-walk-away" in offered(frozenset())
    shown: list[str] = []
    begun(tmp_path / "nobody", shown).walk_away()
    assert len(shown) == 1
    with pytest.raises(control.ControlError):
        control.ask(tmp_path / "nobody", "walk-away")

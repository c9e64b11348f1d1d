"""The countdown: the tray is told how long only where a lock would really follow."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.control_server import Caller
from agent.countdown import lock_in
from agent.daemon import Daemon
from agent.journal import Journal
from agent.notice import Notice
from agent.policy import Mode, Policy, Rule
from agent.tray.view import lock_notice
from collectors.base import utc_now
from collectors.session import SessionCollector
from collectors.session_spells import Limits
from collectors.session_state import Session
from tests.test_answers import answers, journal  # noqa: F401 (a fixture)
from tests.test_daemon import Scripted, build
from tests.test_session import OPEN

RULE = Rule(name="lock", kind="session-unattended", action="lock-session")
POLICY = Policy(version=1, mode=Mode.ENFORCE, rules=(RULE,))
TOLD = Notice(policy_version=1, given_on=(utc_now() - timedelta(days=9)).date(), language="nl")


class Left:
    """A desk at which nothing was touched for 580 seconds."""

    def sessions(self) -> list[Session]:
        return [OPEN]

    def touched_at(self, now: float) -> float:
        return now - 580

    def kept_open(self) -> frozenset[int]:
        return frozenset()

    def close(self) -> None:
        pass


@pytest.fixture
def daemon(journal: Journal) -> Daemon:  # noqa: F811
    limits = Limits(minutes=10, warning_seconds=30)
    collector = SessionCollector(Left(), limits=limits, monotonic=lambda: 1000.0)
    assert list(collector._look()) == []
    built = build(journal, Scripted(name="lock-session"))
    built.watching.live["session"] = collector
    built.policy = POLICY
    built.guard = replace(
        built.guard, policy=POLICY, notice=TOLD, installed_at=utc_now() - timedelta(days=30)
    )
    built.now = utc_now
    return built


def test_the_seconds_are_told_where_the_screen_will_be_locked(daemon: Daemon) -> None:
    assert lock_in(daemon) == 20


def test_the_status_tells_them(
    daemon: Daemon,
    journal: Journal,  # noqa: F811
    tmp_path: Path,
) -> None:
    asked = answers(journal, tmp_path, daemon=daemon)
    assert asked.status(Caller(uid=0, pid=1), {})["lock_in_seconds"] == 20


@pytest.mark.parametrize(
    "policy",
    [
        replace(POLICY, mode=Mode.REPORT),
        replace(POLICY, rules=()),
        replace(POLICY, rules=(replace(RULE, action="report"),)),
    ],
)
def test_nobody_is_warned_of_a_lock_that_will_not_come(daemon: Daemon, policy: Policy) -> None:
    daemon.policy = policy
    assert lock_in(daemon) is None


def test_nobody_is_warned_before_anything_may_be_enforced(daemon: Daemon) -> None:
    daemon.guard = replace(daemon.guard, installed_at=utc_now())
    assert lock_in(daemon) is None


def test_nobody_is_warned_while_sessions_are_not_watched(daemon: Daemon) -> None:
    del daemon.watching.live["session"]
    assert lock_in(daemon) is None


def test_the_warning_goes_when_the_screen_is_locked() -> None:
    """Nothing of ours is to lie above a lock."""
    for seconds in (0, 1, 12):
        notice = lock_notice({"lock_in_seconds": seconds}, "en")
        assert notice is not None
        assert notice.lasts == max(1, seconds)

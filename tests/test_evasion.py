"""Evasion: a file that is changed each time it is to be taken stays, and that is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.evasion import MOST, TIMES, Evasion
from agent.journal import Journal
from agent.own_files import EvasionSuspected
from enforcement.base import EnforcementError, Outcome, Reason, Result
from tests.test_daemon import Scripted, Seen, build, events

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FILE = Seen(observed_at=NOW, subject="/home/x/list.csv")


def refused(reason: Reason = Reason.CHANGED) -> Outcome:
    return Outcome(result=Result.FAILED, reason=reason)


def noted(given: Evasion, at: datetime, outcome: Outcome) -> EvasionSuspected | None:
    return given.note(replace(FILE, observed_at=at), outcome)


@pytest.mark.parametrize("reason", [Reason.CHANGED, Reason.LINKED, Reason.NOT_PLAIN])
def test_three_times_within_ten_minutes_is_told(reason: Reason) -> None:
    given = Evasion()
    told = [noted(given, NOW + minute * MINUTE, refused(reason)) for minute in range(TIMES)]
    assert told[:-1] == [None, None]
    last = told[-1]
    assert last is not None
    assert (last.facts()["reason"], last.facts()["times"]) == (reason, TIMES)
    assert last.details() == {"path": FILE.subject}


@pytest.mark.parametrize("reason", [Reason.IN_USE, Reason.GONE, Reason.NO_SPACE, Reason.FAULT])
def test_what_happens_every_day_is_no_sign(reason: Reason) -> None:
    given = Evasion()
    assert not any(noted(given, NOW, refused(reason)) for _ in range(10))


def test_three_times_in_an_hour_is_no_sign() -> None:
    given = Evasion()
    assert not any(noted(given, NOW + 20 * n * MINUTE, refused()) for n in range(10))


def test_a_file_that_was_taken_after_all_begins_anew() -> None:
    given = Evasion()
    noted(given, NOW, refused())
    noted(given, NOW, refused())
    noted(given, NOW, Outcome(result=Result.DONE))
    assert noted(given, NOW, refused()) is None


def test_it_does_not_grow_without_end() -> None:
    given = Evasion()
    for number in range(2 * MOST):
        given.note(replace(FILE, subject=f"/{number}"), refused())
    assert len(given.refused) <= MOST


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def test_the_agent_tells_it_once_a_day(journal: Journal) -> None:
    action = Scripted(answer=EnforcementError(Reason.CHANGED, "another file"))
    daemon = build(journal, action)
    for _ in range(6):
        daemon.record(replace(FILE, observed_at=daemon.now()))
    kinds = [event.kind for event in events(journal)]
    assert kinds == [Seen.kind, EvasionSuspected.kind]
    assert len(action.asked) == 6

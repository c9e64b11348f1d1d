"""Grace: a person is told and has time; then, and not before, the file is taken."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from agent.grace import FORGET, OPEN_FOR, Grace
from agent.journal import Journal
from agent.left_alone import LeftAlone
from agent.policy import Mode, Policy, Rule, Sealing
from agent.terms import Terms
from agent.wire import event as wire
from collectors.base import utc_now
from enforcement.base import Attempt, EnforcementError, Outcome, Reason, Result
from tests.test_daemon import Scripted, Seen, build, events

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def seen(subject: str = "/home/x/list.csv") -> Seen:
    return Seen(observed_at=NOW, subject=subject)


def policy(terms: Terms, at_once: bool = True) -> Policy:
    rule = Rule(name="seal", kind=Seen.kind, action="seal-file", terms=terms)
    sealing = Sealing(at_once_on_plain_disk=at_once)
    return Policy(version=1, mode=Mode.ENFORCE, rules=(rule,), sealing=sealing)


def grace(journal: Journal, terms: Terms, plain: bool = False, at_once: bool = True) -> Grace:
    return Grace(
        policy=policy(terms, at_once),
        journal=journal,
        digest=lambda text: text,
        plain_disk=lambda path: plain,
    )


def test_a_file_is_left_alone_until_its_time_is_over(journal: Journal) -> None:
    given = grace(journal, Terms(grace_hours=24))
    assert given.until(seen(), "seal", NOW) == NOW + DAY
    assert given.until(seen(), "seal", NOW + 23 * HOUR) == NOW + DAY
    assert given.until(seen(), "seal", NOW + 24 * HOUR) is None
    assert given.until(seen("/another"), "seal", NOW + 24 * HOUR) == NOW + 2 * DAY


def test_what_an_officer_gave_back_is_left_alone_whatever_the_rule_says(
    journal: Journal, tmp_path: Path
) -> None:
    given = grace(journal, Terms(), plain=True)
    given.left_alone = LeftAlone(state=tmp_path, digest=lambda text: text)
    given.left_alone.leave("/home/x/list.csv", NOW + 7 * DAY, NOW)
    assert given.until(seen(), "seal", NOW) == NOW + 7 * DAY
    assert given.until(seen("/another"), "seal", NOW) is None
    assert given.take_due(NOW + 7 * DAY) == [seen()]
    assert given.until(seen(), "seal", NOW + 7 * DAY) is None


def test_a_rule_without_terms_waits_for_nothing(journal: Journal) -> None:
    assert grace(journal, Terms(keep_days=30)).until(seen(), "seal", NOW) is None


def test_since_when_it_is_known_outlives_a_restart(journal: Journal) -> None:
    grace(journal, Terms(grace_hours=24)).until(seen(), "seal", NOW)
    assert grace(journal, Terms(grace_hours=24)).until(seen(), "seal", NOW + DAY) is None


def test_a_file_that_was_gone_for_days_is_a_new_one(journal: Journal) -> None:
    given, later = grace(journal, Terms(grace_hours=24)), NOW + FORGET + HOUR
    given.until(seen(), "seal", NOW)
    assert given.until(seen(), "seal", later) == later + DAY


def test_a_clock_that_is_set_back_and_forth_takes_no_time_away(journal: Journal) -> None:
    given = grace(journal, Terms(grace_hours=24))
    given.until(seen(), "seal", NOW + 365 * DAY)
    assert given.until(seen(), "seal", NOW) == NOW + DAY
    assert given.until(seen(), "seal", NOW + 365 * DAY) == NOW + 366 * DAY


def test_on_a_disk_that_a_thief_could_read_nothing_waits_unless_the_policy_says_so(
    journal: Journal,
) -> None:
    terms = Terms(grace_hours=24)
    assert grace(journal, terms, plain=True).until(seen(), "seal", NOW) is None
    assert grace(journal, terms, plain=True, at_once=False).until(seen(), "seal", NOW)


class Used(Seen):
    """A file that was last written to long ago, or in the future."""

    at: datetime = NOW

    def used_at(self) -> datetime | None:
        return self.at


@pytest.mark.parametrize(
    ("written", "due"),
    [(NOW - 6 * DAY, NOW + DAY), (NOW - 60 * DAY, None), (NOW + 900 * DAY, NOW + 7 * DAY)],
)
def test_last_use_counts_and_a_time_stamp_of_the_future_does_not(
    journal: Journal, written: datetime, due: datetime | None
) -> None:
    file = type("File", (Used,), {"at": written})(observed_at=NOW, subject="/home/x/a.csv")
    assert grace(journal, Terms(unused_days=7)).until(file, "seal", NOW) == due


def test_what_waits_is_handed_out_once_when_it_is_due(journal: Journal) -> None:
    given = grace(journal, Terms(grace_hours=24))
    given.until(seen(), "seal", NOW)
    given.until(seen("/b"), "seal", NOW + HOUR)
    assert given.take_due(NOW + 23 * HOUR) == []
    assert given.take_due(NOW + DAY) == [seen()]
    assert given.take_due(NOW + DAY) == []
    assert given.take_due(NOW + 2 * DAY) == [seen("/b")]


class Keeping(Scripted):
    """Remembers what was to stay with the sealed copy."""

    def apply(self, attempt: Attempt) -> Outcome:
        self.asked.append(attempt)
        return super()._said(attempt.id)


def test_a_file_is_told_of_first_and_taken_when_its_time_is_over(journal: Journal) -> None:
    now, action = [utc_now()], Keeping()
    daemon = build(journal, action)
    terms = Terms(grace_hours=24, keep_days=30)
    daemon.policy = policy(terms)
    daemon.grace = grace(journal, terms)
    daemon.now = lambda: now[0]
    daemon.record(seen())
    daemon.record(seen())
    (told,) = events(journal)
    assert told.decision is not None
    assert (told.decision.held, told.decision.enforced) == ("grace", False)
    assert told.decision.due == now[0] + DAY
    assert wire.decode(wire.encode(told)) == told
    assert action.asked == []
    now[0] += DAY
    for due in daemon.grace.take_due(now[0]):
        daemon.record(due)
    told, done = events(journal)
    assert done.outcome == wire.OutcomePart(result="done", reason="none")
    attempt = action.asked[0]
    assert isinstance(attempt, Attempt)
    assert attempt.about == {"rule": "seal", "keep_days": 30, "hand_over": 0}


def test_a_file_that_somebody_has_open_is_tried_again_after_a_while(journal: Journal) -> None:
    now, action = [utc_now()], Scripted(answer=EnforcementError(Reason.IN_USE, "it is open"))
    daemon = build(journal, action)
    daemon.policy = policy(Terms())
    daemon.grace = grace(journal, Terms())
    daemon.now = lambda: now[0]
    daemon.record(seen())
    assert daemon.grace.take_due(now[0] + OPEN_FOR / 2) == []
    now[0] += OPEN_FOR
    action.answer = Outcome(result=Result.DONE)
    for due in daemon.grace.take_due(now[0]):
        daemon.record(due)
    ends = [event.outcome.result for event in events(journal) if event.outcome]
    assert ends == ["failed", "done"]
    assert daemon.grace.take_due(now[0] + 10 * OPEN_FOR) == []


def test_in_the_first_days_nobody_is_promised_a_time(journal: Journal) -> None:
    daemon = build(journal, Scripted(), noticed=False)
    daemon.grace = grace(journal, Terms(grace_hours=24))
    daemon.policy = daemon.grace.policy
    daemon.record(seen())
    (told,) = events(journal)
    assert told.decision is not None
    assert (told.decision.held, told.decision.due) == ("no-notice", msgspec.UNSET)
    assert daemon.grace.until(seen(), "seal", utc_now()) is not None

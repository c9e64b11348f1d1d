"""Reminders: what a person is asked to do about a file that was only noted down."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from agent.journal import Journal
from agent.messages import Messages
from agent.own_policy import OrderKind
from agent.policy import Policy
from agent.reminders import reminders
from agent.texts import LANGUAGES, say
from agent.tray.view import notices
from agent.wire.event import DecisionPart, OutcomePart
from collectors.base import Facts, utc_now
from collectors.recognise.verdict import Evidence
from tests.collector_on_loopback import pupil_file
from tests.test_answers import journal  # noqa: F401 (a fixture)
from tests.test_daemon import Scripted, Seen, build


@dataclass(frozen=True, kw_only=True, slots=True)
class Found(Seen):
    evidence: Evidence

    def facts(self) -> Facts:
        return {"evidence": (self.evidence,)}


REPORTED = DecisionPart(action="report", rule="default", enforced=False)
HELD = DecisionPart(action="seal-file", rule="r", enforced=False, held="no-notice")
SEALED = DecisionPart(action="seal-file", rule="r", enforced=True)
EXPORT = {"class": "care", "evidence": ["name-label", "kindkans-export"]}
KEY = "remind-kindkans-export"


@pytest.mark.parametrize("decision", [REPORTED, HELD, None])
def test_an_export_that_was_only_noted_down_asks_for_something(
    decision: DecisionPart | None,
) -> None:
    assert reminders(pupil_file(facts=EXPORT, decision=decision, outcome=None)) == [KEY]


def test_nothing_is_asked_where_nothing_is_left_to_do() -> None:
    done = OutcomePart(result="done", reason="none")
    assert reminders(pupil_file(facts=EXPORT, decision=SEALED, outcome=done)) == []
    assert reminders(pupil_file(decision=REPORTED, outcome=None)) == []
    assert reminders(pupil_file(facts={"evidence": "odd", "class": 5}, decision=None)) == []


@pytest.mark.parametrize("order", OrderKind)
def test_what_the_organisation_ordered_is_told_to_the_person(order: OrderKind) -> None:
    event = pupil_file(kind="order-followed", facts={"order": order}, decision=None, outcome=None)
    message = Messages(policy=Policy(), overrides=None).of(event)
    for language in LANGUAGES:
        (notice,) = notices([message], language)
        told = say(language, f"remind-order-{order}")
        assert notice.text == f"{say(language, 'order-followed')} {told}"


def test_the_person_is_told_that_the_rules_changed() -> None:
    event = pupil_file(kind="policy-taken", facts={"people": 2}, decision=None, outcome=None)
    (notice,) = notices([Messages(policy=Policy(), overrides=None).of(event)], "en")
    assert notice.text.startswith(say("en", "policy-taken"))


@pytest.mark.parametrize("decision", [REPORTED, HELD])
def test_the_person_is_told_on_their_own_screen(decision: DecisionPart) -> None:
    event = pupil_file(facts=EXPORT, decision=decision, outcome=None)
    message = Messages(policy=Policy(), overrides=None).of(event)
    assert (message["action"], message["reminders"]) == ("report", [KEY])
    for language in LANGUAGES:
        (notice,) = notices([message], language)
        assert notice.text == f"{say(language, 'pupil-file-found')} {say(language, KEY)}"
        assert say(language, "seal-file") not in notice.text


def test_the_daemon_keeps_for_the_screen_what_asks_for_something_and_no_more(
    journal: Journal,  # noqa: F811
) -> None:
    daemon = build(journal, Scripted(), noticed=False)
    for subject, evidence in (("/home/x/a", Evidence.KINDKANS_EXPORT), ("/home/x/b", Evidence.BSN)):
        for _ in range(2):
            daemon.record(Found(observed_at=utc_now(), subject=subject, evidence=evidence))
    assert [reminders(event) for event in daemon.messages] == [[KEY]]
    assert journal.count() == 2


def test_reminders_of_another_shape_break_nothing() -> None:
    for odd in (None, 5, "x", [5, None], {"a": 1}):
        assert (
            notices([{"kind": "pupil-file-found", "action": "report", "reminders": odd}], "nl")
            == []
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_waits_is_told_with_the_moment(language: str) -> None:
    due = datetime(2026, 11, 28, 17, 30).astimezone()
    held = DecisionPart(action="seal-file", rule="r", enforced=False, held="grace", due=due)
    event = pupil_file(decision=held, outcome=None)
    (notice,) = notices([Messages(policy=Policy(), overrides=None).of(event)], language)
    assert "28-11 17:30" in notice.text

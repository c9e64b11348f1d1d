"""What the agent answers, to whom: staff little, the sender its two questions, IT the rest."""

import base64
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.answers import ADMIN, SENDER, STAFF, Answers
from agent.commands.status import OCR
from agent.config import Config
from agent.control_server import Caller, Refused
from agent.journal import Journal
from agent.leak import WRITTEN, LeakKind
from agent.leak_reports import PER_HOUR, LeakReports
from agent.notice_read import notices_read
from agent.override_requests import OverrideRequests
from agent.policy import Contact, Policy
from agent.trouble import Trouble
from agent.wire import event as wire
from agent.wire.receipts import receipt_number
from collectors.base import utc_now
from collectors.folders.scans import State
from collectors.pupil_files import make
from tests.test_daemon import Scripted, build
from tests.test_outbox import outbox
from tests.test_pupil_files import Once
from tests.test_wire import make_event

SEALED = base64.b64encode(b"age-encryption.org/v1\n" + bytes(99)).decode("ascii")
TEACHER = Caller(uid=1001, pid=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def answers(journal: Journal, tmp_path: Path, **changes: object) -> Answers:
    contact = Contact(name="Noor", phone="+31 00 000 00 00")
    config = Config(
        folder=tmp_path,
        state=tmp_path,
        socket=tmp_path / "s",
        sender_user="x",
        journal_bytes=10**6,
        stage=None,
        policy=Policy(version=1, contact=contact),
        notice=None,
    )
    daemon = build(journal, Scripted())
    given = {
        "config": config,
        "daemon": daemon,
        "leaks": LeakReports(keep=daemon.keep, contact=contact, now=daemon.now),
        "outbox": outbox(journal),
        "identity": lambda: None,
        "sender_uid": 998,
    }
    return Answers(**{**given, **changes})  # type: ignore[arg-type]


def only_event(journal: Journal) -> wire.Event:
    (record,) = journal.pending().records
    return wire.decode(record.body)


def test_who_asks_decides_what_may_be_asked(journal: Journal, tmp_path: Path) -> None:
    given = answers(journal, tmp_path)
    assert given.allowed(TEACHER) == STAFF
    everybody = {"status", "watch", "policy", "leak-report", "dispute", "usb-override", "walk-away"}
    more = {"unlock", "want-back", "slip-report", "letters", "answer", "ask-permission"}
    assert everybody | more | {"notice", "notice-read", "mine", "mine-key", "objection"} == STAFF
    assert given.allowed(Caller(uid=998, pid=1)) == SENDER == {"outbox", "reply"}
    for uid in (0, os.geteuid()):
        assert given.allowed(Caller(uid=uid, pid=1)) == ADMIN
    own = {"notice", "notice-read", "mine", "mine-key", "objection", "retire"}  # of other parts
    assert set(given.table()) | own == ADMIN, "every question has somebody who may ask it"


def test_a_leak_report_is_recorded_with_the_moment_it_was_noticed(
    journal: Journal, tmp_path: Path
) -> None:
    noticed = utc_now() - timedelta(hours=20)
    answer = answers(journal, tmp_path).leak_report(
        TEACHER,
        {"kind": "lost-stick", "sealed": SEALED, "noticed_at": noticed.isoformat()},
    )
    event = only_event(journal)
    assert answer["receipt"] == receipt_number(event.id)
    assert event.observed_at == noticed
    assert event.facts == {"what": "lost-stick", "ongoing": False}
    assert event.sealed == SEALED


def test_a_moment_in_the_future_becomes_now(journal: Journal, tmp_path: Path) -> None:
    later = (utc_now() + timedelta(days=2)).isoformat()
    answers(journal, tmp_path).leak_report(TEACHER, {"noticed_at": later})
    assert only_event(journal).observed_at <= utc_now()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"sealed": "x"}, "sealed"),
        ({"noticed_at": "yesterday"}, "noticed-at"),
    ],
)
def test_a_report_that_cannot_be_understood_is_refused_and_says_what_is_wrong(
    journal: Journal, tmp_path: Path, given: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        answers(journal, tmp_path).leak_report(TEACHER, given)
    assert caught.value.code == code
    assert journal.count() == 0


def test_a_flood_of_reports_is_stopped_for_its_sender_alone(
    journal: Journal, tmp_path: Path
) -> None:
    given = answers(journal, tmp_path)
    for _ in range(PER_HOUR):
        given.leak_report(TEACHER, {})
    with pytest.raises(Refused, match=r"phone.*Noor \+31"):
        given.leak_report(TEACHER, {})
    assert given.leak_report(Caller(uid=1002, pid=1), {})["receipt"]


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_taken_sealed_only(journal: Journal, tmp_path: Path, name: str) -> None:
    given = answers(journal, tmp_path)
    with pytest.raises(Refused, match="sealed where it is written"):
        given.leak_report(TEACHER, {name: "something"})
    assert given.leak_report(TEACHER, {"kind": LeakKind.PAPER})["receipt"]
    assert (only_event(journal).sealed, journal.count()) == ("", 1)


def test_without_an_officer_nobody_is_asked_why_they_need_a_stick(
    journal: Journal, tmp_path: Path
) -> None:
    daemon = build(journal, Scripted())
    asked = OverrideRequests(
        policy=daemon.policy,
        overrides=daemon.overrides,
        record=daemon.record,
        judge_again=lambda name: None,
        now=utc_now,
    )
    given = answers(journal, tmp_path, daemon=daemon, overrides=asked)
    question = {"device": "1-2", "reason": "The school trip is on it."}
    with pytest.raises(Refused) as caught:
        given.usb_override(TEACHER, question)
    assert caught.value.code == "not-allowed", "with an officer the policy is asked"
    object.__setattr__(daemon.recorder, "seal", None)
    with pytest.raises(Refused) as caught:
        given.usb_override(TEACHER, question)
    assert caught.value.code == "nobody"
    assert journal.count() == 0


def test_the_state_shows_what_needs_a_look(journal: Journal, tmp_path: Path) -> None:
    given = answers(journal, tmp_path)
    assert given.status(TEACHER, {})["state"] == "fine"
    given.outbox.trouble = Trouble.UNREACHABLE
    assert given.status(TEACHER, {})["state"] == "offline"
    given.daemon.lost.add(("usb", "missing", "udev"))
    assert given.status(TEACHER, {})["state"] == "look"


def test_the_status_says_whether_scans_are_read(journal: Journal, tmp_path: Path) -> None:
    given = answers(journal, tmp_path)
    assert given.status(TEACHER, {})["ocr"] is None
    given.daemon.watching.live["pupil_files"] = make({"roots": [], "ocr_pages_an_hour": 0})
    assert given.status(TEACHER, {})["ocr"] is None
    list(given.daemon.watching.live["pupil_files"].observe(Once()))
    assert given.status(TEACHER, {})["ocr"] == State.OFF
    assert set(OCR) == set(State)


def test_a_reply_of_nonsense_from_the_sender_changes_nothing(
    journal: Journal, tmp_path: Path
) -> None:
    given = answers(journal, tmp_path)
    given.leak_report(TEACHER, {})
    caller = Caller(uid=998, pid=1)
    for reply in (
        {},
        {"trouble": "no such trouble"},
        {"status": "200", "headers": [], "body": None},
        {"status": 200, "headers": {"Signature": 1}, "body": "x"},
    ):
        given.next_request(caller, {"wait": "long"})
        given.take_reply(caller, reply)
    assert journal.count() == 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "0001-01-01", "9999-12-31T23:59"])
def test_a_moment_at_the_end_of_time_is_refused_or_becomes_now(
    journal: Journal, tmp_path: Path, moment: str
) -> None:
    try:
        answers(journal, tmp_path).leak_report(TEACHER, {"noticed_at": moment})
    except Refused as refused:
        assert refused.code == "noticed-at"
    else:
        assert only_event(journal).observed_at <= utc_now()


@pytest.mark.parametrize("wait", [float("nan"), -1, 10**400, "long", None])
def test_a_wait_that_makes_no_sense_ends(journal: Journal, tmp_path: Path, wait: object) -> None:
    given = answers(journal, tmp_path)
    given.leak_report(TEACHER, {})
    assert given.next_request(Caller(uid=998, pid=1), {"wait": wait})["uri"]
    given.outbox.failed(Trouble.NONE)


def test_the_status_says_to_each_whether_they_have_read_the_notice(
    journal: Journal, tmp_path: Path
) -> None:
    given = answers(journal, tmp_path)
    assert given.status(TEACHER, {})["notice_unread"] is False  # there is none
    given.notices = notices_read(given.config, given.daemon.record, utc_now)
    shown = given.notices.show(TEACHER)
    assert given.status(TEACHER, {})["notice_unread"] is True
    version = {name: shown[name] for name in ("policy", "notice")}
    given.notices.take(TEACHER, {**version, "language": "nl"})
    assert given.status(TEACHER, {})["notice_unread"] is False
    assert given.status(Caller(uid=4711, pid=1), {})["notice_unread"] is True
    assert "notice_unread" not in given.report(Caller(uid=0, pid=1), {})


def test_each_is_told_messages_of_their_own_and_the_laptops(
    journal: Journal, tmp_path: Path
) -> None:
    given = answers(journal, tmp_path)
    heard = given.daemon.messages
    event = make_event(
        recorded_at=utc_now(),
        decision=wire.DecisionPart(action="block-usb", rule="r", enforced=True),
        outcome=wire.OutcomePart(result="done", reason="none"),
    )
    heard.tell(event, TEACHER.uid)
    for uid, count, state in ((TEACHER.uid, 1, "blocked"), (1002, 0, "fine"), (0, 0, "fine")):
        told = given.status(Caller(uid=uid, pid=1), {})
        assert len(told["messages"]) == count
        assert (told["state"] == "blocked") is (state == "blocked")
    assert given.report(Caller(uid=0, pid=1), {})["messages"] == [], "IT sees no person"

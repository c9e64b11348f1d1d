"""Which reminders are due, to whom, and what stands in them; no clock, no database, no mail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.wire.receipts import receipt_number as receipt_of_the_agent
from server_stub import wording
from server_stub.breaches.duties import Duty, Mark, dues
from server_stub.breaches.register import Breach
from server_stub.logins.auth import Role
from server_stub.post import letters, reminders
from server_stub.post.letters import Desk
from server_stub.post.reminders import (
    BY_ROLE,
    MOST_REPORTS,
    OF_COPIES,
    OF_REPORTING_POINT,
    Case,
    Key,
    Reader,
    Reminder,
    Report,
    Step,
    due_now,
    for_reader,
    not_too_many,
)
from server_stub.storage.store_mail import receipt_number
from tests.test_server_duties import HOUR, NOON, breach, mark
from tests.test_two_people import asked

TIMES = {Duty.AUTHORITY: 72 * HOUR, Duty.SUBJECTS: None}
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
AWARE = breach(NOON)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
LANGUAGES = wording.load()
MINUTE = timedelta(minutes=1)


def reader(role: Role = Role.OFFICER, language: str = "en") -> Reader:
    return Reader(
        who="user:olaf",
        address="olaf@school.example",
        language=language,
        steps=BY_ROLE[role],
        brief=role is Role.MANAGEMENT,
    )


def due(
    found: Breach, now: datetime, *marks: Mark, times: dict[Duty, timedelta | None] = TIMES
) -> list[Reminder]:
    case = Case(breach=found, dues=dues(found, times, marks, now), marks=marks)
    return due_now([case], [], times, ALWAYS, now)


def clocks(now: datetime, **more: object) -> list[str]:
    """The steps of the authority's clock that are due."""
    found = due(AWARE, now, **more)  # type: ignore[arg-type]
    return [one.step for one in found if one.due and one.step in BY_ROLE[Role.OFFICER]][:1]


@pytest.mark.parametrize(
    ("hours", "step"),
    [
        (0, Step.OPENED),
        (35.9, Step.OPENED),
        (36, Step.HALF),
        (53.9, Step.HALF),
        (54, Step.QUARTER),
        (67.9, Step.QUARTER),
        (68, Step.LAST_HOURS),
        (71.9, Step.LAST_HOURS),
        (72, Step.OVER),
        (95.9, Step.OVER),
        (96, Step.STILL_OVER),
        (5000, Step.STILL_OVER),
    ],
)
def test_of_a_clock_of_72_hours_the_latest_step_is_due(hours: float, step: Step) -> None:
    assert clocks(NOON + hours * HOUR) == [step]


@pytest.mark.parametrize(
    ("length", "left", "step"),
    [
        (24, 6, Step.QUARTER),
        (24, 4, Step.LAST_HOURS),
        (8, 4, Step.HALF),
        (8, 2, Step.QUARTER),
        (6, 4, Step.LAST_HOURS),
        (6, 1.5, Step.QUARTER),
        (4, 4, Step.OPENED),
        (2, 1, Step.HALF),
        (2, 0, Step.OVER),
    ],
)
def test_short_clocks_have_their_steps_within_their_time(
    length: int, left: float, step: Step
) -> None:
    now = NOON + (length - left) * HOUR
    assert clocks(now, times={Duty.BOARD: length * HOUR}) == [step]


def test_a_duty_without_a_fixed_time_has_no_clock() -> None:
    assert clocks(NOON + 5000 * HOUR, times={Duty.SUBJECTS: None}) == [Step.OPENED]


def test_a_clock_whose_length_is_not_known_still_ends() -> None:
    now = NOON + 68 * HOUR
    found = dues(AWARE, TIMES, [], now)
    (first, *_) = due_now([Case(breach=AWARE, dues=found)], [], {}, ALWAYS, now)
    assert first.step is Step.LAST_HOURS


def test_what_was_done_or_is_not_needed_has_no_clock_any_more() -> None:
    now = NOON + 5000 * HOUR
    for noted in (mark(Duty.AUTHORITY, NOON), mark(Duty.AUTHORITY, None, "encrypted")):
        assert {one.step for one in due(AWARE, now, noted)} & BY_ROLE[Role.MANAGEMENT] == set()


def test_each_step_is_sent_once_and_days_after_the_end_at_most_fourteen_times() -> None:
    """A month, looked at each minute of an hour's quarter; every mail counted."""
    sent: dict[tuple[Key, str], datetime] = {}
    told: list[Step] = []
    for quarter in range(4 * 24 * 40):
        now = NOON + quarter * 15 * MINUTE
        for one in for_reader(reader(), due(AWARE, now), sent):
            told.append(one.step)
            sent[one.key, "user:olaf"] = now
    assert told == [
        Step.OPENED,
        Step.HALF,
        Step.QUARTER,
        Step.LAST_HOURS,
        Step.OVER,
        *[Step.STILL_OVER] * 14,
    ]


def test_after_days_without_a_mail_server_there_is_one_reminder_of_each_clock() -> None:
    now = NOON + 24 * 7 * HOUR
    (opened,) = [one for one in due(AWARE, now) if one.step is Step.OPENED]
    found = for_reader(reader(), due(AWARE, now), {(opened.key, "user:olaf"): NOON})
    assert [one.step for one in found] == [Step.STILL_OVER]


def test_management_is_told_when_the_time_is_over_and_not_before() -> None:
    management = reader(Role.MANAGEMENT)
    assert for_reader(management, due(breach(), NOON + 71 * HOUR), {}) == []
    found = for_reader(management, due(breach(), NOON + 72 * HOUR), {})
    assert [one.step for one in found] == [Step.OVER]
    assert Role.IT not in BY_ROLE


def test_a_clock_set_anew_reminds_where_its_step_comes_after_what_was_sent() -> None:
    """Provisionally over; then awareness is decided, 30 hours after detection."""
    over = NOON + 72 * HOUR
    keys = [one.key for one in due(breach(), over)]
    sent = {(key, "user:olaf"): over for key in keys}
    later = breach(NOON + 30 * HOUR)
    assert for_reader(reader(), due(later, over + MINUTE), sent)[0].step is Step.HALF
    found = for_reader(reader(), due(later, NOON + 102 * HOUR), sent)
    assert found[0].step is Step.OVER, "the real end is told of as well"
    earlier = breach(NOON - HOUR)
    assert for_reader(reader(), due(earlier, over + MINUTE), sent) == []


def test_awareness_that_was_not_decided_in_a_day_is_told_of_once() -> None:
    def steps(found: Breach, now: datetime) -> list[Step]:
        return [one.step for one in due(found, now)]

    assert Step.UNDECIDED not in steps(breach(), NOON + 24 * HOUR - MINUTE)
    assert Step.UNDECIDED in steps(breach(), NOON + 24 * HOUR)
    assert Step.UNDECIDED not in steps(AWARE, NOON + 24 * HOUR)


def test_decisions_go_to_the_copies_each_time_and_to_nobody_else() -> None:
    copies = Reader(who="mailbox:copy-to", address="fg@x.example", language="", steps=OF_COPIES)
    first = mark(Duty.SUBJECTS, None, "first thought")
    now = NOON + HOUR
    found = for_reader(copies, due(AWARE, now, first), {})
    assert [one.step for one in found] == [Step.OPENED, Step.NOT_NEEDED]
    sent = {(one.key, copies.who): now for one in found}
    assert for_reader(copies, due(AWARE, now, first), sent) == []
    second = Mark(
        duty=Duty.SUBJECTS, at=None, reason="better", who="olaf", noted_at=now + 2 * MINUTE
    )
    again = for_reader(copies, due(AWARE, now + HOUR, first, second), sent)
    assert [one.step for one in again] == [Step.NOT_NEEDED]
    assert Step.NOT_NEEDED not in reader().steps


def test_old_news_is_none_and_an_old_clock_still_counts() -> None:
    now = NOON + 5000 * HOUR
    case = Case(breach=breach(), dues=dues(breach(), TIMES, [], now))
    old = Report(event=7, receipt="DW-1234-5678", received_at=NOON)
    found = due_now([case], [old], TIMES, now - HOUR, now)
    assert [one.step for one in found] == [Step.STILL_OVER]


def test_a_reported_leak_goes_to_officers_and_the_reporting_point() -> None:
    report = Report(event=7, receipt="DW-1234-5678", received_at=NOON)
    found = due_now([], [report], TIMES, ALWAYS, NOON)
    point = Reader(
        who="mailbox:x", address="a@b", language="", steps=OF_REPORTING_POINT, acts=False
    )
    assert for_reader(point, found, {}) == for_reader(reader(), found, {}) == found
    assert for_reader(reader(Role.MANAGEMENT), found, {}) == []
    acts = letters.letter(desk("en"), reader(), found).text
    assert "Next: look at the report" in acts
    assert letters.letter(desk("en"), point, found).text.splitlines()[:4] == [
        "DW-1234-5678: a data leak was reported",
        "Moment: 2026-11-23 13:00 CET.",
        "https://collector.example/events/7",
        "",
    ]


def test_a_flood_of_reports_is_gathered_and_holds_no_clock_up() -> None:
    told = [Report(event=n, receipt="DW", received_at=NOON + n * MINUTE) for n in range(200)]
    sent: dict[tuple[Key, str], datetime] = {}
    mails: list[list[Step]] = []
    for minute in range(200):
        now = NOON + minute * MINUTE
        known = [one for one in told if one.received_at <= now]
        case = Case(breach=AWARE, dues=dues(AWARE, {Duty.BOARD: 4 * HOUR}, [], now))
        found = due_now([case], known, {Duty.BOARD: 4 * HOUR}, NOON + MINUTE, now)
        mine = not_too_many(reader(), for_reader(reader(), found, sent), sent, now)
        sent |= {(one.key, "user:olaf"): now for one in mine}
        mails += [[one.step for one in mine]] if mine else []
    assert len(mails) <= 4 * MOST_REPORTS + 2
    assert [Step.HALF] in mails, "a clock does not wait for the reports"
    late = NOON + 400 * MINUTE
    rest = due_now([], told, TIMES, NOON + MINUTE, late)
    assert not_too_many(reader(), for_reader(reader(), rest, sent), sent, late) != []


def test_the_receipt_is_the_one_that_the_person_has() -> None:
    event = "0193b8c2-aaaa-7bbb-8ccc-0123456789ab"
    assert receipt_number(event) == receipt_of_the_agent(event)


def desk(language: str) -> Desk:
    return Desk(wording=LANGUAGES[language], zone=AMSTERDAM, url="https://collector.example")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_step_can_be_told_in_every_language(language: str) -> None:
    report = Report(event=7, receipt="DW-1234-5678", received_at=NOON)
    call = reminders.TeamCall(id=3, number="2026-0001", called_at=NOON)
    noted = [mark(Duty.BOARD, NOON), mark(Duty.SUBJECTS, None, "secret words")]
    times = {**TIMES, Duty.BOARD: 24 * HOUR}
    found: dict[Step, Reminder] = {}
    for hours in (0, 25, 36, 54, 68, 72, 96):
        now = NOON + hours * HOUR
        due_then = dues(breach(), times, noted, now)
        case = Case(breach=breach(), dues=due_then, marks=noted, intended_at=NOON)
        due_here = due_now([case], [report], times, ALWAYS, now, [call], [asked()])
        found |= {one.step: one for one in due_here}
    assert set(found) == set(Step)
    written = letters.letter(desk(language), reader(language=language), list(found.values()))
    assert "2026-0001" in written.text
    assert "{" not in written.text
    assert "https://collector.example/register/2026-0001" in written.text


def test_a_request_to_open_is_told_to_every_second_person_and_not_to_who_asked() -> None:
    found = due_now([], [], TIMES, ALWAYS, NOON, [], [asked(who="olaf", asked_at=NOON)])
    for name, role, count in (("olaf", Role.OFFICER, 0), ("els", Role.OFFICER, 1)):
        told = Reader(who=f"user:{name}", address="", language="en", steps=BY_ROLE[role])
        assert len(for_reader(told, found, {})) == count
    assert Step.OPENING in BY_ROLE[Role.DIRECTOR] & BY_ROLE[Role.SECOND]
    assert Step.OPENING not in BY_ROLE[Role.MANAGEMENT]
    text = letters.letter(desk("en"), reader(language="en"), found).text
    assert "/openings/0" in text
    for hidden in ("olaf", "2026-0001", "shared folder", "lt-"):
        assert hidden not in text


def test_a_mail_to_an_officer_names_case_clock_time_next_step_and_link() -> None:
    now = NOON + 54 * HOUR
    found = [one for one in due(breach(), now) if one.step is Step.QUARTER]
    written = letters.letter(desk("nl"), reader(), found)
    assert (
        written.subject
        == "Dossierwacht: 2026-0001: de toezichthouder, een kwart van de tijd is over"
    )
    assert written.text.splitlines()[:4] == [
        "2026-0001: de toezichthouder, een kwart van de tijd is over",
        "Vóór: 2026-11-26 13:00 CET (nog 18 uur). Dit is voorlopig, gerekend vanaf de ontdekking.",
        "Volgende stap: doe dit en leg het vast in de regel, of schrijf daar op waarom het niet "
        "nodig is.",
        "https://collector.example/register/2026-0001",
    ]


def test_nothing_of_the_breach_stands_in_a_mail_and_management_gets_the_clock_only() -> None:
    now = NOON + 500 * HOUR
    noted = mark(Duty.SUBJECTS, None, "free words about it")
    found = due(breach(), now, noted)
    draft = breach().draft
    for one in (reader(), reader(Role.MANAGEMENT)):
        written = letters.letter(desk("en"), one, for_reader(one, found, {}) or found)
        said = written.subject + written.text
        for secret in (draft.device, draft.kind, "pupil", "free words", "olaf", "31", "health"):
            assert secret not in said, secret
    brief = letters.letter(desk("en"), reader(Role.MANAGEMENT), [found[0]])
    assert brief.text.splitlines()[:3] == [
        "2026-0001: the authority, still open after its time",
        "The time ended: 2026-11-26 13:00 CET. This is provisional, counted from detection.",
        "",
    ]
    assert "https://" not in brief.text


def test_the_hour_that_comes_twice_is_told_apart_by_its_zone() -> None:
    for hour, told in ((0, "2026-10-25 02:30 CEST"), (1, "2026-10-25 02:30 CET")):
        by = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        found = breach(by - 72 * HOUR, by - 72 * HOUR)
        (first, *_) = due(found, by - HOUR)
        assert told in letters.letter(desk("en"), reader(), [first]).text


def test_half_of_the_time_is_elapsed_time_also_when_the_clocks_change() -> None:
    start = datetime(2026, 3, 28, 12, 0, tzinfo=AMSTERDAM).astimezone(UTC)
    found = breach(start, start)
    times = {Duty.BOARD: 24 * HOUR}
    steps = [one.step for one in due(found, start + 12 * HOUR, times=times)]
    assert steps[0] is Step.HALF
    assert Step.HALF not in [one.step for one in due(found, start + 11.9 * HOUR, times=times)]


def test_several_at_once_are_one_mail_and_it_has_an_end() -> None:
    found = due(AWARE, NOON + 80 * HOUR)
    assert letters.letter(desk("en"), reader(), found).subject == "Dossierwacht: 2 notices"
    long = letters.letter(desk("en"), reader(), found[:1] * 100)
    assert "And 60 more" in long.text
    assert long.text.count("2026-0001: the") == 40


def test_nobodys_clock_runs_for_a_closed_entry() -> None:
    closed = replace(breach(), closed_at=NOON)
    case = Case(breach=closed, dues=dues(closed, TIMES, [], NOON + 500 * HOUR))
    assert due_now([case], [], TIMES, ALWAYS, NOON + 500 * HOUR) == []

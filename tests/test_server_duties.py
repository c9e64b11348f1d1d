"""The clocks of an entry: what runs, from when, what is late, and what has to be said about it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection

from server_stub import wording
from server_stub.breaches import profiles, register
from server_stub.breaches.duties import Duty, Mark, dues, next_due, why_not
from server_stub.breaches.register import Breach
from server_stub.storage import store_duties, store_plan, store_register
from server_stub.storage.store import Store
from tests.collector_on_loopback import pupil_file
from tests.console_officer import Officer
from tests.console_visit import Console, console
from tests.databases import Databases

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TIMES = {Duty.AUTHORITY: 72 * HOUR, Duty.BOARD: 24 * HOUR, Duty.SUBJECTS: None}
PRESETS = Path(__file__).parent.parent / "installer" / "presets"


def breach(aware_at: datetime | None = None, detected_at: datetime = NOON) -> Breach:
    event = pupil_file(observed_at=detected_at)
    received = detected_at + 400 * 24 * HOUR
    return Breach(
        id=1,
        number="2026-0001",
        draft=register.draft_from("dabcdefghijklmnop", 7, event, received),
        created_at=detected_at,
        created_by="olaf",
        aware_at=aware_at,
    )


def mark(duty: Duty, at: datetime | None, reason: str = "") -> Mark:
    return Mark(duty=duty, at=at, reason=reason, who="olaf", noted_at=NOON)


def test_each_duty_has_its_own_clock_and_the_first_one_stands_first() -> None:
    found = dues(breach(NOON), TIMES, [], NOON + 30 * HOUR)
    told = [(one.duty, one.by, one.late) for one in found]
    assert told == [
        (Duty.BOARD, NOON + 24 * HOUR, True),
        (Duty.AUTHORITY, NOON + 72 * HOUR, False),
        (Duty.SUBJECTS, None, False),
    ]
    assert (found[1].left_hours, found[1].elapsed_hours) == (42, 30)


def test_clocks_run_provisionally_from_detection() -> None:
    assert all(one.provisional for one in dues(breach(), TIMES, [], NOON))
    aware = NOON + 5 * HOUR
    found = dues(breach(aware), TIMES, [], NOON)
    assert found[0].by == aware + 24 * HOUR
    assert not found[0].provisional


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, 12, 0), datetime(2026, 10, 24, 12, 0)])  # noqa: DTZ001
def test_hours_are_elapsed_time_also_when_the_clocks_change(day: datetime) -> None:
    aware = day.replace(tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC)
    found = dues(breach(aware, aware), TIMES, [], aware)
    assert [one.by for one in found[:2]] == [aware + 24 * HOUR, aware + 72 * HOUR]


def test_what_was_done_is_late_by_when_it_was_done_not_by_when_one_looks() -> None:
    in_time = mark(Duty.BOARD, NOON + 23 * HOUR)
    found = dues(breach(NOON), TIMES, [in_time], NOON + 500 * HOUR)
    assert (found[0].late, found[0].open, found[0].elapsed_hours) == (False, False, 23)
    late = mark(Duty.BOARD, NOON + 25 * HOUR, "ill")
    assert dues(breach(NOON), TIMES, [in_time, late], NOON)[0].late, "the last mark counts"


def test_what_is_not_needed_is_never_late() -> None:
    found = dues(breach(NOON), TIMES, [mark(Duty.BOARD, None, "encrypted")], NOON + 500 * HOUR)
    assert (found[0].late, found[0].open) == (False, False)


def test_what_is_next_is_the_first_that_is_open() -> None:
    found = dues(breach(NOON), TIMES, [mark(Duty.BOARD, NOON)], NOON)
    first = next_due(found)
    assert first is not None
    assert first.duty is Duty.AUTHORITY
    done = [mark(duty, NOON) for duty in TIMES]
    assert next_due(dues(breach(NOON), TIMES, done, NOON)) is None


BSN = "111222333"
"""Invented: it passes the check and was never given to anybody."""


@pytest.mark.parametrize(
    ("at", "reason", "wrong"),
    [
        (NOON + HOUR, "", None),
        (NOON - 2 * HOUR, "", "before-detection"),
        (NOON + 101 * HOUR, "", "in-the-future"),
        (NOON + 73 * HOUR, "", "why-late"),
        (NOON + 73 * HOUR, "the officer was ill", None),
        (None, "", "why-not-needed"),
        (None, "the stick was encrypted and its key is safe", None),
        (NOON, "x" * 1001, "too-long"),
        (NOON, f"it was about {BSN}", "a-person"),
        (NOON, "mail to parent@school.example", "a-person"),
        (NOON, "told by phone on 24/11", None),
    ],
)
def test_what_may_be_noted(at: datetime | None, reason: str, wrong: str | None) -> None:
    now = NOON + 100 * HOUR
    assert why_not(breach(NOON), 72 * HOUR, at, reason, now) == wrong


def test_a_policy_that_says_nothing_leaves_the_law() -> None:
    found = profiles.profile_of("")
    assert dict(found.times) == {Duty.AUTHORITY: 72 * HOUR, Duty.SUBJECTS: None}
    assert found.names["nl"] == "de toezichthouder"
    assert found.for_authority == 72 * HOUR


@pytest.mark.parametrize(
    "text",
    ["[", "clocks = 3", '[clocks]\nboard_hours = "x"', "[clocks]\nboard_hours = -1", "[" * 5000],
)
def test_a_policy_that_cannot_be_read_here_leaves_the_law(text: str) -> None:
    assert profiles.profile_of(text).times == profiles.profile_of("").times


def test_the_presets_give_the_clocks_of_their_documents() -> None:
    def of(name: str) -> profiles.Profile:
        return profiles.profile_of((PRESETS / f"{name}.toml").read_text("utf-8"))

    danish = of("rosenhoej")
    assert danish.times[Duty.BOARD] == danish.times[Duty.MEASURE] == 72 * HOUR
    assert danish.names["da"] == "Datatilsynet"
    processor = of("kinderopvang-academie")
    assert processor.times[Duty.CLIENTS] is None
    assert Duty.SUBJECTS not in processor.times, "there the client decides"
    assert processor.source.startswith("Stap 5")


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("duties")
    with console(state, databases.of_a_collector()) as made:
        yield made


def test_the_officer_notes_that_the_authority_was_told_late_and_why(at: Console) -> None:
    long_ago, seq = datetime.now(UTC) - 80 * HOUR, at.laptop.seq
    at.laptop.receipt(pupil_file(observed_at=long_ago, recorded_at=long_ago))
    officer = Officer.with_event(at, seq + 1)
    assert "the supervisory authority" in officer.page()
    now = datetime.now(ZoneInfo("Europe/Amsterdam"))
    given = {"duty": "authority", "how": "done", "at": f"{now:%Y-%m-%dT%H:%M}"}
    refused = officer.tell(**given)
    assert refused.status_code == 422
    assert "Write why it is late" in refused.text
    assert at.running.rows("SELECT 1 FROM breach_marks") == []
    noted = officer.tell(**given, reason="The officer <b>was ill</b>.")
    assert noted.status_code == 303, noted.text
    assert "The officer &lt;b&gt;was ill&lt;/b&gt;." in officer.page()
    past = officer.page("/history")
    assert "The officer &lt;b&gt;was ill&lt;/b&gt;." in past
    assert wording.load()["en"].text("entry.history.whole") in past
    board = at.get(officer.session, "/register").text
    assert "the people concerned" in board, "what is left to do stands on the board"


def test_a_wrong_word_and_a_missing_time_are_said(at: Console) -> None:
    officer = Officer.with_event(at, 3)
    assert officer.tell(duty="nobody", how="done", at="").status_code == 422
    assert officer.tell(duty="clients", how="not-needed", reason="x").status_code == 422
    answer = officer.tell(duty="authority", how="done", at="yesterday", reason="kept")
    assert answer.status_code == 422
    assert "This is not a date and time" in answer.text
    assert "kept" in answer.text, "what was written is not lost"


def test_what_was_noted_can_be_corrected_and_both_stay_in_the_history(at: Console) -> None:
    officer = Officer.with_event(at, 2)
    first = officer.tell(duty="subjects", how="not-needed", reason="first thought")
    second = officer.tell(duty="subjects", how="not-needed", reason="second thought")
    assert (first.status_code, second.status_code) == (303, 303)
    assert "second thought" in officer.page()
    assert "first thought" not in officer.page()
    assert "first thought" in officer.page("/history")


def test_a_closed_entry_is_not_counted_as_late(store: Store) -> None:
    made = store.write(lambda c: store_register.open_breach(c, breach().draft, "olaf", NOON))
    store.write(lambda c: store_plan.close_phase(c, made, "normalise", True, "olaf", NOON))
    with store.read() as connection:
        assert store_duties.count_overdue(connection, NOON + HOUR) == 0


def test_an_entry_whose_authority_was_told_is_not_counted_as_late(store: Store) -> None:
    def work(connection: Connection) -> tuple[int, int]:
        made = store_register.open_breach(connection, breach().draft, "olaf", NOON)
        before = store_duties.count_overdue(connection, NOON + HOUR)
        store_duties.add(connection, made, mark(Duty.BOARD, NOON))
        assert store_duties.count_overdue(connection, NOON + HOUR) == before
        store_duties.add(connection, made, mark(Duty.AUTHORITY, NOON))
        return before, store_duties.count_overdue(connection, NOON + HOUR)

    assert store.write(work) == (1, 0)

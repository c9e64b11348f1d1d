"""The breach register: what an event gives by itself, when it is due, and that history stands."""

import dataclasses
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from agent.wire.event import DecisionPart, Event, OutcomePart
from server_stub import chain
from server_stub.breaches import register
from server_stub.breaches.duties import Due, Duty, Mark, dues
from server_stub.breaches.register import (
    Breach,
    Draft,
    number_of,
    why_not_aware,
)
from server_stub.storage import store_history, store_register
from server_stub.storage.store import Store
from server_stub.storage.store_register import Shown
from tests.collector_on_loopback import pupil_file

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEVICE = "dabcdefghijklmnop"


def draft_from(device: str, seq: int, event: Event) -> Draft:
    """A draft of an event that took a while to arrive."""
    return register.draft_from(device, seq, event, event.recorded_at + timedelta(days=400))


def breach(detected_at: datetime = NOON, aware_at: datetime | None = None) -> Breach:
    return Breach(
        id=1,
        number="2026-0001",
        draft=draft_from(DEVICE, 7, pupil_file(observed_at=detected_at)),
        created_at=detected_at,
        created_by="olaf",
        aware_at=aware_at,
        aware_by="olaf" if aware_at else None,
    )


def due_of(entry: Breach, now: datetime, *marks: Mark, hours: int = 72) -> Due:
    """The authority's clock of an entry."""
    (found,) = dues(entry, {Duty.AUTHORITY: timedelta(hours=hours)}, marks, now)
    return found


def opened(store: Store, seq: int = 7, who: str = "olaf", now: datetime = NOON) -> Breach:
    draft = draft_from(DEVICE, seq, pupil_file(observed_at=now))
    return store.write(lambda c: store_register.open_breach(c, draft, who, now))


# --- an entry from an event -----------------------------------------------------------------------


def test_an_entry_begins_with_what_the_event_says() -> None:
    later = NOON + timedelta(minutes=3)
    assert draft_from(DEVICE, 7, pupil_file(observed_at=NOON, recorded_at=later)) == Draft(
        device=DEVICE,
        seq=7,
        kind="pupil-file-found",
        detected_at=NOON,
        persons_min=24,
        persons_max=31,
        categories=("name", "national-number"),
        sensitive=True,
        encryption="unknown",
        measures=("seal-file", "done"),
        reported_at=later,
    )


def test_an_unencrypted_stick_is_entered_as_such() -> None:
    facts = {"verdict": "unencrypted", "why": "plain-file-system", "size-gb": 16}
    draft = draft_from(DEVICE, 7, pupil_file(kind="usb-storage-attached", facts=facts))
    assert draft.encryption == "unencrypted"
    assert (draft.persons_min, draft.persons_max) == (None, None)


def test_kinds_of_data_are_taken_over_and_kept(store: Store) -> None:
    made = opened(store)
    assert made.draft.categories == ("name", "national-number")
    assert made.draft.sensitive is True


def test_an_event_of_an_older_agent_leaves_the_kinds_of_data_open(store: Store) -> None:
    draft = draft_from(DEVICE, 7, pupil_file(facts={"class": "pupil-list"}))
    assert (draft.categories, draft.sensitive) == ((), None)
    made = store.write(lambda c: store_register.open_breach(c, draft, "olaf", NOON))
    assert (made.draft.categories, made.draft.sensitive) == ((), None)


def test_an_event_cannot_fill_an_entry_without_end() -> None:
    facts = {"categories": [f"kind-{n % 99}" for n in range(500)], "sensitive": 1}
    draft = draft_from(DEVICE, 7, pupil_file(facts=facts))
    assert len(draft.categories) == register.MOST_CATEGORIES
    assert draft.sensitive is None


def test_what_was_not_carried_out_is_no_measure() -> None:
    held = DecisionPart(action="seal-file", rule="r", enforced=False, held="no-notice")
    assert draft_from(DEVICE, 7, pupil_file(decision=held, outcome=None)).measures == ()
    failed = OutcomePart(result="failed", reason="in-use")
    assert draft_from(DEVICE, 7, pupil_file(outcome=failed)).measures == ("seal-file", "failed")


def test_minus_one_person_means_not_known() -> None:
    facts = {"persons-min": -1, "persons-max": -1}
    draft = draft_from(DEVICE, 7, pupil_file(facts=facts))
    assert (draft.persons_min, draft.persons_max) == (None, None)


# --- the clock ------------------------------------------------------------------------------------


def test_until_somebody_decides_the_deadline_counts_from_detection_and_says_so() -> None:
    due = due_of(breach(), NOON + timedelta(hours=5, minutes=59))
    assert (due.by, due.provisional) == (NOON + timedelta(hours=72), True)
    assert (due.elapsed_hours, due.left_hours, due.late) == (5, 66, False)


def test_awareness_starts_the_clock() -> None:
    aware = NOON + timedelta(hours=30)
    due = due_of(breach(aware_at=aware), aware)
    assert (due.by, due.provisional) == (aware + timedelta(hours=72), False)


@pytest.mark.parametrize(
    ("begun", "ends"),
    [
        ("2026-03-27T14:00", "2026-03-30T15:00"),  # the night an hour is lost
        ("2026-10-23T14:00", "2026-10-26T13:00"),  # the night an hour is won
        ("2026-11-20T17:30", "2026-11-23T17:30"),  # a weekend counts
    ],
)
def test_seventy_two_hours_are_hours_that_pass(begun: str, ends: str) -> None:
    start = datetime.fromisoformat(begun).replace(tzinfo=AMSTERDAM).astimezone(UTC)
    due = due_of(breach(aware_at=start), start)
    assert due.by is not None
    assert due.by.astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M") == ends
    assert due_of(breach(aware_at=start), due.by).elapsed_hours == 72


def test_the_last_second_is_in_time_and_the_next_is_late() -> None:
    end = NOON + timedelta(hours=72)
    assert not due_of(breach(), end).late
    late = due_of(breach(), end + timedelta(seconds=1))
    assert (late.late, late.left_hours) == (True, 0)


def test_who_was_told_is_counted_until_they_were_and_late_stays_late() -> None:
    told = NOON + timedelta(hours=80)
    noted = Mark(duty=Duty.AUTHORITY, at=told, reason="x", who="olaf", noted_at=told)
    due = due_of(breach(), NOON + timedelta(days=300), noted)
    assert (due.elapsed_hours, due.late, due.open) == (80, True, False)


def test_another_law_gives_other_hours() -> None:
    due = due_of(breach(), NOON, hours=96)
    assert due.by == NOON + timedelta(hours=96)


def test_a_laptops_clock_that_runs_ahead_gives_no_negative_hours() -> None:
    assert due_of(breach(), NOON - timedelta(minutes=3)).elapsed_hours == 0


def test_a_laptops_clock_that_runs_days_ahead_moves_no_deadline() -> None:
    event = pupil_file(observed_at=NOON + timedelta(days=9))
    entry = dataclasses.replace(breach(), draft=register.draft_from(DEVICE, 7, event, NOON))
    assert due_of(entry, NOON).by == NOON + timedelta(hours=72)
    assert why_not_aware(entry, NOON, NOON) is None


def test_awareness_is_neither_in_the_future_nor_before_the_event() -> None:
    now = NOON + timedelta(hours=10)
    assert why_not_aware(breach(), NOON + timedelta(hours=1), now) is None
    assert why_not_aware(breach(), now + timedelta(minutes=1), now) == "in-the-future"
    assert why_not_aware(breach(), NOON - timedelta(hours=2), now) == "before-detection"


# --- numbers and history --------------------------------------------------------------------------


def test_entries_are_numbered_within_their_year(store: Store) -> None:
    numbers = [opened(store, seq).number for seq in (1, 2)]
    numbers.append(opened(store, 3, now=datetime(2027, 1, 1, tzinfo=UTC)).number)
    assert numbers == ["2026-0001", "2026-0002", "2027-0001"]
    assert number_of(2026, 12_345) == "2026-12345"


def test_an_event_has_one_entry_however_often_it_is_asked_for(store: Store) -> None:
    assert opened(store) == opened(store, who="somebody else")
    with store.read() as connection:
        assert len(store_history.history(connection)) == 1


def test_the_moment_of_awareness_is_kept_with_who_said_so(store: Store) -> None:
    made, aware = opened(store), NOON + timedelta(hours=2)
    store.write(lambda c: store_register.set_aware(c, made, aware, "olaf", aware))
    with store.read() as connection:
        found = store_register.breach_numbered(connection, made.number)
        acts = [(line.who, line.act) for line in store_history.history(connection, made.id)]
    assert found is not None
    assert (found.aware_at, found.aware_by) == (aware, "olaf")
    assert acts == [("olaf", "opened"), ("olaf", "aware-set")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE breach_history SET who = 'nobody' WHERE id = 2",
        "UPDATE breach_history SET detail = '' WHERE id = 1",
        "DELETE FROM breach_history WHERE id = 2",
        "DELETE FROM breach_history WHERE id = 1",
    ],
)
def test_a_changed_history_shows(store: Store, change: str) -> None:
    for seq in (1, 2, 3):
        opened(store, seq)
    with store.read() as connection:
        assert store_history.history_is_whole(connection)
    store.write(lambda c: c.execute(text(change)))
    with store.read() as connection:
        assert not store_history.history_is_whole(connection)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ("UPDATE breach_history SET who = 'nobody' WHERE id = 3", False),
        ("DELETE FROM breach_history WHERE id = 2", False),
        ("DELETE FROM breach_history WHERE id = 4", False),
        ("DELETE FROM breach_history WHERE id = 3", False),
        ("UPDATE breaches SET kind = 'x' WHERE id = 1", True),
    ],
)
def test_a_page_sees_what_was_changed_in_its_own_lines_and_beside_them(
    store: Store, change: str, fits: bool
) -> None:
    made = [opened(store, seq) for seq in (1, 2, 3)]
    for one in (made[1], made[0]):
        store.write(lambda c, one=one: store_register.set_aware(c, one, NOON, "olaf", NOON))
    with store.read() as connection:
        for one in made:
            assert store_history.lines_fit(connection, store_history.history(connection, one.id))
    store.write(lambda c: c.execute(text(change)))
    with store.read() as connection:
        found = [store_history.history(connection, one.id) for one in made]
        assert all(store_history.lines_fit(connection, lines) for lines in found) is fits


def test_pages_go_on_where_the_one_before_ended(store: Store) -> None:
    for seq in (5, 3, 4, 1, 2):
        opened(store, seq, now=NOON + timedelta(hours=seq % 3))
    store.write(
        lambda c: c.execute(text("UPDATE breaches SET closed_at = created_at WHERE id = 1"))
    )
    with store.read() as connection:
        assert store_register.count_shown(connection) == {"open": 4, "closed": 1, "all": 5}
        for shown, expected in (("open", [2, 3, 4, 5]), ("closed", [1]), ("all", [5, 4, 3, 2, 1])):
            found: list[Breach] = []
            while True:
                after = store_register.place_of(found[-1]) if found else None
                page = store_register.some_breaches(connection, Shown(shown), after, 2)
                found += page
                if len(page) < 2:
                    break
            assert sorted(one.id for one in found) == sorted(expected)
            if shown == "open":
                starts = [one.draft.detected_at for one in found]
                assert starts == sorted(starts), "whose clock began first stands first"
            else:
                assert [one.id for one in found] == expected


def test_a_changed_log_shows(store: Store) -> None:
    for who in ("ingrid", "olaf", "ingrid"):
        store.write(lambda c, who=who: store_history.log_view(c, who, "viewed-device", "d", NOON))
    with store.read() as connection:
        assert store_history.views_are_whole(connection)
    store.write(lambda c: c.execute(text("DELETE FROM audit WHERE id = 2")))
    with store.read() as connection:
        assert not store_history.views_are_whole(connection)
        assert not store_history.views_fit(store_history.views(connection))


def test_a_chain_says_where_it_breaks() -> None:
    heads = [chain.START]
    for number in range(4):
        heads.append(chain.next_head(heads[-1], (number,)))
    rows = [(heads[n], (n,), heads[n + 1]) for n in range(4)]
    assert chain.first_break(rows) is None
    rows[2] = (heads[2], (9,), heads[3])
    assert chain.first_break(rows) == 2

"""The journal: nothing lost, nothing twice, every change of a row seen, one owner."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import journal as journal_module
from agent import journal_file
from agent.errors import JournalError, JournalFull
from agent.journal import Journal
from agent.wire import event as wire
from agent.wire.messages import Receipt, Record, device_name, to_json
from tests.test_wire import make_event

DEVICE = device_name(b"k" * 32)


def new_event(kind: str = "pupil-file-found", **changes: object) -> wire.Event:
    return make_event(id=str(uuid.uuid4()), kind=kind, **changes)


def receipt_for(journal: Journal, count: int) -> Receipt:
    records = journal.pending().records[:count]
    last = records[-1].seq
    head = journal.head_at(last)
    assert head is not None
    return Receipt(device=DEVICE, last=last, head=head, received_at=datetime.now(UTC))


def acknowledge(journal: Journal, count: int) -> None:
    receipt = receipt_for(journal, count)
    journal.acknowledge(receipt, to_json(receipt))


def ids(journal: Journal) -> list[str]:
    return [wire.decode(record.body).id for record in journal.pending().records]


def test_whoever_waits_for_an_event_is_let_go_when_the_journal_is_closed(tmp_path: Path) -> None:
    """As when a policy was taken up: the sender asks the next agent at once."""
    made, answers = Journal(tmp_path), list[bool]()
    waiter = threading.Thread(target=lambda: answers.append(made.wait_for_pending(600)))
    waiter.start()
    while not made._news._changed._waiters:  # type: ignore[attr-defined]
        time.sleep(0.01)
    made.close()
    waiter.join(60)
    assert answers == [False]


def test_what_was_appended_waits_in_order_across_a_restart(tmp_path: Path) -> None:
    events = [new_event() for _ in range(5)]
    journal = Journal(tmp_path)
    for event in events:
        assert journal.append(event)
    journal.close()
    again = Journal(tmp_path)
    assert ids(again) == [event.id for event in events]
    assert [record.seq for record in again.pending().records] == [1, 2, 3, 4, 5]
    again.close()


def test_the_chain_can_be_computed_from_what_is_sent(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for _ in range(3):
        journal.append(new_event())
    pending = journal.pending()
    head = pending.previous
    assert head == wire.CHAIN_START
    for record in pending.records:
        head = wire.link(head, record.seq, record.body.encode())
    assert head == journal.head_at(3)
    journal.close()


def test_an_acknowledged_row_is_forgotten_and_numbers_go_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for _ in range(3):
        journal.append(new_event())
    head = journal.head_at(3)
    acknowledge(journal, 3)
    assert journal.count() == 0
    journal.append(new_event())
    pending = journal.pending()
    assert pending.previous == head
    assert [record.seq for record in pending.records] == [4]
    journal.close()


def test_a_partial_receipt_leaves_the_rest(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    events = [new_event() for _ in range(4)]
    for event in events:
        journal.append(event)
    acknowledge(journal, 2)
    assert ids(journal) == [event.id for event in events[2:]]
    journal.close()


def test_old_news_is_not_told_again_also_after_its_receipt(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.append(new_event(), once="same")
    acknowledge(journal, 1)
    assert not journal.append(new_event(), once="same")
    assert journal.append(new_event(), once="other")
    assert journal.count() == 1
    journal.close()


def test_an_attempt_becomes_one_event_with_its_outcome(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    event = new_event()
    assert journal.begin(event, once="file", action="seal-file", size=10)
    assert journal.count() == 0
    assert [attempt.id for attempt in journal.attempts()] == [event.id]
    assert journal.complete(event.id, wire.OutcomePart(result="done", reason="none"))
    assert journal.attempts() == []
    (record,) = journal.pending().records
    assert wire.decode(record.body).outcome == wire.OutcomePart(result="done", reason="none")
    assert not journal.begin(new_event(), once="file", action="seal-file", size=10)
    journal.close()


def test_a_failed_attempt_may_be_tried_again_and_is_told_once_per_reason(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    told = []
    for reason in ("in-use", "in-use", "gone"):
        event = new_event()
        assert journal.begin(event, once="file", action="seal-file", size=1)
        told.append(journal.complete(event.id, wire.OutcomePart(result="failed", reason=reason)))
    assert told == [True, False, True]
    assert journal.count() == 2
    journal.close()


def test_an_attempt_survives_a_restart(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    event = new_event()
    journal.begin(event, once=None, action="seal-file", size=1)
    journal.close()
    again = Journal(tmp_path)
    assert [attempt.id for attempt in again.attempts()] == [event.id]
    again.close()


def test_completing_what_was_never_begun_is_an_error(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(JournalError):
        journal.complete(str(uuid.uuid4()), wire.OutcomePart(result="done", reason="none"))
    assert journal.count() == 0
    journal.close()


def test_begun_actions_are_counted_with_their_bytes(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for size in (5, 7):
        journal.begin(new_event(), once=None, action="seal-file", size=size)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert journal.acted_since("seal-file", hour_ago).times == 2
    assert journal.acted_since("seal-file", hour_ago).bytes == 12
    assert journal.acted_since("lock-session", hour_ago).times == 0
    assert journal.acted_since("seal-file", datetime.now(UTC) + timedelta(hours=1)).times == 0
    journal.close()


def test_a_second_process_is_told_who_owns_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(JournalError, match="another process owns"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


def test_a_batch_keeps_to_its_limits_but_holds_at_least_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for _ in range(5):
        journal.append(new_event(sealed="A" * 4000))
    assert len(journal.pending(most=3).records) == 3
    assert len(journal.pending(most_bytes=11_000).records) == 2
    assert len(journal.pending(most_bytes=10).records) == 1
    journal.close()


def test_when_full_the_oldest_go_leak_reports_stay_and_a_gap_says_how_many(tmp_path: Path) -> None:
    journal = Journal(tmp_path, size_limit=40_000)
    report = new_event(kind="leak-reported")
    journal.append(report)
    for _ in range(200):
        journal.append(new_event())
    kept = [wire.decode(record.body) for _, record in _all(journal)]
    dropped = sum(int(event.facts["dropped"]) for event in kept if event.kind == "journal-gap")
    others = [event for event in kept if event.kind == "pupil-file-found"]
    assert report.id in [event.id for event in kept]
    assert dropped + len(others) == 200
    assert dropped > 0
    gap = next(event for event in kept if event.kind == "journal-gap")
    assert (gap.facts["cause"], gap.facts["kinds"]) == ("size-limit", ["pupil-file-found"])
    journal.close()


def _all(journal: Journal) -> list[tuple[str, Record]]:
    """Drain the journal batch by batch, checking that each batch is an unbroken run."""
    found = []
    while journal.count():
        pending = journal.pending()
        head = pending.previous
        for record in pending.records:
            head = wire.link(head, record.seq, record.body.encode())
            found.append((head, record))
        assert head == journal.head_at(pending.records[-1].seq)
        acknowledge(journal, len(pending.records))
    return found


@pytest.mark.parametrize("column", ["body", "head", "previous"])
def test_a_changed_row_is_seen_and_the_journal_set_aside(tmp_path: Path, column: str) -> None:
    journal = Journal(tmp_path)
    for _ in range(3):
        journal.append(new_event())
    acknowledge(journal, 1)
    journal.close()
    database = sqlite3.connect(tmp_path / "journal.db")
    (before,) = database.execute(f"SELECT {column} FROM events WHERE seq=2").fetchone()
    last = b"}" if isinstance(before, bytes) else ("1" if before[-1] == "0" else "0")
    changed = before[:-1] + b" " + last if isinstance(before, bytes) else before[:-1] + last
    database.execute(f"UPDATE events SET {column} = ? WHERE seq=2", (changed,))
    database.commit()
    database.close()
    again = Journal(tmp_path)
    (record,) = again.pending().records
    assert wire.decode(record.body).facts["cause"] == "damage"
    assert record.seq > 3, "numbers go on well behind what the collector may have"
    assert [path for path in tmp_path.iterdir() if ".bad-" in path.name]
    again.close()


def test_a_deleted_row_is_seen(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for _ in range(3):
        journal.append(new_event())
    journal.close()
    database = sqlite3.connect(tmp_path / "journal.db")
    database.execute("DELETE FROM events WHERE seq=2")
    database.commit()
    database.close()
    again = Journal(tmp_path)
    first = again.pending()
    assert [record.seq for record in first.records] == [1], "a run ends where the chain breaks"
    again.close()


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database at all" * 100)
    journal = Journal(tmp_path)
    assert journal.count() == 1
    journal.close()
    (kept,) = [path for path in tmp_path.iterdir() if ".bad-" in path.name]
    assert kept.read_bytes().startswith(b"not a database")


def limit_pages(journal: Journal, more: int | None) -> None:
    """Let the database grow by so many pages and no further; None: as far as it likes."""
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    limit = 1_000_000 if more is None else pages + more
    journal._db.execute(f"PRAGMA max_page_count={limit}")


def test_a_full_disk_is_an_error_that_ends_and_leaves_a_gap_behind(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(new_event())
    limit_pages(journal, 3)
    refused = 0
    for _ in range(50):
        try:
            journal.append(new_event(sealed="A" * 4000))
        except JournalFull:
            refused += 1
    assert refused > 1
    assert not (tmp_path / "ballast").exists(), "the ballast was given up"
    limit_pages(journal, None)
    journal.append(new_event())
    found = [wire.decode(record.body) for _, record in _all(journal)]
    assert [event.kind for event in found[-2:]] == ["journal-gap", "pupil-file-found"]
    assert found[-2].facts["dropped"] == refused, "every one that was refused is counted"
    assert (tmp_path / "ballast").exists(), "and set aside again"
    journal.close()


def test_what_was_refused_takes_no_room_in_the_count(tmp_path: Path) -> None:
    journal = Journal(tmp_path, size_limit=60_000)
    journal.append(new_event())
    limit_pages(journal, 0)
    for _ in range(50):
        with pytest.raises(JournalFull):
            journal.append(new_event(sealed="A" * 4000))
    limit_pages(journal, None)
    for _ in range(3):
        journal.append(new_event())
    facts = [wire.decode(record.body).facts for _, record in _all(journal)]
    assert not [one for one in facts if one.get("cause") == "size-limit"]
    journal.close()


def test_the_event_that_meets_the_full_disk_is_kept_in_the_room_of_the_ballast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    limit_pages(journal, 0)
    give_up = journal_file.give_up_ballast

    def room(folder: Path) -> bool:
        limit_pages(journal, None)
        return give_up(folder)

    monkeypatch.setattr(journal_file, "give_up_ballast", room)
    assert journal.append(new_event(sealed="A" * 20_000))
    assert journal.count() == 1
    journal.close()


def test_an_attempt_that_finds_no_room_to_end_stays_open_and_is_no_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(event: wire.Event) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    journal = Journal(tmp_path)
    event, done = new_event(), wire.OutcomePart(result="done", reason="none")
    journal.begin(event, once=None, action="seal-file", size=1)
    with monkeypatch.context() as patched, pytest.raises(JournalFull):
        patched.setattr(journal, "_add", full)
        journal.complete(event.id, done)
    assert [attempt.id for attempt in journal.attempts()] == [event.id]
    assert journal.complete(event.id, done)
    assert ids(journal) == [event.id]
    journal.close()


CHILD = """
import sys, uuid
from pathlib import Path
from agent.journal import Journal
from tests.test_journal import new_event
journal = Journal(Path(sys.argv[1]))
while True:
    event = new_event()
    journal.append(event)
    print(event.id, flush=True)
"""


@pytest.mark.slow
def test_kill_9_at_random_loses_nothing_that_was_said_to_be_recorded(tmp_path: Path) -> None:
    said: list[str] = []
    for lines in (3, 11, 24, 7, 40):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        said += [child.stdout.readline().strip() for _ in range(lines)]
        os.kill(child.pid, signal.SIGKILL)
        said += [line.strip() for line in child.stdout.read().splitlines() if len(line) == 36]
        child.stdout.close()
        child.wait()
    journal = Journal(tmp_path)
    found = [wire.decode(record.body).id for _, record in _all(journal)]
    assert set(said) <= set(found)
    assert len(found) == len(set(found)) <= len(said) + 5
    journal.close()


def test_the_default_limit_holds_a_month() -> None:
    assert journal_module.SIZE_LIMIT == 192 * 2**20

"""The journal's soundness: what SQLite's own check misses is seen, and what is true is let be."""

import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from agent.journal import Journal
from agent.journal_file import last_receipt
from agent.journal_sound import LARGEST_JUMP
from agent.trouble import Trouble
from agent.wire import event as wire
from agent.wire.messages import to_json
from tests.delivery_damage import damaged, kept
from tests.delivery_laptop import Near, drain, outbox, stored, told_of, turn
from tests.test_journal import acknowledge, new_event


def change(folder: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(folder / "journal.db") as database:
        database.execute(statement, values)
    database.close()


def parked(folder: Path) -> bool:
    return any(".bad-" in path.name for path in folder.iterdir())


def causes(journal: Journal) -> list[object]:
    bodies = [record.body for record in journal.pending().records]
    return [wire.decode(body).facts.get("cause") for body in bodies]


def test_hundreds_of_damages_are_each_seen_or_do_no_harm(tmp_path: Path) -> None:
    cases = damaged(tmp_path, 60)
    assert [(case.tries, case.bad) for case in cases] == [(60, 0)] * 4, cases


@pytest.mark.parametrize("old", ["class-list", "encrypted"])
def test_an_attempt_that_says_something_else_is_seen(tmp_path: Path, old: str) -> None:
    journal = Journal(tmp_path)
    journal.begin(new_event(), once=None, action="seal-file", size=1)
    journal.close()
    change(tmp_path, "UPDATE attempts SET body=replace(body, ?, ?)", old, old[:-1] + "x")
    again = Journal(tmp_path)
    assert (again.attempts(), causes(again)) == ([], ["damage"])
    again.close()


def test_an_attempt_of_an_earlier_version_is_taken_as_it_is(tmp_path: Path) -> None:
    journal, event = Journal(tmp_path), new_event()
    journal.begin(event, once="x", action="seal-file", size=1)
    journal.close()
    change(tmp_path, "UPDATE attempts SET body=?", wire.encode(event))
    again = Journal(tmp_path)
    assert again.attempts() == [event]
    assert again.complete(event.id, wire.OutcomePart(result="done", reason="none"))
    again.close()


@pytest.mark.parametrize("seq", [1, 4, 2**40])
def test_a_tail_that_is_not_the_last_receipt_is_seen(tmp_path: Path, seq: int) -> None:
    journal = Journal(tmp_path)
    for _ in range(3):
        journal.append(new_event())
    acknowledge(journal, 3)
    journal.close()
    Journal(tmp_path).close()
    assert not parked(tmp_path)
    change(tmp_path, "UPDATE tail SET seq=?", seq)
    again = Journal(tmp_path)
    assert causes(again) == ["damage"]
    assert again.end()[0] == 3 + LARGEST_JUMP + 1
    again.close()


def test_a_damaged_receipt_does_no_harm_to_what_waits(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for _ in range(5):
        journal.append(new_event())
    acknowledge(journal, 3)
    was, receipt = kept(journal), last_receipt(tmp_path)
    journal.close()
    assert receipt is not None
    for wrong in (
        to_json(msgspec.structs.replace(receipt, last=8_003)),
        to_json(msgspec.structs.replace(receipt, head="f" * 64)),
        b"{",
    ):
        (tmp_path / "receipt.json").write_bytes(wrong)
        again = Journal(tmp_path)
        assert (kept(again), parked(tmp_path)) == (was, False)
        again.close()


def test_a_receipt_that_was_written_before_a_crash_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    journal = Journal(tmp_path / "made")
    for _ in range(3):
        journal.append(new_event())
    was = kept(journal)
    shutil.copytree(tmp_path / "made", tmp_path / "crashed")
    acknowledge(journal, 3)
    journal.close()
    shutil.copy(tmp_path / "made/receipt.json", tmp_path / "crashed")
    again = Journal(tmp_path / "crashed")
    assert (kept(again), parked(tmp_path / "crashed")) == (was, False)
    again.close()


def test_commits_that_a_disk_lost_after_their_receipt_do_not_stop_delivery(tmp_path: Path) -> None:
    (tmp_path / "state/journal").mkdir(parents=True)
    state, near = tmp_path / "state", Near(tmp_path / "collector")
    who, journal = near.enrol(state), Journal(state / "journal")
    journal.append(new_event())
    shutil.copytree(state / "journal", tmp_path / "earlier")
    for _ in range(4):
        journal.append(new_event())
    assert drain(outbox(journal, state), journal, near.carry)
    journal.close()
    shutil.copy(state / "journal/receipt.json", tmp_path / "earlier")
    journal = Journal(tmp_path / "earlier")
    journal.append(new_event())
    assert drain(outbox(journal, state), journal, near.carry)
    journal.close()
    numbers = [seq for seq, _, _ in stored(near.folder, who.device)]
    assert numbers == [1, 2, 3, 4, 5, 6 + LARGEST_JUMP, 7 + LARGEST_JUMP]
    assert told_of(near.folder, who.device).count("chain-fork") == 0
    assert "chain-gap" in told_of(near.folder, who.device)
    near.close()


def test_commits_lost_before_their_receipt_came_show_at_the_collector(tmp_path: Path) -> None:
    (tmp_path / "state/journal").mkdir(parents=True)
    state, near = tmp_path / "state", Near(tmp_path / "collector")
    who, journal = near.enrol(state), Journal(state / "journal")
    journal.append(new_event())
    shutil.copytree(state / "journal", tmp_path / "earlier")
    journal.append(new_event())
    box = outbox(journal, state)
    near.carry(box.request(wait=0.0))  # and the reply is lost
    journal.close()
    journal = Journal(tmp_path / "earlier")
    journal.append(new_event())
    box = outbox(journal, state)
    assert turn(box, near.carry) is Trouble.REFUSED
    assert journal.count() == 2, "nothing is forgotten"
    assert told_of(near.folder, who.device) == ["chain-fork"]
    journal.close()
    near.close()

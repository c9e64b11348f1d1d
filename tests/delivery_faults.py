"""Delivery under faults, as often as one asks: each case counts what must not happen.

The tests run the same parts short; ``./dev lab faults`` runs them thousands of times. A laptop here
is the real journal and the real outbox in a process of its own that is killed; the collector is the
real one on loopback, and what it has is counted from its database.
"""

import itertools
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from agent.commands import enrol
from agent.journal import SIZE_LIMIT, Journal
from agent.trouble import Trouble
from collectors.base import utc_now
from server_stub.intake import often
from tests.delivery_laptop import Answer, Carrier, drain, outbox, over_the_network, turn
from tests.laptop import Chain, chain
from tests.seal_faults import Case
from tests.test_journal import new_event
from tests.token_race import race

LIVES = (0.02, 0.25)
"""Seconds that a laptop lives before it is killed."""
TURNS = 20
"""How often the rest is tried."""
BOOT = str(uuid.UUID(int=0))
"""All lives are of one start of the computer."""
LOST_REQUESTS, LOST_REPLIES = 0.10, 0.10
SEALED = 600
"""Characters of the sealed part of an event, as a path of usual length makes it."""
PAUSE = 0.01
"""Seconds between two events: ten thousand lives stay within what one laptop may send."""
MOST_WAITING = 400
"""Events that may wait before the producer pauses; the kills are about moments, not about load."""


@dataclass(kw_only=True)
class Notes:
    """What a laptop says that it is about to record, and what was recorded; kept outside of it."""

    folder: Path

    def opened(self) -> tuple[int, int]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.open(self.tried, flags), os.open(self.kept, flags)

    @property
    def tried(self) -> Path:
        return self.folder / "tried"

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    def ids(self, path: Path) -> set[str]:
        """Whole lines only; the last may have been cut off."""
        text = path.read_text("ascii") if path.exists() else ""
        return set(text[: text.rfind("\n") + 1].split())


def killed(base: Path, kills: int, seed: int = 1) -> Iterator[Case]:
    """kill -9 at random moments while a tenth of requests and a tenth of replies are lost."""
    base.chmod(0o711)  # the sender passes through it without rights
    dice, notes = random.Random(seed), Notes(folder=base)
    with chain(base / "x") as laptop:
        enrol.enrol(laptop.server, laptop.token(), "issued", laptop.folders.agent, utc_now())
        for number in range(kills):
            child = _forked(lambda n=number: _live(laptop, notes, n))  # type: ignore[misc]
            time.sleep(dice.uniform(*LIVES))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        _drain(laptop)
        yield from _counted(laptop, notes, kills)


def _forked(work: Callable[[], None]) -> int:
    """Run ``work`` in a process of its own, which is to be killed; its pid."""
    child = os.fork()
    if child:
        return child
    _end_after(work)


def _end_after(work: Callable[[], None]) -> NoReturn:
    try:
        work()
    finally:
        os._exit(1)


def _live(laptop: Chain, notes: Notes, number: int) -> None:
    """Record events and send them, until killed."""
    journal = Journal(laptop.folders.agent)
    tried, kept = notes.opened()

    def produce() -> None:
        while True:
            if journal.count() > MOST_WAITING:
                time.sleep(0.01)
                continue
            time.sleep(PAUSE)
            event = new_event()
            os.write(tried, f"{event.id}\n".encode("ascii"))
            if journal.append(event):
                os.write(kept, f"{event.id}\n".encode("ascii"))

    threading.Thread(target=produce, daemon=True).start()
    box = outbox(journal, laptop.folders.agent, boot_id=BOOT)
    carry = _lossy(random.Random(number))
    while True:
        turn(box, carry, wait=0.05)


def _lossy(dice: random.Random) -> Carrier:
    """The real sender on a network that loses a tenth, each way."""

    def carry(request: dict[str, Any]) -> Answer | Trouble:
        if dice.random() < LOST_REQUESTS:
            return Trouble.UNREACHABLE
        answer = over_the_network(request)
        return Trouble.UNREACHABLE if dice.random() < LOST_REPLIES else answer

    return carry


def _drain(laptop: Chain) -> None:
    """Deliver the rest; a laptop that asked too often is told to wait, and waits."""
    journal = Journal(laptop.folders.agent)
    try:
        box = outbox(journal, laptop.folders.agent, boot_id=BOOT)
        for _ in range(TURNS):
            if drain(box, journal, over_the_network):
                return
            time.sleep(often.PAUSE + 1)
        raise AssertionError("the journal never empties")
    finally:
        journal.close()


def _counted(laptop: Chain, notes: Notes, kills: int) -> Iterator[Case]:
    database = sqlite3.connect(f"file:{laptop.folders.collector}/collector.db?mode=ro", uri=True)
    rows = database.execute("SELECT seq, event_id FROM events ORDER BY seq").fetchall()
    faults = database.execute("SELECT kind FROM faults").fetchall()
    database.close()
    stored = [event_id for _, event_id in rows]
    kept, tried = notes.ids(notes.kept), notes.ids(notes.tried)
    gaps = sum(after[0] != before[0] + 1 for before, after in itertools.pairwise(rows))
    for what, bad in (
        ("lost", len(kept - set(stored))),
        ("twice", len(stored) - len(set(stored))),
        ("that nobody recorded", len(set(stored) - tried)),
        ("missing in the chain, or fault entries", gaps + len(faults)),
    ):
        note = f"{len(stored)} events at the collector, {len(kept)} known as recorded"
        yield Case(name=f"delivery killed: events {what}", tries=kills, bad=bad, note=note)


def cut_off(
    disk_at: Path,
    cut_power: Callable[[], None],
    again: Callable[[], None],
    cuts: int,
    notes: Notes,
    seed: int = 2,
) -> Case:
    """The power is cut while events are recorded; what was said to be recorded is there after."""
    case, dice, acknowledged = (
        Case(name="delivery: power cut while recording"),
        random.Random(seed),
        0,
    )
    for number in range(cuts):
        shutil.rmtree(disk_at / str(number - 1), ignore_errors=True)
        folder = disk_at / str(number)
        folder.mkdir()
        os.sync()
        child = _forked(lambda at=folder: _record(at, notes))  # type: ignore[misc]
        time.sleep(dice.uniform(*LIVES))
        kept = notes.ids(notes.kept)  # before the cut: a dying disk says yes to anything
        os.waitpid(_forked(cut_power), 0)  # whoever cuts it keeps a hand on the disk
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        again()
        there = _ids_in(folder)
        acknowledged += len(kept)
        case.tries += 1
        case.bad += len(kept - there)
        notes.kept.unlink(missing_ok=True)
        notes.tried.unlink(missing_ok=True)
    case.note = f"{acknowledged} events were said to be recorded"
    return case


def _record(folder: Path, notes: Notes) -> None:
    journal = Journal(folder)
    _, kept = notes.opened()
    while True:
        event = new_event()
        if journal.append(event):
            os.write(kept, f"{event.id}\n".encode("ascii"))


def _ids_in(folder: Path) -> set[str]:
    """The events of a journal that was cut off; raises AssertionError if it was set aside."""
    journal = Journal(folder)
    try:
        assert not list(folder.glob("*.bad-*")), "a cut damaged the journal"
        database = sqlite3.connect(f"file:{folder}/journal.db?mode=ro", uri=True)
        found = {row[0] for row in database.execute("SELECT id FROM events")}
        database.close()
        return found
    finally:
        journal.close()


def raced(rounds: int, threads: int) -> Case:
    """So many laptops show one token at once: exactly one comes in."""
    counted = race(rounds, threads)
    case = Case(name=f"delivery: {threads} laptops with one token", tries=rounds)
    case.bad = rounds - counted.rounds_with_one
    case.note = f"{counted.let_in} of {counted.tries} came in"
    return case


def long_offline(base: Path, days: int, a_day: int) -> Case:
    """So many days without the collector: everything waits, and leaves in order."""
    case = Case(name=f"delivery: {days} days offline with {a_day} events a day")
    journal = Journal(base)
    try:
        for _ in range(days * a_day):
            journal.append(new_event(sealed="A" * SEALED))
            case.tries += 1
        case.bad += case.tries - journal.count()
        (size,) = journal._one("SELECT sum(length(body)) FROM events")
        case.note = f"{size / 2**20:.2f} MiB of {SIZE_LIMIT // 2**20} MiB"
    finally:
        journal.close()
    return case

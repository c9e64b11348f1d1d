"""The journal's files damaged: every start gives what was written, or sets it aside and says so.

A killed process leaves a database and a log beside it that is not written back; that state is
copied, damaged and opened again, thousands of times. What must not happen is silence: rows that
nobody wrote, a hole, another end of the chain, or an attempt that says something else than it did.
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.journal import Journal
from agent.wire import event as wire
from tests.mutations import flip
from tests.seal_faults import Case
from tests.test_journal import acknowledge, new_event

ROWS = 60
ATTEMPTS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What a journal holds, as far as the collector or an action can come to see it."""

    rows: list[tuple[int, str]]
    previous: str
    attempts: list[bytes]
    end: tuple[int, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """A journal's files as a killed process left them, and what had been written to them."""

    folder: Path
    kept: Kept
    written: dict[int, str]


def damaged(base: Path, times: int, seed: int = 7) -> list[Case]:
    """Each way to damage it: the log, a database with rows that wait, and one without."""
    logged = left_behind(base / "logged", receipted=10)
    whole = left_behind(base / "whole", receipted=10, written_back=True)
    receipted = left_behind(base / "receipted", receipted=ROWS, written_back=True)
    ways: tuple[tuple[str, Store, Damage], ...] = (
        ("the log cut off", logged, _cut_log),
        ("a bit of the log flipped", logged, _flip_log),
        ("a bit of the database flipped", whole, _flip_database),
        ("a bit of a receipted database flipped", receipted, _flip_database),
    )
    cases = []
    for name, store, damage in ways:
        dice, case = random.Random(seed), Case(name=f"journal: {name}")
        outcomes: dict[str, int] = {}
        for _ in range(times):
            outcome = _tried(store, base / "damaged", damage, dice)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        case.tries, case.bad = times, outcomes.get("silent", 0)
        case.note = ", ".join(f"{n} {what}" for what, n in sorted(outcomes.items()))
        cases.append(case)
    return cases


def left_behind(folder: Path, receipted: int, written_back: bool = False) -> Store:
    """The files of a journal that was killed: rows, open attempts, and a log."""
    live = folder / "live"
    live.mkdir(parents=True)
    journal = Journal(live)
    journal.close()  # writes the log back, so that the database is more than an empty page
    journal = Journal(live)
    for number in range(ROWS):
        journal.append(new_event(sealed="A" * 400), once=f"told-{number}")
        if number == ROWS // 2:
            journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for _ in range(ATTEMPTS):
        journal.begin(new_event(), once=None, action="seal-file", size=1)
    written = dict(kept(journal).rows)
    acknowledge(journal, receipted)
    if written_back:
        journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(live, folder / "left")
    store = Store(folder=folder / "left", kept=kept(journal), written=written)
    journal.close()
    return store


def kept(journal: Journal) -> Kept:
    """What a journal gives to whoever asks."""
    pending = journal.pending()
    return Kept(
        rows=[(record.seq, record.body) for record in pending.records],
        previous=pending.previous,
        attempts=sorted(wire.encode(attempt) for attempt in journal.attempts()),
        end=journal.end(),
    )


Damage = Callable[[Path, random.Random], None]


def _cut_log(folder: Path, dice: random.Random) -> None:
    log = (folder / "journal.db-wal").read_bytes()
    (folder / "journal.db-wal").write_bytes(log[: dice.randrange(len(log))])


def _flip_log(folder: Path, dice: random.Random) -> None:
    _flip(folder / "journal.db-wal", dice)


def _flip_database(folder: Path, dice: random.Random) -> None:
    _flip(folder / "journal.db", dice)


def _flip(path: Path, dice: random.Random) -> None:
    path.write_bytes(flip(dice, path.read_bytes()))


def _tried(store: Store, at: Path, damage: Damage, dice: random.Random) -> str:
    """Damage a copy and open it: what came of it, in a word."""
    shutil.rmtree(at, ignore_errors=True)
    shutil.copytree(store.folder, at)
    damage(at, dice)
    journal = Journal(at)
    try:
        found = kept(journal)
        if any(".bad-" in path.name for path in at.iterdir()):
            return "set aside" if _says_so(found) else "silent"
        return _judged(store, found)
    finally:
        journal.close()


def _says_so(found: Kept) -> bool:
    """Whether the new journal begins with the gap, well behind what the collector may have."""
    causes = [wire.decode(body).facts.get("cause") for _, body in found.rows]
    return causes == ["damage"] and found.rows[0][0] > ROWS


def _judged(store: Store, found: Kept) -> str:
    """A log that ends early shows an earlier moment; anything else must be as it was."""
    if found == store.kept:
        return "unharmed"
    if not (store.folder / "journal.db-wal").stat().st_size:
        return "silent"
    rows, made_up = dict(found.rows), set(found.attempts) - set(store.kept.attempts)
    run = list(rows) == list(range(min(rows, default=1), max(rows, default=0) + 1))
    true = all(store.written.get(seq) == body for seq, body in rows.items())
    earlier = found.end[0] < store.kept.end[0] or len(rows) > len(store.kept.rows)
    earlier = earlier or len(found.attempts) < len(store.kept.attempts)
    return "an earlier moment" if run and true and earlier and not made_up else "silent"

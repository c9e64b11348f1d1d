"""The record: what was told of whom, kept in the journal's database for the people it concerns.

An event's row here is written, and marked, in the transaction in which the journal takes, drops or
forgets the event itself, so neither a crash nor a full disk makes the two differ::

    begun       an action is being tried; nothing has left
    waiting     the event is journalled, and leaves with the next contact
    received    the collector has given its receipt, and the journal has forgotten the event
    dropped     it was pushed out of a full journal, and never left

It holds the event's body to the byte, with a digest that shows a changed one; whom it concerns; and
for that person, sealed to their own key, what they need to recognise it. It ends after the days of
the laptop's settings, and at a limit of bytes, at which whoever has most in it loses their oldest.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.journal_sound import stamped, unstamped
from agent.wire import event as wire

LIMIT = 64 * 1024 * 1024
"""Bytes."""
ROUND = 64
"""After so many events it is looked whether the limit is reached."""
_NOBODY = -1
SCHEMA = """
CREATE TABLE IF NOT EXISTS record(
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, uid INTEGER NOT NULL,
    at REAL NOT NULL, size INTEGER NOT NULL, state TEXT NOT NULL, received REAL,
    seq INTEGER, body BLOB NOT NULL, shown BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS record_of ON record(uid, place, size);
CREATE INDEX IF NOT EXISTS record_seq ON record(seq);
CREATE TABLE IF NOT EXISTS record_cut(
    uid INTEGER PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;
"""
_ROWS = "SELECT place, id, uid, at, state, received, body, shown FROM record WHERE uid IN (?, ?)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Whose:
    """Whom an event concerns, None being the laptop; ``shown`` is what was sealed for them."""

    uid: int | None = None
    shown: bytes = b""


LAPTOP = Whose()


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One event as it is recorded. ``body`` is what left, or would have; empty if it is damaged.

    ``place`` rises with each row. ``at`` and ``received`` are seconds since 1970.
    """

    place: int
    id: str
    uid: int | None
    at: float
    state: str
    received: float | None
    body: bytes
    shown: bytes


def begin(db: sqlite3.Connection, event: wire.Event, whose: Whose) -> None:
    """An action will be tried; ``event`` is not at its end yet."""
    _put(db, event, wire.encode(event), whose, None)


def give_up(db: sqlite3.Connection, number: str) -> None:
    """The attempt came to nothing that is told."""
    db.execute("DELETE FROM record WHERE id=? AND state='begun'", (number,))


def note(db: sqlite3.Connection, event: wire.Event, body: bytes, seq: int, whose: Whose) -> None:
    """An event is journalled under ``seq``; one that was begun keeps its person."""
    values = (stamped(body, event.id), len(body), seq, event.id)
    begun = db.execute(
        "UPDATE record SET body=?, size=?+length(shown), seq=?, state='waiting' "
        "WHERE id=? AND state='begun'",
        values,
    )
    if not begun.rowcount:
        _put(db, event, body, whose, seq)
    if seq % ROUND == 0:
        bound(db)


def receive(db: sqlite3.Connection, last: int, at: datetime) -> None:
    """The collector has what the journal still holds up to ``last``."""
    db.execute(
        "UPDATE record SET state='received', received=? "
        "WHERE state='waiting' AND seq IN (SELECT seq FROM events WHERE seq<=?)",
        (at.timestamp(), last),
    )


def drop(db: sqlite3.Connection, seq: int) -> None:
    """The journal drops an event that never left."""
    db.execute("UPDATE record SET state='dropped' WHERE seq=? AND state='waiting'", (seq,))


def forget(db: sqlite3.Connection, before: datetime, kept: Collection[str] = ()) -> None:
    """Drop what is older, but for the events of files that are sealed here still (``kept``)."""
    old = "SELECT id FROM record WHERE at<? AND state!='begun'"
    for (number,) in db.execute(old, (before.timestamp(),)).fetchall():
        if number not in kept:
            db.execute("DELETE FROM record WHERE id=?", (number,))


def bound(db: sqlite3.Connection, limit: int | None = None) -> None:
    """Keep to the limit of bytes: nobody's events push out those of somebody who has fewer."""
    most = LIMIT if limit is None else limit
    sizes = dict(db.execute("SELECT uid, sum(size) FROM record GROUP BY uid").fetchall())
    if sum(sizes.values()) <= most:
        return
    while sum(sizes.values()) > most * 9 // 10:
        uid = max(sizes, key=sizes.__getitem__)
        sizes[uid] -= _cut(db, uid, sizes[uid] // 10 + 1)


def page(
    db: sqlite3.Connection, uid: int, *, before: int, since: float, until: float, most: int
) -> Iterator[Row]:
    """The rows of a user and of the laptop, newest first, from below a place."""
    return map(
        _row,
        db.execute(
            f"{_ROWS} AND place<? AND at>=? AND at<? ORDER BY place DESC LIMIT ?",
            (uid, _NOBODY, before, since, until, most),
        ),
    )


def named(db: sqlite3.Connection, uid: int, numbers: Iterable[str]) -> Iterator[Row]:
    """Those of a user's rows, and of the laptop's, that have one of these numbers."""
    for number in numbers:
        yield from map(_row, db.execute(f"{_ROWS} AND id=?", (uid, _NOBODY, number)))


def whose(db: sqlite3.Connection, number: str) -> int | None:
    """Whom an event concerned; None: the laptop, or it is not in the record any more."""
    row = db.execute("SELECT uid FROM record WHERE id=?", (number,)).fetchone()
    return None if row is None or row[0] == _NOBODY else int(row[0])


def cut_of(db: sqlite3.Connection, uid: int) -> int:
    """How many rows of a user and of the laptop went because of the limit of bytes."""
    (times,) = db.execute(
        "SELECT coalesce(sum(times), 0) FROM record_cut WHERE uid IN (?, ?)", (uid, _NOBODY)
    ).fetchone()
    return int(times)


def _row(found: tuple[Any, ...]) -> Row:
    place, number, whom, at, state, received, body, shown = found
    whole = unstamped(body, number)
    return Row(
        place=place,
        id=number,
        uid=None if whom == _NOBODY else whom,
        at=at,
        state=state,
        received=received,
        body=b"" if whole == body else whole,
        shown=shown,
    )


def _put(
    db: sqlite3.Connection, event: wire.Event, body: bytes, whose: Whose, seq: int | None
) -> None:
    uid = _NOBODY if whose.uid is None else whose.uid
    state, at = "begun" if seq is None else "waiting", event.recorded_at.timestamp()
    db.execute(
        # A number that is there stays whose it is.
        "INSERT OR IGNORE INTO record(id, uid, at, size, state, seq, body, shown) "
        "VALUES(?,?,?,?,?,?,?,?)",
        (
            event.id,
            uid,
            at,
            len(body) + len(whose.shown),
            state,
            seq,
            stamped(body, event.id),
            whose.shown,
        ),
    )


def _cut(db: sqlite3.Connection, uid: int, least: int) -> int:
    """Drop somebody's oldest rows, of at least so many bytes; how many bytes that were."""
    gone, places = 0, []
    for place, size in db.execute(
        "SELECT place, size FROM record WHERE uid=? ORDER BY place", (uid,)
    ):
        places.append((place,))
        gone += size
        if gone >= least:
            break
    db.executemany("DELETE FROM record WHERE place=?", places)
    more = "INSERT INTO record_cut VALUES(?,?) ON CONFLICT(uid) DO UPDATE SET times=times+?"
    db.execute(more, (uid, len(places), len(places)))
    return gone

"""Whether a journal is as it was written: SQLite's own check, the chain, the attempts, the end.

SQLite alone misses most changed bytes. The chain shows a change of an event; an attempt, which is
in no chain yet, carries a digest of its own. The last receipt, in a file beside the database, shows
commits that a disk said it had and lost: a journal that went on from an earlier moment would give
numbers out twice, and the collector would refuse its every word from then on.
"""

import hashlib
import sqlite3

from agent.wire import event as wire
from agent.wire.messages import Receipt

LARGEST_JUMP = 10_000
"""How far numbers begin behind the last receipt when the rows after it were lost."""
_DIGEST = 32
"""Bytes."""


def sound(database: sqlite3.Connection, receipt: Receipt | None) -> bool:
    """Whether everything fits; what is no text or no number where it should be raises."""
    if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        return False
    whole = _attempts_hold(database) and _chain_holds(database)
    return whole and (receipt is None or _goes_on_from(database, receipt))


def stamped(body: bytes, once: str | None) -> bytes:
    """An attempt's body as it is stored: followed by a digest of it and its ``once``."""
    return body + _digest(body, once)


def unstamped(stored: bytes, once: str | None) -> bytes:
    """The body again. One that was changed keeps its digest, and so is no JSON; one from before
    there were digests is taken as it is."""
    body, digest = stored[:-_DIGEST], stored[-_DIGEST:]
    return body if digest == _digest(body, once) else stored


def behind(receipt: Receipt) -> tuple[int, str]:
    """Where numbers go on, well behind what the collector may have, when the rows were lost."""
    return receipt.last + LARGEST_JUMP, receipt.head


def _digest(body: bytes, once: str | None) -> bytes:
    return hashlib.sha256((once or "").encode() + b"\0" + body).digest()


def _attempts_hold(database: sqlite3.Connection) -> bool:
    rows = database.execute("SELECT id, once, body FROM attempts").fetchall()
    return all(wire.decode(unstamped(body, once)).id == name for name, once, body in rows)


def _chain_holds(database: sqlite3.Connection) -> bool:
    for body, previous, head, seq in database.execute(
        "SELECT body, previous, head, seq FROM events ORDER BY seq"
    ):
        wire.decode(body)
        if wire.link(previous, seq, body) != head:
            return False
    broken = database.execute(
        "SELECT 1 FROM events a JOIN events b ON b.seq = a.seq + 1 WHERE b.previous != a.head"
    )
    return broken.fetchone() is None


def _goes_on_from(database: sqlite3.Connection, receipt: Receipt) -> bool:
    """Whether the next number is one that the collector has not seen.

    A receipt is on the disk before its rows are forgotten, so it may be ahead of ``tail`` as long
    as those rows are there. A receipt that is itself damaged does no harm to rows that wait.
    """
    tail = database.execute("SELECT seq, head FROM tail").fetchone()
    (last,) = database.execute("SELECT max(seq) FROM events").fetchone()
    if last is None:
        return tail in ((receipt.last, receipt.head), behind(receipt))
    known = database.execute("SELECT 1 FROM events WHERE head=?", (receipt.head,)).fetchone()
    return bool(last > receipt.last or known is not None or tail[1] == receipt.head)

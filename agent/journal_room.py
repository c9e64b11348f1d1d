"""What the journal remembers of things, and what goes when it is full.

The oldest events go first, people's own reports and gaps last.
"""

import sqlite3
from datetime import UTC, datetime, timedelta

from agent import journal_record, own
from agent.journal_answers import Acted
from agent.said import OF_WHO_ASKED

KEPT_LONGEST = (own.GAP, *sorted(OF_WHO_ASKED))


def make_room(db: sqlite3.Connection, needed: int) -> tuple[list[str], int]:
    """Drop rows of at least ``needed`` bytes, never the newest; their kinds, and their bytes."""
    kept = ",".join("?" * len(KEPT_LONGEST))
    oldest = db.execute(
        f"SELECT seq, kind, length(body) FROM events WHERE seq < (SELECT max(seq) FROM events) "  # noqa: S608
        f"ORDER BY kind IN ({kept}), seq",
        KEPT_LONGEST,
    ).fetchall()
    dropped: list[str] = []
    size = 0
    for seq, kind, bytes_ in oldest:
        if size >= needed:
            break
        db.execute("DELETE FROM events WHERE seq=?", (seq,))
        journal_record.drop(db, seq)
        size += bytes_
        dropped.append(kind)
    return dropped, size


def known_since(db: sqlite3.Connection, key: str, now: datetime, forget: timedelta) -> datetime:
    """Since when ``key`` is known, now being one more time; anew if not for ``forget``."""
    at = now.timestamp()
    row = db.execute("SELECT since, seen FROM known WHERE key=?", (key,)).fetchone()
    fresh = row is None or abs(at - row[1]) > forget.total_seconds()
    since = at if fresh else row[0]
    db.execute("INSERT OR REPLACE INTO known VALUES(?,?,?)", (key, since, at))
    return datetime.fromtimestamp(since, UTC)


def acted_since(db: sqlite3.Connection, action: str, moment: datetime) -> Acted:
    """How often ``action`` was begun since ``moment``, and over how many bytes."""
    times, size = db.execute(
        "SELECT count(*), coalesce(sum(bytes), 0) FROM acted WHERE action=? AND at>=?",
        (action, moment.timestamp()),
    ).fetchone()
    return Acted(times=times, bytes=size)

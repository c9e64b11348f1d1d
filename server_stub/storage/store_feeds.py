"""Rows about feeds: where events are sent on to, and how far each has come."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from server_stub.storage.tables import events
from server_stub.storage.tables_pull import feeds

LONGEST_TROUBLE = 120
"""Characters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """A target that an administrator named. ``kinds`` is empty for every kind; ``after`` is the
    ``id`` of the last event that was sent on, or passed over because it is of another kind;
    ``trouble`` says why the last batch was not taken, and is empty if it was."""

    id: int
    name: str
    way: str
    target: str
    kinds: tuple[str, ...]
    form: str
    ca: str
    salt: str
    after: int
    added_at: datetime
    trouble: str


def add(connection: Connection, values: dict[str, Any], kinds: tuple[str, ...]) -> None:
    """Keep a new feed; ``values`` has the columns of the table but ``id`` and ``kinds``."""
    connection.execute(insert(feeds).values(**values, kinds=json.dumps(list(kinds))))


def all_feeds(connection: Connection) -> list[Feed]:
    """Every feed by name."""
    return [_feed(row) for row in connection.execute(select(feeds).order_by(feeds.c.name))]


def named(connection: Connection, name: str) -> Feed | None:
    """The feed of this name."""
    row = connection.execute(select(feeds).where(feeds.c.name == name)).first()
    return _feed(row) if row else None


def remove(connection: Connection, name: str) -> bool:
    """Send nothing on to a feed any more; whether there was one."""
    return connection.execute(delete(feeds).where(feeds.c.name == name)).rowcount == 1


def move_on(connection: Connection, salt: str, after: int) -> None:
    """Note how far a feed has come; what was sent on once stays so. A feed is named by its salt
    here: a number or a name may be given to another one meanwhile."""
    row = update(feeds).where(feeds.c.salt == salt, feeds.c.after < after)
    connection.execute(row.values(after=after))


def note_trouble(connection: Connection, salt: str, trouble: str) -> None:
    """Keep why a feed's last batch was not taken; empty when one was."""
    row = update(feeds).where(feeds.c.salt == salt)
    connection.execute(row.values(trouble=trouble[:LONGEST_TROUBLE]))


def lag_seconds(connection: Connection, feed: Feed, now: datetime) -> float:
    """How long ago the first event came in that a feed has not looked at; 0 if there is none."""
    rows = select(events.c.received_at).where(events.c.id > feed.after)
    first = connection.scalar(rows.order_by(events.c.id).limit(1))
    return max(0.0, (now - first).total_seconds()) if first else 0.0


def _feed(row: Row[Any]) -> Feed:
    values = dict(row._mapping)
    return Feed(**{**values, "kinds": tuple(json.loads(values["kinds"]))})

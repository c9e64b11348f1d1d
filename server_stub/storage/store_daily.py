"""Counts a day: events of each kind that came in, and laptops that were heard of.

They are counted as things come in, so that a figure over months reads a few hundred rows and not
every event. A day is one of UTC: the count is made once, for whoever looks, in whatever zone.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime

from sqlalchemy import Connection, func, insert, select, update

from server_stub.storage.tables import devices
from server_stub.storage.tables_fleet import daily

LAPTOPS = ""
"""The kind under which laptops are counted, which no event has."""


def note_events(connection: Connection, kinds: Iterable[str], now: datetime) -> None:
    """Count events that came in."""
    for kind, count in sorted(Counter(kinds).items()):
        _add(connection, now, kind, count)


def note_heard(connection: Connection, name: str, now: datetime) -> None:
    """Count a laptop, if it was not heard of before on this day; ask before that is written."""
    before = connection.scalar(select(devices.c.last_contact_at).where(devices.c.name == name))
    if before is None or before.astimezone(UTC).date() < now.astimezone(UTC).date():
        _add(connection, now, LAPTOPS, 1)


def counts_since(connection: Connection, first: date) -> dict[tuple[date, str], int]:
    """What was counted from a day on, by day and kind."""
    rows = select(daily.c.day, daily.c.kind, daily.c.count).where(daily.c.day >= str(first))
    return {(date.fromisoformat(day), kind): n for day, kind, n in connection.execute(rows)}


def count_by_kind(connection: Connection, first: date) -> list[tuple[str, int]]:
    """How many events of each kind came in from a day on, the most frequent first."""
    total = func.sum(daily.c.count)
    rows = select(daily.c.kind, total).where(daily.c.day >= str(first), daily.c.kind != LAPTOPS)
    rows = rows.group_by(daily.c.kind).order_by(total.desc(), daily.c.kind)
    return [(kind, int(count)) for kind, count in connection.execute(rows)]


def _add(connection: Connection, now: datetime, kind: str, count: int) -> None:
    day = str(now.astimezone(UTC).date())
    here = (daily.c.day == day, daily.c.kind == kind)
    again = update(daily).where(*here).values(count=daily.c.count + count)
    if not connection.execute(again).rowcount:
        connection.execute(insert(daily).values(day=day, kind=kind, count=count))

"""The faults that may mean that somebody is at work, which the overview tells in words.

All other faults wait on the pages of their laptops. These call: a token in strange hands, and two
laptops that speak with one key. Somebody can say that they have seen a fault; one that happens once
more is unseen again.
"""

from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from server_stub.storage.store_devices import Fault
from server_stub.storage.tables import faults

KINDS = ("token-reuse", "chain-fork", "two-laptops", "chain-rollback")
MOST = 50
"""Alarms that are shown."""
UNSEEN = or_(faults.c.seen_at.is_(None), faults.c.seen_at < faults.c.last_at)
"""Of faults: nobody has looked since it last happened."""


def latest(connection: Connection, since: datetime) -> list[Fault]:
    """The alarms of since a moment: first those nobody has seen, and of each the newest first."""
    rows = select(*_FAULT).where(faults.c.kind.in_(KINDS), faults.c.last_at >= since)
    rows = rows.order_by(UNSEEN.desc(), faults.c.last_at.desc(), faults.c.id.desc()).limit(MOST)
    return [Fault(**row._mapping) for row in connection.execute(rows)]


def count(connection: Connection, since: datetime) -> int:
    """How many there are."""
    rows = select(func.count()).select_from(faults)
    rows = rows.where(faults.c.kind.in_(KINDS), faults.c.last_at >= since)
    return int(connection.scalar(rows) or 0)


def fault_at(connection: Connection, number: int) -> Fault | None:
    """One fault by its number, which nobody else changes until the transaction ends."""
    found = connection.execute(select(*_FAULT).where(faults.c.id == number).with_for_update())
    row = found.first()
    return Fault(**row._mapping) if row else None


def mark_seen(connection: Connection, fault: Fault, who: str, now: datetime) -> None:
    """Note that somebody has looked at a fault; never before the last time it happened."""
    row = update(faults).where(faults.c.id == fault.id)
    connection.execute(row.values(seen_at=max(now, fault.last_at or now), seen_by=who))


def text_of(fault: Fault) -> str:
    """The key of the sentence that tells what it is and what to do."""
    return f"alarm.{fault.reason if fault.kind == 'token-reuse' else fault.kind}"


_FAULT = tuple(faults.c[name] for name in Fault.__slots__)

"""The faults that may mean that somebody is at work, which the overview tells in words.

All other faults wait on the pages of their laptops. These call: a token in strange hands, and two
laptops that speak with one key.
"""

from datetime import datetime

from sqlalchemy import Connection, func, select

from server_stub.store_devices import Fault
from server_stub.tables import faults

KINDS = ("token-reuse", "chain-fork", "two-laptops", "chain-rollback")
MOST = 50
"""Alarms that are shown."""


def latest(connection: Connection, since: datetime) -> list[Fault]:
    """The alarms that were seen since a moment, the newest first."""
    columns = (faults.c[name] for name in Fault.__slots__)
    rows = select(*columns).where(faults.c.kind.in_(KINDS), faults.c.last_at >= since)
    rows = rows.order_by(faults.c.last_at.desc(), faults.c.id.desc()).limit(MOST)
    return [Fault(**row._mapping) for row in connection.execute(rows)]


def count(connection: Connection, since: datetime) -> int:
    """How many there are."""
    rows = select(func.count()).select_from(faults)
    rows = rows.where(faults.c.kind.in_(KINDS), faults.c.last_at >= since)
    return int(connection.scalar(rows) or 0)


def text_of(fault: Fault) -> str:
    """The key of the sentence that tells what it is and what to do."""
    return f"alarm.{fault.reason if fault.kind == 'token-reuse' else fault.kind}"

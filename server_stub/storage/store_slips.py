"""Rows about what people report of their own slips: for the director's page, and for the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, delete, insert, select, update

from agent.wire import event as wire
from agent.wire.receipts import receipt_number
from server_stub.storage.tables_slips import slips

LISTED = 200
_KEPT = ("device", "seq", "event_id", "received_at", "body", "head")


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """One report, without the laptop it came from."""

    id: int
    event_id: str
    received_at: datetime
    body: str
    talked_at: datetime | None

    @property
    def receipt(self) -> str:
        """The number that whoever reported it noted down."""
        return receipt_number(self.event_id)

    @property
    def sealed(self) -> str:
        """The sealed part."""
        return wire.decode(self.body).sealed


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep events of a kind that is kept apart; each row is as one of ``events`` would be."""
    if rows:
        kept = [{name: row[name] for name in _KEPT} for row in rows]
        connection.execute(insert(slips), kept)


def heads(connection: Connection, device: str, first: int, last: int) -> dict[int, str]:
    """The chain's value after each of these, from first to last."""
    rows = select(slips.c.seq, slips.c.head).where(slips.c.device == device)
    rows = rows.where(slips.c.seq >= first, slips.c.seq <= last)
    return {int(seq): str(head) for seq, head in connection.execute(rows)}


def known_ids(connection: Connection, device: str, ids: Sequence[str]) -> set[str]:
    """Those of ``ids`` that this device has used here before."""
    rows = select(slips.c.event_id).where(slips.c.device == device, slips.c.event_id.in_(ids))
    return set(connection.scalars(rows))


def newest(connection: Connection) -> list[Slip]:
    """What the director's page shows: first what was not talked about, each the newest first."""
    talked = case((slips.c.talked_at.is_(None), 0), else_=1)
    rows = _SLIPS.order_by(talked, slips.c.id.desc()).limit(LISTED)
    return [Slip(**row._mapping) for row in connection.execute(rows)]


def numbered(connection: Connection, number: int) -> Slip | None:
    """The report with this number."""
    found = connection.execute(_SLIPS.where(slips.c.id == number)).first()
    return Slip(**found._mapping) if found else None


def set_talked(connection: Connection, number: int, at: datetime | None, who: str) -> None:
    """Note that it was talked about, or with None that it was not yet."""
    row = update(slips).where(slips.c.id == number)
    connection.execute(row.values(talked_at=at, talked_by=who if at else None))


def purge(connection: Connection, before: datetime) -> None:
    """Delete those received before a moment; how many that were is nobody's to know."""
    connection.execute(delete(slips).where(slips.c.received_at < before))


_SLIPS = select(*(slips.c[name] for name in Slip.__slots__))

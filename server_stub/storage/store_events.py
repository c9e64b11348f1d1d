"""Rows about events: what agents sent, by device and number, exactly as they chained it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from agent.wire import event as wire
from server_stub.storage import store_slips
from server_stub.storage.store_rows import Inserts
from server_stub.storage.tables import events, faults

REFUSED = "refused"
"""The kind of fault that stands in the place of a record the collector would not store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEvent:
    """An event as it was received. ``id`` rises in the order of receipt."""

    id: int
    device: str
    seq: int
    event_id: str
    kind: str
    observed_at: datetime
    recorded_at: datetime
    received_at: datetime
    body: str
    head: str

    @property
    def event(self) -> wire.Event:
        """The event itself."""
        return wire.decode(self.body)


def heads(connection: Connection, device: str, first: int, last: int) -> dict[int, str]:
    """The chain's value after each known record, stored, kept apart or refused."""
    stored: Select[Any] = select(events.c.seq, events.c.head).where(events.c.device == device)
    found = _pairs(connection, _between(stored, events, first, last))
    refused: Select[Any] = select(faults.c.seq, faults.c.head).where(faults.c.device == device)
    refused = _between(refused.where(faults.c.kind == REFUSED), faults, first, last)
    apart = store_slips.heads(connection, device, first, last)
    return found | _pairs(connection, refused) | apart


def refusals(connection: Connection, device: str, first: int, last: int) -> dict[int, str]:
    """Number and reason of each refused record from first to last."""
    rows: Select[Any] = select(faults.c.seq, faults.c.reason).where(faults.c.device == device)
    rows = _between(rows.where(faults.c.kind == REFUSED), faults, first, last)
    return _pairs(connection, rows.order_by(faults.c.seq))


def known_ids(connection: Connection, device: str, ids: Sequence[str]) -> set[str]:
    """Those of ``ids`` that this device has used before."""
    return set(connection.scalars(_USED, {"asked": device, "ids": ids}))


def add_events(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store events; each row has the columns of the table but ``id``."""
    _NEW.add(connection, rows)


def event_at(connection: Connection, device: str, seq: int) -> StoredEvent | None:
    """One event by device and number."""
    rows = select(events).where(events.c.device == device, events.c.seq == seq)
    found = connection.execute(rows).first()
    return StoredEvent(**found._mapping) if found else None


def events_before(
    connection: Connection, device: str, before: int | None, most: int
) -> list[StoredEvent]:
    """A device's events, the newest number first, below ``before``."""
    rows = select(events).where(events.c.device == device)
    if before is not None:
        rows = rows.where(events.c.seq < before)
    rows = rows.order_by(events.c.seq.desc()).limit(most)
    return [StoredEvent(**row._mapping) for row in connection.execute(rows)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which events: of one laptop, of these kinds, received from ``since`` until just before
    ``until``; what is left out sets no bound."""

    device: str | None = None
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


EVERY = Wanted()


def events_after(
    connection: Connection, cursor: int, most: int, wanted: Wanted = EVERY
) -> list[StoredEvent]:
    """Events in the order of receipt, after a cursor (an ``id``)."""
    rows = select(events).where(events.c.id > cursor)
    if wanted.device is not None:
        rows = rows.where(events.c.device == wanted.device)
    if wanted.kinds:
        rows = rows.where(events.c.kind.in_(wanted.kinds))
    if wanted.since is not None:
        rows = rows.where(events.c.received_at >= wanted.since)
    if wanted.until is not None:
        rows = rows.where(events.c.received_at < wanted.until)
    rows = rows.order_by(events.c.id).limit(most)
    return [StoredEvent(**row._mapping) for row in connection.execute(rows)]


def last_id(connection: Connection) -> int:
    """The ``id`` of the event that was received last; 0 if there is none."""
    return int(connection.scalar(select(func.max(events.c.id))) or 0)


def count_between(connection: Connection, after: int, last: int) -> dict[str, int]:
    """How many events of each kind have an ``id`` above ``after`` and up to ``last``."""
    rows = select(events.c.kind, func.count()).where(events.c.id > after, events.c.id <= last)
    found = connection.execute(rows.group_by(events.c.kind))
    return {kind: int(count) for kind, count in found}


# Built once: see store_devices.
_USED = select(events.c.event_id).where(
    events.c.device == bindparam("asked"), events.c.event_id.in_(bindparam("ids", expanding=True))
)
_NEW = Inserts(events, [column.name for column in events.c if column.name != "id"])


def _pairs(connection: Connection, rows: Select[Any]) -> dict[int, str]:
    return {int(number): str(text) for number, text in connection.execute(rows)}


def _between(rows: Select[Any], table: Any, first: int, last: int) -> Select[Any]:
    return rows.where(table.c.seq >= first, table.c.seq <= last)

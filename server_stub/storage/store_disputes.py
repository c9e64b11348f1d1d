"""Rows about false alarms: what officers said of events, and what staff told of verdicts."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, tuple_

from agent.wire.event import Event
from server_stub.disputes import TOLD, Dispute
from server_stub.storage.store_events import StoredEvent
from server_stub.storage.tables import disputes, events

MOST = 10_000
"""Disputes that are counted, the newest of them."""
_BETWEEN = " "


def set_dispute(connection: Connection, dispute: Dispute) -> None:
    """Store an officer's word on an event, in the place of an earlier one."""
    here = (disputes.c.device == dispute.device, disputes.c.seq == dispute.seq)
    connection.execute(delete(disputes).where(*here))
    row = insert(disputes).values(
        device=dispute.device,
        seq=dispute.seq,
        reason=dispute.reason,
        evidence=_BETWEEN.join(dispute.evidence),
        detector=dispute.detector,
        at=dispute.at,
        who=dispute.who,
    )
    connection.execute(row)


def dispute_at(connection: Connection, device: str, seq: int) -> Dispute | None:
    """The word on this event, if there is one."""
    here = (disputes.c.device == device, disputes.c.seq == seq)
    found = connection.execute(select(disputes).where(*here)).first()
    return _dispute(found) if found else None


def reasons(connection: Connection, found: Collection[StoredEvent]) -> dict[tuple[str, int], str]:
    """The reason given for each of these events that were marked, by laptop and number."""
    places = [(one.device, one.seq) for one in found]
    columns = (disputes.c.device, disputes.c.seq)
    rows = select(*columns, disputes.c.reason).where(tuple_(*columns).in_(places))
    return {(device, int(seq)): reason for device, seq, reason in connection.execute(rows)}


def marked(connection: Connection) -> list[Dispute]:
    """What officers marked, the newest first."""
    rows = select(disputes).order_by(disputes.c.at.desc(), disputes.c.id.desc()).limit(MOST)
    return [_dispute(row) for row in connection.execute(rows)]


def told(connection: Connection) -> list[Event]:
    """What staff told, the newest first."""
    rows = select(events).where(events.c.kind == TOLD).order_by(events.c.id.desc()).limit(MOST)
    return [StoredEvent(**row._mapping).event for row in connection.execute(rows)]


def _dispute(row: Row[Any]) -> Dispute:
    values = {name: row._mapping[name] for name in Dispute.__slots__}
    return Dispute(**values | {"evidence": tuple(values["evidence"].split())})

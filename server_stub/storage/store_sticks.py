"""Rows about sticks: the events in which one laptop names one stick by its digest."""

from collections.abc import Sequence

from sqlalchemy import Connection, Select, select

from server_stub import sticks
from server_stub.storage.store_events import StoredEvent
from server_stub.storage.tables import events

MOST = 2_000
"""Events of one stick that are looked at, the newest of them."""


def events_of_stick(connection: Connection, device: str, digest: str) -> list[StoredEvent]:
    """What a laptop told of the stick with this digest, the newest first, up to ``MOST``."""
    found = (StoredEvent(**row._mapping) for row in connection.execute(query(device, digest)))
    return [one for one in found if sticks.device_of(one.event) == digest]


def query(device: str, digest: str, kinds: Sequence[str] = sticks.TOLD) -> Select[tuple[object]]:
    """The rows in whose body the digest stands; a digest has no character that LIKE reads."""
    rows = select(events).where(events.c.device == device, events.c.kind.in_(kinds))
    rows = rows.where(events.c.body.contains(digest, autoescape=True))
    return rows.order_by(events.c.seq.desc()).limit(MOST)

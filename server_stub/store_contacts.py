"""How each laptop said it was, at its last contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server_stub.tables import contacts, devices


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One laptop's word. ``behind_seconds`` is how far its clock is behind this collector's."""

    device: str
    at: datetime
    policy: int
    signed: bool
    expired: bool
    mode: str
    held: str | None
    keyring: int
    state: str
    waiting: int
    behind_seconds: int


def note_standing(connection: Connection, standing: Standing) -> None:
    """Keep a laptop's word in place of the one before, and that it was heard."""
    values: dict[str, Any] = {name: getattr(standing, name) for name in Standing.__slots__}
    again = update(contacts).where(contacts.c.device == standing.device).values(**values)
    if not connection.execute(again).rowcount:
        connection.execute(insert(contacts).values(**values))
    heard = update(devices).where(devices.c.name == standing.device)
    connection.execute(heard.values(last_contact_at=standing.at))


def standings(connection: Connection, names: Sequence[str]) -> dict[str, Standing]:
    """The last word of each of these laptops that ever gave one."""
    rows = connection.execute(select(contacts).where(contacts.c.device.in_(names)))
    return {row.device: Standing(**row._mapping) for row in rows}

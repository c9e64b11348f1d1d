"""How each laptop said it was, at its last contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from server_stub.storage import store_daily
from server_stub.storage.tables import contacts, devices

FINE_SECONDS = 90


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

    @property
    def clock_is_right(self) -> bool:
        """Whether its clock is off by no more than a request may take on its way."""
        return abs(self.behind_seconds) <= FINE_SECONDS

    @property
    def minutes_off(self) -> int:
        """How far its clock is off, either way."""
        return round(abs(self.behind_seconds) / 60)


def note_standing(connection: Connection, standing: Standing) -> None:
    """Keep a laptop's word in place of the one before, and that it was heard."""
    values: dict[str, Any] = {name: getattr(standing, name) for name in Standing.__slots__}
    store_daily.note_heard(connection, standing.device, standing.at)
    again = update(contacts).where(contacts.c.device == standing.device).values(**values)
    if not connection.execute(again).rowcount:
        connection.execute(insert(contacts).values(**values))
    heard = update(devices).where(devices.c.name == standing.device)
    connection.execute(heard.values(last_contact_at=standing.at))


def standings(connection: Connection, names: Sequence[str]) -> dict[str, Standing]:
    """The last word of each of these laptops that ever gave one."""
    rows = connection.execute(select(contacts).where(contacts.c.device.in_(names)))
    return {row.device: Standing(**row._mapping) for row in rows}


def count_by_state(connection: Connection) -> dict[str, int]:
    """How many laptops said at their last contact that they are how, by their own word for it."""
    rows = select(contacts.c.state, func.count()).group_by(contacts.c.state)
    return {state: int(count) for state, count in connection.execute(rows)}

"""Rows about who opened which sealed part, and why."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from server_stub.openings import Opening
from server_stub.storage.tables_sealed import openings


def add(connection: Connection, made: Opening) -> None:
    """Note that somebody is about to open a sealed part."""
    values = {name: getattr(made, name) for name in Opening.__slots__}
    connection.execute(insert(openings).values(**values))


def of_event(connection: Connection, device: str, seq: int) -> list[Opening]:
    """Every opening of one event's sealed part, the newest first."""
    here = (openings.c.device == device, openings.c.seq == seq)
    rows = select(*(openings.c[name] for name in Opening.__slots__)).where(*here)
    found = connection.execute(rows.order_by(openings.c.id.desc()))
    return [Opening(**row._mapping) for row in found]


def has_reason(connection: Connection, device: str, seq: int, who: str, since: datetime) -> bool:
    """Whether this person gave a reason for this event since a moment."""
    here = (openings.c.device == device, openings.c.seq == seq, openings.c.who == who)
    rows = select(openings.c.id).where(*here, openings.c.at > since).limit(1)
    return connection.execute(rows).first() is not None

"""Rows about what the organisation set for itself: a value by its name, the same for all collectors
on the database."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from server_stub.storage.tables import settings


def value(connection: Connection, name: str) -> str | None:
    """What is set; None if nothing is."""
    found: str | None = connection.scalar(select(settings.c.value).where(settings.c.name == name))
    return found


def write(connection: Connection, values: Mapping[str, str]) -> None:
    """Set these, in the place of what was set before."""
    connection.execute(delete(settings).where(settings.c.name.in_(values)))
    rows = [{"name": name, "value": text} for name, text in values.items()]
    connection.execute(insert(settings), rows)

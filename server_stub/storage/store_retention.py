"""Rows of events that were kept long enough."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, select

from server_stub.storage import store_letters, store_settings
from server_stub.storage.tables import events
from server_stub.storage.tables_pull import newest as newest_answers
from server_stub.storage.tables_register import breaches

DAYS = "retention-days"


def days(connection: Connection) -> int | None:
    """How many days events are kept, if somebody said so."""
    value = store_settings.value(connection, DAYS)
    return None if value is None else int(value)


def set_days(connection: Connection, number: int) -> None:
    """Say how many days events are kept."""
    store_settings.write(connection, {DAYS: str(number)})


def newest(connection: Connection) -> datetime | None:
    """When the last event was received."""
    found: datetime | None = connection.scalar(select(func.max(events.c.received_at)))
    return found


def purge(connection: Connection, before: datetime, most: int) -> int:
    """Delete at most so many events received before a moment; how many that were.

    What an entry of the register was made from stays as long as the entry, with the answers to the
    questions about it, and the newest answer of a laptop to a check stays until there is a newer
    one. The last event of all stays too: its
    number must never be given again, since whoever pulls goes on after it.
    """
    last = select(func.max(events.c.id)).scalar_subquery()
    rows = select(events.c.id).where(
        events.c.received_at < before,
        events.c.id < last,
        ~_is_named_in(breaches.c.device, breaches.c.seq),
        ~store_letters.answers_for_register(events.c.device, events.c.seq),
        ~_is_named_in(newest_answers.c.device, newest_answers.c.seq),
    )
    numbers = list(connection.scalars(rows.order_by(events.c.id).limit(most)))
    connection.execute(delete(events).where(events.c.id.in_(numbers)))
    store_letters.purge(connection, before)
    return len(numbers)


def _is_named_in(device: ColumnElement[str], seq: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(and_(device == events.c.device, seq == events.c.seq))

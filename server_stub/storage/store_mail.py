"""Rows about mail: what was sent to whom, what does not get through, and reported leaks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from agent.wire import event as wire
from agent.wire.event import Event
from agent.wire.receipts import receipt_number
from server_stub.post.reminders import Key, Report
from server_stub.storage.tables import events
from server_stub.storage.tables_mail import mail_troubles, sent_reminders

SERVER = ""
"""In the place of a reader: the mail server itself."""
LEAK = "leak-reported"
LONGEST_REASON = 400
"""Characters."""
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """A reader, or the server, that mail does not get to."""

    to_whom: str
    since: datetime
    tries: int
    retry_at: datetime
    reason: str


def add_sent(connection: Connection, who: str, keys: Iterable[Key], at: datetime) -> None:
    """Note that the server took these for a reader, who is out of trouble with that."""
    rows = [{**key._asdict(), "to_whom": who, "at": at} for key in keys]
    connection.execute(insert(sent_reminders), rows)
    drop_trouble(connection, who)


def sent(connection: Connection) -> dict[tuple[Key, str], datetime]:
    """When each thing was last sent to each reader."""
    columns = [sent_reminders.c[name] for name in (*Key._fields, "to_whom")]
    rows = select(*columns, func.max(sent_reminders.c.at)).group_by(*columns)
    return {(Key(*key), who): at for *key, who, at in connection.execute(rows)}


def last_sent(connection: Connection) -> datetime | None:
    """When the server last took a reminder."""
    found: datetime | None = connection.scalar(select(func.max(sent_reminders.c.at)))
    return found


def reports(
    connection: Connection,
    since: datetime,
    whom: Callable[[Event], frozenset[str]] | None = None,
) -> list[Report]:
    """The leaks that were reported since a moment, the oldest first; ``whom`` says who is told."""
    body = events.c.body if whom else literal("")
    rows = select(events.c.id, events.c.event_id, events.c.received_at, body.label("body"))
    rows = rows.where(events.c.kind == LEAK, events.c.received_at >= since)
    return [
        Report(
            event=number,
            receipt=receipt_number(event_id),
            received_at=at,
            route=whom(wire.decode(body)) if whom else frozenset(),
        )
        for number, event_id, at, body in connection.execute(rows.order_by(events.c.id))
    ]


def place_of(connection: Connection, event: int) -> tuple[str, int] | None:
    """The laptop and the number there of an event, by the collector's own number."""
    rows = select(events.c.device, events.c.seq).where(events.c.id == event)
    found = connection.execute(rows).first()
    return (found.device, found.seq) if found else None


def place_of_report(connection: Connection, begin: str) -> tuple[str, int] | None:
    """The same of the newest reported leak whose event's number begins so."""
    rows = (
        select(events.c.device, events.c.seq)
        .where(events.c.kind == LEAK, events.c.event_id.startswith(begin, autoescape=True))
        .order_by(events.c.id.desc())
    )
    found = connection.execute(rows).first()
    return (found.device, found.seq) if found else None


def troubles(connection: Connection) -> list[Trouble]:
    """All that mail does not get to."""
    rows = connection.execute(select(mail_troubles).order_by(mail_troubles.c.to_whom))
    return [Trouble(**row._mapping) for row in rows]


def failing_since(connection: Connection) -> datetime | None:
    """Since when some reminder waits that cannot be sent; None if none does."""
    found: datetime | None = connection.scalar(select(func.min(mail_troubles.c.since)))
    return found


def add_trouble(connection: Connection, who: str, reason: str, now: datetime) -> Trouble:
    """Note that mail did not get through; the next try comes later each time."""
    rows = select(mail_troubles).where(mail_troubles.c.to_whom == who)
    found = connection.execute(rows).first()
    tries = found.tries if found else 0
    made = Trouble(
        to_whom=who,
        since=found.since if found else now,
        tries=tries + 1,
        retry_at=now + _WAITS[min(tries, len(_WAITS) - 1)],
        reason=reason[:LONGEST_REASON],
    )
    drop_trouble(connection, who)
    values = {name: getattr(made, name) for name in Trouble.__slots__}
    connection.execute(insert(mail_troubles).values(**values))
    return made


def drop_trouble(connection: Connection, who: str) -> None:
    """Note that mail gets through again, or that nothing waits any more."""
    connection.execute(delete(mail_troubles).where(mail_troubles.c.to_whom == who))


def drop_all_troubles(connection: Connection) -> None:
    """Nothing is to be sent any more."""
    connection.execute(delete(mail_troubles))


def retry_now(connection: Connection, now: datetime) -> None:
    """Wait no longer: something was changed that may help."""
    connection.execute(update(mail_troubles).values(retry_at=now))

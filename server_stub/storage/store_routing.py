"""Rows of who is told of a leak: the organisation's routing, and what was noted and sent."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select

from server_stub.breaches import routing
from server_stub.breaches.register import Breach
from server_stub.breaches.routing import Routing, Told
from server_stub.storage import store_history, store_settings
from server_stub.storage.tables import events
from server_stub.storage.tables_mail import sent_reminders
from server_stub.storage.tables_register import breach_told

TEXT, SINCE, SALT = "routing", "routing-since", "routing-salt"
DONE, NOT_NEEDED = "recipient-told", "recipient-not-needed"
BY_MAIL, BY_HOOK = "route:", "hook:"
"""How a reader begins who stands in the routing; the recipient's name follows."""
_BOXES = {"mailbox:reports-to": routing.REPORTS_TO, "mailbox:copy-to": routing.COPY_TO}


def text(connection: Connection) -> str:
    """The organisation's routing as it was written; empty for the product's."""
    return _setting(connection, TEXT)


def now(connection: Connection) -> Routing:
    """The routing that is gone by; one that a later version refuses is the product's again."""
    return routing.read_if_good(text(connection))


def since(connection: Connection) -> datetime | None:
    """When the organisation's routing was set; what was reported before goes to no hook."""
    found = _setting(connection, SINCE)
    return datetime.fromisoformat(found) if found else None


def salt(connection: Connection) -> str:
    """From which the secrets of hooks follow."""
    return _setting(connection, SALT)


def write(connection: Connection, given: str, fresh_salt: str, at: datetime) -> None:
    """Go by this routing; empty for the product's. The salt of before stays, and so do secrets."""
    values = {TEXT: given, SINCE: at.isoformat(), SALT: salt(connection) or fresh_salt}
    store_settings.write(connection, values)


def note(connection: Connection, breach: Breach, mark: Told) -> None:
    """Note that somebody was told, or need not be; in the entry's history too."""
    values = {name: getattr(mark, name) for name in Told.__slots__}
    connection.execute(insert(breach_told).values(breach=breach.id, **values))
    at = mark.at.isoformat() if mark.at else ""
    told = json.dumps({"at": at, "reason": mark.reason, "recipient": mark.recipient})
    act = NOT_NEEDED if mark.at is None else DONE
    store_history.add_history(connection, breach.id, mark.who, act, told, mark.noted_at)


def marks(connection: Connection, breach: Breach) -> list[Told]:
    """What was noted of an entry, the oldest first."""
    rows = select(breach_told).where(breach_told.c.breach == breach.id)
    return [_told(row) for row in connection.execute(rows.order_by(breach_told.c.id))]


def sent(connection: Connection, breach: Breach, found: Routing) -> dict[str, datetime]:
    """When the collector first sent each recipient something about an entry or its report."""
    reported = select(events.c.id).where(
        events.c.device == breach.draft.device, events.c.seq == breach.draft.seq
    )
    about = and_(sent_reminders.c.event.is_not(None), sent_reminders.c.event.in_(reported))
    rows = select(sent_reminders.c.to_whom, func.min(sent_reminders.c.at))
    rows = rows.where(or_(about, sent_reminders.c.breach == breach.id))
    found_rows = connection.execute(rows.group_by(sent_reminders.c.to_whom))
    whom = {row[0]: row[1] for row in found_rows}
    return {
        name: min(at)
        for name, one in found.recipients.items()
        if (at := [whom[who] for who in _readers(name, one.address) if who in whom])
    }


def _readers(name: str, address: str) -> list[str]:
    boxes = [who for who, box in _BOXES.items() if box == address]
    return boxes or [BY_MAIL + name, BY_HOOK + name]


def _setting(connection: Connection, name: str) -> str:
    return store_settings.value(connection, name) or ""


def _told(row: Row[Sequence[Any]]) -> Told:
    return Told(**{name: getattr(row, name) for name in Told.__slots__})

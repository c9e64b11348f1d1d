"""Rows of what was noted about the duties of an entry: added to, never changed."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select

from server_stub.breaches.duties import Duty, Mark
from server_stub.breaches.register import Breach
from server_stub.storage import store_history, store_register
from server_stub.storage.tables_register import breach_marks

DONE, NOT_NEEDED = "duty-done", "duty-not-needed"


def add(connection: Connection, breach: Breach, mark: Mark) -> None:
    """Note a mark, in the entry's history too."""
    connection.execute(
        insert(breach_marks).values(
            breach=breach.id,
            duty=mark.duty,
            at=mark.at,
            reason=mark.reason,
            who=mark.who,
            noted_at=mark.noted_at,
        )
    )
    told = {"duty": mark.duty, "at": mark.at.isoformat() if mark.at else "", "reason": mark.reason}
    act = NOT_NEEDED if mark.at is None else DONE
    store_history.add_history(
        connection, breach.id, mark.who, act, json.dumps(told, sort_keys=True), mark.noted_at
    )


def of(connection: Connection, breach: Breach) -> list[Mark]:
    """The marks of an entry, the oldest first."""
    return of_all(connection, [breach]).get(breach.id, [])


def of_all(connection: Connection, among: Sequence[Breach] | None = None) -> dict[int, list[Mark]]:
    """The marks of every entry, or of these, that has some, by its id."""
    found: dict[int, list[Mark]] = {}
    rows = select(breach_marks).order_by(breach_marks.c.id)
    if among is not None:
        rows = rows.where(breach_marks.c.breach.in_([one.id for one in among]))
    for row in connection.execute(rows):
        found.setdefault(row.breach, []).append(_mark(row))
    return found


def count_overdue(connection: Connection, late: datetime) -> int:
    """Entries whose authority was not told although their clock began before ``late``."""
    told = select(breach_marks.c.breach).where(breach_marks.c.duty == Duty.AUTHORITY)
    return store_register.count_begun(connection, late, told)


def _mark(row: Row[Sequence[object]]) -> Mark:
    return Mark(
        duty=Duty(row.duty), at=row.at, reason=row.reason, who=row.who, noted_at=row.noted_at
    )

"""Rows of the register's history and of the log of who looked at what: only added to, each chained.

Both can be checked as a whole, which takes as long as they are, or, for a page, by the lines on it.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, func, insert, select

from server_stub import chain
from server_stub.storage.tables import audit
from server_stub.storage.tables_register import breach_history

AWARE_SET = "aware-set"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of an entry's history."""

    breach: int
    at: datetime
    who: str
    act: str
    detail: str
    previous: str
    head: str

    @property
    def told(self) -> dict[str, str]:
        """What this line says besides the act; older acts have one plain word instead."""
        if self.act == AWARE_SET:
            return {"at": self.detail}
        return dict(json.loads(self.detail)) if self.detail.startswith("{") else {}

    @property
    def moment(self) -> datetime | None:
        """The moment that was decided on, if this line is about one."""
        at = self.told.get("at") or self.told.get("due")
        return datetime.fromisoformat(at) if at else None


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """One line of the log of who looked at, or made, what."""

    at: datetime
    who: str
    act: str
    subject: str
    previous: str
    head: str


def add_history(
    connection: Connection, breach: int, who: str, act: str, detail: str, now: datetime
) -> None:
    """Add a line to the history; all entries share one chain, so a whole entry is missed too."""
    previous = _last_head(connection, breach_history)
    content = (breach, now.isoformat(), who, act, detail)
    row = insert(breach_history).values(
        breach=breach,
        at=now,
        who=who,
        act=act,
        detail=detail,
        previous=previous,
        head=chain.next_head(previous, content),
    )
    connection.execute(row)


def history(connection: Connection, breach: int | None = None) -> list[Entry]:
    """The history of one entry, or of all, the oldest first."""
    rows = select(*(breach_history.c[name] for name in Entry.__slots__))
    if breach is not None:
        rows = rows.where(breach_history.c.breach == breach)
    return [Entry(**row._mapping) for row in connection.execute(rows.order_by(breach_history.c.id))]


def lines_fit(connection: Connection, lines: list[Entry]) -> bool:
    """Whether none of these lines was changed, and no line before or after one is missing.

    It is what a page can afford to look at; ``history_is_whole`` looks at every line there is.
    """
    heads = [line.head for line in lines]
    before = {line.previous for line in lines} - set(heads) - {chain.START}
    there = select(func.count()).select_from(breach_history)
    known = connection.scalar(there.where(breach_history.c.head.in_(before))) or 0
    last = _last_head(connection, breach_history)
    follow = connection.scalar(there.where(breach_history.c.previous.in_(heads))) or 0
    ended = 1 if last in heads else 0
    return (
        known == len(before)
        and follow + ended == len(heads)
        and all(chain.first_break([_link(line)], None) is None for line in lines)
    )


def history_is_whole(connection: Connection) -> bool:
    """Whether no line of the history was changed or taken out."""
    return chain.first_break(_link(one) for one in history(connection)) is None


def log_view(connection: Connection, who: str, act: str, subject: str, now: datetime) -> None:
    """Note who looked at what; noted before it is shown."""
    previous = _last_head(connection, audit)
    head = chain.next_head(previous, (now.isoformat(), who, act, subject))
    row = insert(audit).values(
        at=now, who=who, act=act, subject=subject, previous=previous, head=head
    )
    connection.execute(row)


def views(connection: Connection, most: int = 200) -> list[View]:
    """The log of who looked at what, the newest first."""
    rows = select(*(audit.c[name] for name in View.__slots__)).order_by(audit.c.id.desc())
    return [View(**row._mapping) for row in connection.execute(rows.limit(most))]


def views_are_whole(connection: Connection) -> bool:
    """Whether no line of the log was changed or taken out."""
    rows = select(*(audit.c[name] for name in View.__slots__)).order_by(audit.c.id)
    lines = (View(**row._mapping) for row in connection.execute(rows))
    return chain.first_break(_seen(one) for one in lines) is None


def views_fit(newest_first: list[View]) -> bool:
    """Whether none of these lines, which lie side by side, was changed or taken out."""
    return chain.first_break((_seen(one) for one in reversed(newest_first)), None) is None


def _link(line: Entry) -> tuple[str, chain.Content, str]:
    content = (line.breach, line.at.isoformat(), line.who, line.act, line.detail)
    return line.previous, content, line.head


def _seen(line: View) -> tuple[str, chain.Content, str]:
    content = (line.at.isoformat(), line.who, line.act, line.subject)
    return line.previous, content, line.head


def _last_head(connection: Connection, table: Table) -> str:
    last = select(table.c.head).order_by(table.c.id.desc()).limit(1)
    return connection.scalar(last) or chain.START

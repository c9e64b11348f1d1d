"""Rows of the organisation's processors, and of their history, chained as the register's is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from server_stub import chain
from server_stub.breaches.processors import Processor
from server_stub.storage.tables_processors import processor_history, processors

ADDED, CHANGED, REMOVED = "processor-added", "processor-changed", "processor-removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the history; ``detail`` has what was written, as JSON by field."""

    processor: int
    at: datetime
    who: str
    act: str
    detail: str
    previous: str
    head: str

    @property
    def told(self) -> dict[str, str]:
        """The fields that were written."""
        return dict(json.loads(self.detail))


def all_processors(connection: Connection) -> list[Processor]:
    """Every one, by name."""
    rows = connection.execute(select(processors).order_by(func.lower(processors.c.name)))
    return [Processor(**row._mapping) for row in rows]


def numbered(connection: Connection, number: int) -> Processor | None:
    """The processor with this number."""
    row = connection.execute(select(processors).where(processors.c.id == number)).first()
    return Processor(**row._mapping) if row else None


def add(connection: Connection, fields: Mapping[str, str], who: str, now: datetime) -> int:
    """Take one into the list; its number, which was never another's."""
    number = 1 + max(
        connection.scalar(select(func.max(processors.c.id))) or 0,
        connection.scalar(select(func.max(processor_history.c.processor))) or 0,
    )
    row = insert(processors).values(id=number, **fields, changed_at=now, changed_by=who)
    connection.execute(row)
    _note(connection, number, who, ADDED, fields, now)
    return number


def change(
    connection: Connection, before: Processor, fields: Mapping[str, str], who: str, now: datetime
) -> None:
    """Write what is different now; nothing if nothing is."""
    changed = {name: text for name, text in fields.items() if before.fields[name] != text}
    if changed:
        row = update(processors).where(processors.c.id == before.id)
        connection.execute(row.values(**changed, changed_at=now, changed_by=who))
        _note(connection, before.id, who, CHANGED, changed, now)


def remove(connection: Connection, before: Processor, who: str, now: datetime) -> None:
    """Take one out of the list; what was written about it stays in the history."""
    connection.execute(delete(processors).where(processors.c.id == before.id))
    _note(connection, before.id, who, REMOVED, {"name": before.name}, now)


def history(connection: Connection, number: int | None = None) -> list[Line]:
    """The history of one, or of all, the oldest first."""
    rows = select(*(processor_history.c[name] for name in Line.__slots__))
    if number is not None:
        rows = rows.where(processor_history.c.processor == number)
    found = connection.execute(rows.order_by(processor_history.c.id))
    return [Line(**row._mapping) for row in found]


def history_is_whole(connection: Connection) -> bool:
    """Whether no line was changed or taken out; the list is short, so all of it is looked at."""
    return chain.first_break(_link(one) for one in history(connection)) is None


def differing(connection: Connection) -> list[str]:
    """The names of processors that the list shows otherwise than their history says."""
    said: dict[int, dict[str, str]] = {}
    for line in history(connection):
        if line.act == REMOVED:
            said.pop(line.processor, None)
        else:
            said[line.processor] = said.get(line.processor, {}) | line.told
    shown = {one.id: one.fields for one in all_processors(connection)}
    both = sorted(said.keys() | shown.keys())
    wrong = [number for number in both if said.get(number) != shown.get(number)]
    return [(shown.get(number) or said[number]).get("name", "?") for number in wrong]


def _note(
    connection: Connection,
    number: int,
    who: str,
    act: str,
    fields: Mapping[str, str],
    now: datetime,
) -> None:
    last = select(processor_history.c.head).order_by(processor_history.c.id.desc()).limit(1)
    previous = connection.scalar(last) or chain.START
    detail = json.dumps(dict(fields), sort_keys=True)
    head = chain.next_head(previous, (number, now.isoformat(), who, act, detail))
    values = {"processor": number, "at": now, "who": who, "act": act, "detail": detail}
    connection.execute(insert(processor_history).values(**values, previous=previous, head=head))


def _link(line: Line) -> tuple[str, chain.Content, str]:
    content = (line.processor, line.at.isoformat(), line.who, line.act, line.detail)
    return line.previous, content, line.head

"""Rows of the breach register."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from server_stub.breaches.register import Breach, Draft, number_of
from server_stub.storage import store_history
from server_stub.storage.tables_register import breaches

_BETWEEN = " "
"""Stands between the closed words of one column."""


def open_breach(
    connection: Connection, draft: Draft, who: str, now: datetime, year: int | None = None
) -> Breach:
    """Make an entry from a draft; the entry that is there if this event has one already.

    It is numbered in the year in which it is made, or in another: an old log keeps its years.
    """
    if draft.by_hand:
        draft = replace(draft, seq=_count_by_hand(connection) + 1)
    found = breach_of(connection, draft.device, draft.seq)
    if found is not None:
        return found
    row = insert(breaches).values(
        number=_next_number(connection, year or now.year),
        device=draft.device,
        seq=draft.seq,
        kind=draft.kind,
        detected_at=draft.detected_at,
        persons_min=draft.persons_min,
        persons_max=draft.persons_max,
        categories=_BETWEEN.join(draft.categories),
        sensitive=draft.sensitive,
        encryption=draft.encryption,
        measures=_BETWEEN.join(draft.measures),
        reported_at=draft.reported_at,
        incident=draft.incident or None,
        ongoing=draft.ongoing,
        about=draft.about or None,
        reporter=draft.reporter or None,
        created_at=now,
        created_by=who,
    )
    connection.execute(row)
    made = breach_of(connection, draft.device, draft.seq)
    assert made is not None  # it was written three lines up, in this transaction
    subject = draft.kind if draft.by_hand else f"{draft.device}/{draft.seq}"
    store_history.add_history(connection, made.id, who, "opened", subject, now)
    return made


def made_just_now(connection: Connection, draft: Draft, who: str, since: datetime) -> Breach | None:
    """The entry that somebody made of the same by hand since a moment."""
    rows = select(breaches).where(
        breaches.c.device == "",
        breaches.c.incident == draft.incident,
        breaches.c.detected_at == draft.detected_at,
        breaches.c.created_by == who,
        breaches.c.created_at > since,
    )
    return _first(connection, rows)


def breach_of(connection: Connection, device: str, seq: int) -> Breach | None:
    """The entry made from this event."""
    rows = select(breaches).where(breaches.c.device == device, breaches.c.seq == seq)
    return _first(connection, rows)


def opened_since(connection: Connection, device: str, who: str, moment: datetime) -> bool:
    """Whether somebody opened an entry about this laptop since a moment."""
    here = (breaches.c.device == device, breaches.c.created_by == who)
    rows = select(breaches.c.id).where(*here, breaches.c.created_at > moment).limit(1)
    return connection.execute(rows).first() is not None


def breach_numbered(connection: Connection, number: str) -> Breach | None:
    """The entry with this number."""
    return _first(connection, select(breaches).where(breaches.c.number == number))


def all_breaches(connection: Connection) -> list[Breach]:
    """Every entry, the newest first."""
    rows = connection.execute(select(breaches).order_by(breaches.c.id.desc()))
    return [_breach(row) for row in rows]


_clock_start: ColumnElement[datetime] = func.coalesce(breaches.c.aware_at, breaches.c.detected_at)
"""When the clock of an entry began."""


class Shown(StrEnum):
    """Which entries a page of the register has."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


_SHOWN: Mapping[Shown, tuple[ColumnElement[bool], ...]] = {
    Shown.OPEN: (breaches.c.closed_at.is_(None),),
    Shown.CLOSED: (breaches.c.closed_at.is_not(None),),
    Shown.ALL: (),
}


def some_breaches(
    connection: Connection, shown: Shown, after: tuple[datetime, int] | None, most: int
) -> list[Breach]:
    """At most so many entries, those first whose clock began first; closed ones come newest first.

    ``after`` is where the page before ended (``place_of``); pages hold also while entries are made.
    """
    rows = select(breaches).where(*_SHOWN[shown]).limit(most)
    if shown is Shown.OPEN:
        rows = rows.order_by(_clock_start, breaches.c.id)
    else:
        rows = rows.order_by(breaches.c.id.desc())
    if after is not None:
        rows = rows.where(_later(*after) if shown is Shown.OPEN else breaches.c.id < after[1])
    return [_breach(row) for row in connection.execute(rows)]


def _later(start: datetime, number: int) -> ColumnElement[bool]:
    return or_(_clock_start > start, and_(_clock_start == start, breaches.c.id > number))


def place_of(breach: Breach) -> tuple[datetime, int]:
    """Where an entry stands among the others."""
    return breach.aware_at or breach.draft.detected_at, breach.id


def count_shown(connection: Connection) -> dict[Shown, int]:
    """How many entries each kind of page has."""
    rows = select(func.count(), func.count(breaches.c.closed_at))
    whole, closed = connection.execute(rows).one()
    return {Shown.OPEN: whole - closed, Shown.CLOSED: closed, Shown.ALL: whole}


def open_or_closed_since(connection: Connection, moment: datetime) -> list[Breach]:
    """Entries that are open, or were until a moment."""
    kept = or_(breaches.c.closed_at.is_(None), breaches.c.closed_at >= moment)
    return [_breach(row) for row in connection.execute(select(breaches).where(kept))]


def count_breaches(connection: Connection) -> int:
    """How many entries there are."""
    return int(connection.scalar(select(func.count()).select_from(breaches)) or 0)


def count_begun(connection: Connection, late: datetime, but: Select[tuple[int]]) -> int:
    """Open entries whose clock began before ``late``, without those that ``but`` names."""
    rows = select(func.count()).select_from(breaches)
    rows = rows.where(_clock_start < late, breaches.c.closed_at.is_(None))
    return int(connection.scalar(rows.where(breaches.c.id.not_in(but))) or 0)


def set_aware(
    connection: Connection, breach: Breach, aware_at: datetime, who: str, now: datetime
) -> None:
    """Note the officer's decision on when the organisation became aware."""
    row = update(breaches).where(breaches.c.id == breach.id)
    connection.execute(row.values(aware_at=aware_at, aware_by=who))
    store_history.add_history(
        connection, breach.id, who, store_history.AWARE_SET, aware_at.isoformat(), now
    )


def _count_by_hand(connection: Connection) -> int:
    rows = select(func.count()).select_from(breaches).where(breaches.c.device == "")
    return int(connection.scalar(rows) or 0)


def _next_number(connection: Connection, year: int) -> str:
    """Numbers rise within a year and are never given twice: entries are never deleted."""
    this_year = breaches.c.number.like(f"{year}-%")
    count = connection.scalar(select(func.count()).select_from(breaches).where(this_year)) or 0
    return number_of(year, int(count) + 1)


def _first(connection: Connection, rows: Select[Any]) -> Breach | None:
    found = connection.execute(rows.limit(1)).first()
    return _breach(found) if found else None


def _breach(row: Row[tuple[object, ...]]) -> Breach:
    values = dict(row._mapping)
    own = {name: values.pop(name) for name in ("id", "number", "created_at", "created_by")}
    own |= {name: values.pop(name) for name in ("aware_at", "aware_by", "phase", "closed_at")}
    for name in ("incident", "about", "reporter"):
        values[name] = values[name] or ""
    for name in ("categories", "measures"):
        values[name] = tuple(values[name].split())
    return Breach(draft=Draft(**values), **own)

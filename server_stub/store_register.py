"""Rows of the breach register, its history and the log of who looked at what."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Row, Select, Table, func, insert, select, update

from server_stub import chain
from server_stub.register import Breach, Draft, number_of
from server_stub.tables import audit
from server_stub.tables_register import breach_history, breaches

AWARE_SET = "aware-set"
_BETWEEN = " "
"""Stands between the closed words of one column."""


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


def open_breach(connection: Connection, draft: Draft, who: str, now: datetime) -> Breach:
    """Make an entry from a draft; the entry that is there if this event has one already."""
    if draft.by_hand:
        draft = replace(draft, seq=_count_by_hand(connection) + 1)
    found = breach_of(connection, draft.device, draft.seq)
    if found is not None:
        return found
    row = insert(breaches).values(
        number=_next_number(connection, now),
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
        created_at=now,
        created_by=who,
    )
    connection.execute(row)
    made = breach_of(connection, draft.device, draft.seq)
    assert made is not None  # it was written three lines up, in this transaction
    subject = draft.kind if draft.by_hand else f"{draft.device}/{draft.seq}"
    add_history(connection, made.id, who, "opened", subject, now)
    return made


def breach_of(connection: Connection, device: str, seq: int) -> Breach | None:
    """The entry made from this event."""
    rows = select(breaches).where(breaches.c.device == device, breaches.c.seq == seq)
    found = connection.execute(rows).first()
    return _breach(found) if found else None


def opened_since(connection: Connection, device: str, who: str, moment: datetime) -> bool:
    """Whether somebody opened an entry about this laptop since a moment."""
    here = (breaches.c.device == device, breaches.c.created_by == who)
    rows = select(breaches.c.id).where(*here, breaches.c.created_at > moment).limit(1)
    return connection.execute(rows).first() is not None


def breach_numbered(connection: Connection, number: str) -> Breach | None:
    """The entry with this number."""
    found = connection.execute(select(breaches).where(breaches.c.number == number)).first()
    return _breach(found) if found else None


def all_breaches(connection: Connection) -> list[Breach]:
    """Every entry, the newest first."""
    rows = connection.execute(select(breaches).order_by(breaches.c.id.desc()))
    return [_breach(row) for row in rows]


def count_breaches(connection: Connection) -> int:
    """How many entries there are."""
    return int(connection.scalar(select(func.count()).select_from(breaches)) or 0)


def count_begun(connection: Connection, late: datetime, but: Select[tuple[int]]) -> int:
    """Entries whose clock began before ``late``, without those that ``but`` names."""
    begun = func.coalesce(breaches.c.aware_at, breaches.c.detected_at)
    rows = select(func.count()).select_from(breaches).where(begun < late)
    return int(connection.scalar(rows.where(breaches.c.id.not_in(but))) or 0)


def set_aware(
    connection: Connection, breach: Breach, aware_at: datetime, who: str, now: datetime
) -> None:
    """Note the officer's decision on when the organisation became aware."""
    row = update(breaches).where(breaches.c.id == breach.id)
    connection.execute(row.values(aware_at=aware_at, aware_by=who))
    add_history(connection, breach.id, who, AWARE_SET, aware_at.isoformat(), now)


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


def history_is_whole(connection: Connection) -> bool:
    """Whether no line of the history was changed or taken out."""
    lines = (
        (one.previous, (one.breach, one.at.isoformat(), one.who, one.act, one.detail), one.head)
        for one in history(connection)
    )
    return chain.first_break(lines) is None


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
    return (
        chain.first_break(
            (one.previous, (one.at.isoformat(), one.who, one.act, one.subject), one.head)
            for one in lines
        )
        is None
    )


def _last_head(connection: Connection, table: Table) -> str:
    last = select(table.c.head).order_by(table.c.id.desc()).limit(1)
    return connection.scalar(last) or chain.START


def _count_by_hand(connection: Connection) -> int:
    rows = select(func.count()).select_from(breaches).where(breaches.c.device == "")
    return int(connection.scalar(rows) or 0)


def _next_number(connection: Connection, now: datetime) -> str:
    """Numbers rise within a year and are never given twice: entries are never deleted."""
    this_year = breaches.c.number.like(f"{now.year}-%")
    count = connection.scalar(select(func.count()).select_from(breaches).where(this_year)) or 0
    return number_of(now.year, int(count) + 1)


def _breach(row: Row[tuple[object, ...]]) -> Breach:
    values = dict(row._mapping)
    own = {name: values.pop(name) for name in ("id", "number", "created_at", "created_by")}
    own |= {name: values.pop(name) for name in ("aware_at", "aware_by", "phase", "closed_at")}
    values["incident"] = values["incident"] or ""
    for name in ("categories", "measures"):
        values[name] = tuple(values[name].split())
    return Breach(draft=Draft(**values), **own)

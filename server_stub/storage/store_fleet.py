"""Which laptops somebody has to do something about: conditions, counts of them, and a page of rows.

All counts come from one reading of the laptops, and a page from another, whatever is asked for. A
page goes on after the last laptop of the one before, never after a number of rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
)

from server_stub.intake.admission import Admission
from server_stub.storage.store_alarms import UNSEEN
from server_stub.storage.store_documents import Published
from server_stub.storage.store_newest import Topic
from server_stub.storage.tables import Moment, contacts, devices, events, faults
from server_stub.storage.tables_pull import newest


class Show(StrEnum):
    """Which laptops are shown."""

    ALL = "all"
    SILENT = "silent"
    COVERAGE = "coverage"
    OLD_POLICY = "old-policy"
    OLD_AGENT = "old-agent"
    FAULTS = "faults"
    PARKED = "parked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lens:
    """What laptops are held against: when silence begins, what is handed on, and which versions of
    the agent are older than the newest. ``prefix`` is how a laptop's name begins."""

    silent_before: datetime
    policies: Sequence[Published]
    old_agents: Sequence[str]
    prefix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetRow:
    """A laptop as the fleet view shows it. ``policy`` is None if it never said by which it goes;
    ``gaps`` are the things that it says are not watched, ``faults`` those nobody has seen."""

    name: str
    group: str
    state: str
    agent_version: str
    last_contact_at: datetime
    events: int
    policy: int | None
    old_policy: bool
    gaps: int
    faults: int


Key = tuple[datetime, str]
"""When a laptop was heard of, and its name: where a page ends."""


def counts(connection: Connection, lens: Lens) -> dict[Show, int]:
    """How many laptops each filter shows."""
    sums = [
        func.coalesce(func.sum(case((one, 1), else_=0)), 0).label(show.name.lower())
        for show, one in _conditions(lens).items()
    ]
    found = connection.execute(_laptops(select(*sums), lens)).one()
    return dict(zip(_conditions(lens), map(int, found), strict=True))


def page(
    connection: Connection, lens: Lens, show: Show, after: Key | None, most: int
) -> list[FleetRow]:
    """Laptops that a filter shows, the most recently heard of first; of the silent ones those that
    have been silent for longest."""
    rows = connection.execute(asked(lens, show, after, most))
    return [FleetRow(**row._mapping) for row in rows]


def asked(lens: Lens, show: Show, after: Key | None, most: int) -> Select[Any]:
    """The question behind a page."""
    rows = _laptops(select(*_columns(lens)), lens).where(_conditions(lens)[show])
    key = tuple_(devices.c.last_contact_at, devices.c.name)
    upwards = show is Show.SILENT
    if after is not None:
        end = tuple_(literal(after[0], Moment), literal(after[1]))
        rows = rows.where(key > end if upwards else key < end)
    order = (devices.c.last_contact_at, devices.c.name)
    return rows.order_by(*(one if upwards else one.desc() for one in order)).limit(most)


def agent_versions(connection: Connection) -> dict[str, int]:
    """How many laptops that are not revoked run each version of the agent."""
    rows = select(devices.c.agent_version, func.count()).where(_LISTED)
    found = connection.execute(rows.group_by(devices.c.agent_version))
    return {version: int(count) for version, count in found}


def policy_counts(connection: Connection) -> dict[int, int]:
    """How many laptops that are not revoked go by each version of the signed policy."""
    rows = select(contacts.c.policy, func.count()).join(devices)
    rows = rows.where(_LISTED, contacts.c.signed).group_by(contacts.c.policy)
    return {int(version): int(count) for version, count in connection.execute(rows)}


def _laptops(rows: Select[Any], lens: Lens) -> Select[Any]:
    rows = rows.select_from(devices.outerjoin(contacts))
    return rows.where(devices.c.name.startswith(lens.prefix, autoescape=True))


def _conditions(lens: Lens) -> Mapping[Show, ColumnElement[bool]]:
    silent = devices.c.last_contact_at < lens.silent_before
    return {
        Show.ALL: true(),
        Show.SILENT: and_(silent, devices.c.state == Admission.ACTIVE),
        Show.COVERAGE: and_(_UNWATCHED, _LISTED),
        Show.OLD_POLICY: and_(_old_policy(lens), _LISTED),
        Show.OLD_AGENT: and_(devices.c.agent_version.in_(lens.old_agents), _LISTED),
        Show.FAULTS: devices.c.name.in_(_FAULTY),
        Show.PARKED: devices.c.state.in_((Admission.PARKED, Admission.WAITING)),
    }


def _columns(lens: Lens) -> list[Any]:
    gaps = _GAPS.where(newest.c.device == devices.c.name).with_only_columns(func.count())
    of_it = select(func.count()).where(faults.c.device == devices.c.name, UNSEEN)
    names = ("name", "group", "state", "agent_version", "last_contact_at", "events")
    return [
        *(devices.c[name] for name in names),
        contacts.c.policy,
        _old_policy(lens).label("old_policy"),
        gaps.correlate(devices).scalar_subquery().label("gaps"),
        of_it.correlate(devices).scalar_subquery().label("faults"),
    ]


def _old_policy(lens: Lens) -> ColumnElement[bool]:
    """Whether a laptop goes by another policy than the newest of the narrowest scope it is in."""
    meant = [(_meant(one), one.version) for one in nearest_first(lens.policies)]
    if not meant:
        return false()
    known = case((contacts.c.signed, contacts.c.policy), else_=0)
    return func.coalesce(known, 0) < case(*meant, else_=0)


def nearest_first(policies: Sequence[Published]) -> list[Published]:
    """Those that some laptop may still get, in the order in which one is chosen: for laptops, for
    groups, and of those for everybody only the newest."""
    by_scope = {
        scope: sorted((one for one in policies if one.scope == scope), key=_version, reverse=True)
        for scope in ("device", "group", "organisation")
    }
    return by_scope["device"] + by_scope["group"] + by_scope["organisation"][:1]


def _version(one: Published) -> int:
    return one.version


def _meant(one: Published) -> ColumnElement[bool]:
    if one.scope == "organisation":
        return true()
    return (devices.c.name if one.scope == "device" else devices.c.group).in_(one.names)


_LISTED = devices.c.state != Admission.REVOKED
_GAPS = (
    select(newest.c.device)
    .join(events, (events.c.device == newest.c.device) & (events.c.seq == newest.c.seq))
    .where(newest.c.topic == Topic.COVERAGE, events.c.kind == "coverage-lost")
)
# One laptop at a time: a page stops looking as soon as it is full.
_UNWATCHED = _GAPS.where(newest.c.device == devices.c.name).correlate(devices).exists()
_FAULTY = select(faults.c.device).where(faults.c.device.is_not(None), UNSEEN).distinct()

"""From rows of the database to what IT pulls: a page of each listing, and where it ended.

Every listing is read in the order of an index and goes on after a key, never after a number of
rows; one row more than asked is read, which says whether there is another page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from server_stub.pull.pull_models import (
    CoverageRow,
    DeviceRow,
    EventRow,
    FaultRow,
    PostureRow,
    ReportRow,
)
from server_stub.pull.report import event_row
from server_stub.storage import (
    store_contacts,
    store_devices,
    store_disputes,
    store_events,
    store_newest,
)
from server_stub.storage.store_contacts import Standing
from server_stub.storage.store_devices import Device, Fault
from server_stub.storage.store_events import StoredEvent, Wanted
from server_stub.storage.store_newest import Newest, Topic

R = TypeVar("R")
K = TypeVar("K")
About = tuple[str, str]
"""A laptop, and a subject that it told about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[R, K]):
    """Rows, the key of the last one, and whether more follow."""

    rows: list[R]
    last: K
    more: bool


def devices(connection: Connection, after: str, most: int, now: datetime) -> Page[DeviceRow, str]:
    """Laptops by name."""
    found = store_devices.devices_after(connection, after, most + 1)
    kept = found[:most]
    names = [one.name for one in kept]
    standings = store_contacts.standings(connection, names)
    faults = store_devices.fault_counts(connection, names)
    rows = [_device(one, standings.get(one.name), faults.get(one.name, 0), now) for one in kept]
    return Page(rows=rows, last=names[-1] if names else after, more=len(found) > most)


def device(
    connection: Connection, name: str, now: datetime
) -> tuple[DeviceRow, list[FaultRow]] | None:
    """One laptop with its newest faults; None if there is none of that name."""
    found = store_devices.device(connection, name)
    if found is None:
        return None
    standing = store_contacts.standings(connection, [name]).get(name)
    faults = store_devices.faults_of(connection, name)
    count = store_devices.fault_counts(connection, [name]).get(name, 0)
    return _device(found, standing, count, now), [_fault(one) for one in faults]


def events(connection: Connection, after: int, most: int, wanted: Wanted) -> Page[EventRow, int]:
    """Events in the order of receipt."""
    found = store_events.events_after(connection, after, most + 1, wanted)
    kept = found[:most]
    last = kept[-1].id if kept else after
    return Page(rows=told(connection, kept), last=last, more=len(found) > most)


def told(connection: Connection, found: list[StoredEvent]) -> list[EventRow]:
    """Events as they are pulled, with what officers said of them."""
    reasons = store_disputes.reasons(connection, found)
    return [event_row(one, reasons.get((one.device, one.seq))) for one in found]


def posture(
    connection: Connection, after: About, most: int, name: str | None
) -> Page[PostureRow, About]:
    """Each laptop's newest answer of each check."""
    found = store_newest.newest_of(connection, Topic.POSTURE, after, most + 1, device=name)
    return _page([_posture(one) for one in found[:most]], found, after, most)


def coverage(
    connection: Connection, after: About, most: int, name: str | None
) -> Page[CoverageRow, About]:
    """What each laptop does not watch, unless it said since that it does."""
    found = store_newest.newest_of(
        connection, Topic.COVERAGE, after, most + 1, device=name, kind="coverage-lost"
    )
    return _page([_coverage(one) for one in found[:most]], found, after, most)


def reports(
    connection: Connection, after: About, most: int, name: str | None
) -> Page[ReportRow, About]:
    """Each laptop's newest report about its agent."""
    found = store_newest.newest_of(connection, Topic.REPORT, after, most + 1, device=name)
    return _page([_report(one) for one in found[:most]], found, after, most)


def _page(rows: list[R], found: Sequence[Newest], after: About, most: int) -> Page[R, About]:
    end = found[:most][-1] if found else None
    last = (end.event.device, end.subject) if end else after
    return Page(rows=rows, last=last, more=len(found) > most)


def _device(one: Device, standing: Standing | None, faults: int, now: datetime) -> DeviceRow:
    return DeviceRow(
        device=one.name,
        owner=one.owner,
        group=one.group,
        admission=one.state,
        agent_version=one.agent_version,
        enrolled_at=one.enrolled_at,
        last_contact_at=one.last_contact_at,
        silent=now - one.last_contact_at > store_devices.SILENT_AFTER,
        events=one.events,
        last_seq=one.last_seq,
        faults=faults,
        **(_standing(standing) if standing else {}),
    )


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "told_at": one.at,
        "standing": one.state,
        "policy": _known(one.policy),
        "policy_signed": one.signed,
        "policy_expired": one.expired,
        "mode": one.mode,
        "held": one.held,
        "keyring": _known(one.keyring),
        "waiting": one.waiting,
        "clock_off_seconds": abs(one.behind_seconds),
    }


def _fault(one: Fault) -> FaultRow:
    assert one.first_at is not None and one.last_at is not None  # as every stored one has
    return FaultRow(
        kind=one.kind,
        reason=one.reason,
        seq=one.seq,
        until_seq=one.until_seq,
        first_at=one.first_at,
        last_at=one.last_at,
        times=one.times,
    )


def _posture(one: Newest) -> PostureRow:
    facts = one.event.event.facts
    return PostureRow(
        check=one.subject,
        kind=one.event.kind,
        state=_word(facts.get("state")),
        why=_word(facts.get("why")),
        count=_known(facts.get("count")),
        facts=facts,
        **_when(one.event),
    )


def _coverage(one: Newest) -> CoverageRow:
    facts = one.event.event.facts
    gap, count = _word(facts.get("gap")), _known(facts.get("count"))
    return CoverageRow(what=one.subject, gap=gap, count=count, **_when(one.event))


def _report(one: Newest) -> ReportRow:
    return ReportRow(facts=one.event.event.facts, **_when(one.event))


def _when(event: StoredEvent) -> dict[str, Any]:
    return {
        "device": event.device,
        "observed_at": event.observed_at,
        "received_at": event.received_at,
        "seq": event.seq,
    }


def _word(told: object) -> str | None:
    return told if isinstance(told, str) else None


def _known(told: object) -> int | None:
    """A number; below zero it means that it could not be told."""
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else None

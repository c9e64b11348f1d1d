"""What IT pulls: devices and events as JSON or CSV, the same over HTTP and on the terminal.

A page of events ends with a cursor; asking again with it goes on where the page ended. Cursors
rise in the order of receipt, so nobody who keeps the last one misses an event that arrived late.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from agent.wire.event import Event
from server_stub.store_devices import Device
from server_stub.store_events import StoredEvent

PAGE = 500
EVENT_COLUMNS = (
    "device",
    "seq",
    "id",
    "kind",
    "observed_at",
    "recorded_at",
    "received_at",
    "facts",
    "rule",
    "action",
    "enforced",
    "held",
    "due",
    "result",
    "reason",
    "tried",
    "proof",
    "sealed",
    "disputed",
)
DEVICE_COLUMNS = (
    "device",
    "owner",
    "agent_version",
    "enrolled_at",
    "last_contact_at",
    "events",
    "last_seq",
    "faults",
)


def event_row(stored: StoredEvent, disputed: str | None = None) -> dict[str, Any]:
    """One event as IT gets it; of the sealed part only whether there is one. ``disputed`` is the
    reason for which an officer marked it as a false alarm."""
    event = stored.event
    return {
        "device": stored.device,
        "seq": stored.seq,
        "id": stored.event_id,
        "kind": stored.kind,
        "observed_at": stored.observed_at,
        "recorded_at": stored.recorded_at,
        "received_at": stored.received_at,
        "facts": event.facts,
        **_decided(event),
        "sealed": bool(event.sealed),
        "disputed": disputed,
    }


def device_row(device: Device, faults: int) -> dict[str, Any]:
    """One laptop as IT gets it."""
    return {
        "device": device.name,
        "owner": device.owner,
        "agent_version": device.agent_version,
        "enrolled_at": device.enrolled_at,
        "last_contact_at": device.last_contact_at,
        "events": device.events,
        "last_seq": device.last_seq,
        "faults": faults,
    }


def to_json(name: str, rows: list[dict[str, Any]], cursor: int | None) -> bytes:
    """A page as JSON: the rows under their name, and where the next page begins."""
    return msgspec.json.encode({name: rows, "next": cursor})


def to_csv(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A page as CSV with a header line. Facts stand in one cell, as JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    names = tuple(columns)
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return text.getvalue()


def _decided(event: Event) -> dict[str, Any]:
    decision, outcome = event.decision, event.outcome
    return {
        "rule": decision.rule if decision else None,
        "action": decision.action if decision else None,
        "enforced": decision.enforced if decision else None,
        "held": decision.held if decision else None,
        "due": (decision.due or None) if decision else None,
        "result": outcome.result if outcome else None,
        "reason": outcome.reason if outcome else None,
        "tried": "+".join(outcome.tried) or None if outcome else None,
        "proof": outcome.proof if outcome else None,
    }


def _cell(value: Any) -> str:
    """Every cell begins with a letter, a digit or a brace, so no spreadsheet takes it for a
    formula: words, numbers, times and JSON objects are all there is."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')

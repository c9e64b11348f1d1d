"""What IT pulls: rows as JSON, JSON lines, CSV or OCSF, the same over HTTP and on the terminal."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import msgspec

from agent.wire.event import Event
from server_stub.pull.ocsf import to_ocsf
from server_stub.pull.pull_models import EventRow, columns
from server_stub.storage.store_events import StoredEvent

PAGE = 500
EVENT_COLUMNS = columns(EventRow)


def event_row(stored: StoredEvent, disputed: str | None = None) -> EventRow:
    """One event as IT gets it; of the sealed part only whether there is one. ``disputed`` is the
    reason for which an officer marked it as a false alarm."""
    event = stored.event
    return EventRow(
        device=stored.device,
        seq=stored.seq,
        id=stored.event_id,
        kind=stored.kind,
        observed_at=stored.observed_at,
        recorded_at=stored.recorded_at,
        received_at=stored.received_at,
        facts=event.facts,
        **_decided(event),
        sealed=bool(event.sealed),
        disputed=disputed,
    )


def to_json(name: str, rows: Iterable[msgspec.Struct], cursor: str | None) -> bytes:
    """A page as JSON: the rows under their name, and where the next page begins."""
    return msgspec.json.encode({name: list(rows), "next": cursor})


def to_lines(rows: Iterable[msgspec.Struct]) -> bytes:
    """A page as JSON lines: one row a line."""
    return msgspec.json.Encoder().encode_lines(list(rows))


def to_ocsf_list(rows: Iterable[EventRow]) -> bytes:
    """A page of events as a JSON list of OCSF events."""
    return msgspec.json.encode([to_ocsf(row) for row in rows])


def to_ocsf_lines(rows: Iterable[EventRow]) -> bytes:
    """The same, one event a line."""
    return msgspec.json.Encoder().encode_lines([to_ocsf(row) for row in rows])


def to_csv(names: Iterable[str], rows: Iterable[msgspec.Struct]) -> str:
    """A page as CSV with a header line. Facts stand in one cell, as JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    wanted = tuple(names)
    writer.writerow(wanted)
    writer.writerows([_cell(getattr(row, name)) for name in wanted] for row in rows)
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

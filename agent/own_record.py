"""What is recorded about a person, as their own process gets it from the agent and opens it.

Here and nowhere else the names that were kept for the person are readable.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from agent import control
from agent.errors import AgentError
from agent.own_key import Details, OwnKey, bring, own_key

MOST = 50_000
"""Events of one whole record."""
TIMEOUT = 20.0
"""Seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One event. ``body`` is what left, to the byte; ``event`` the same, read.

    ``state`` is ``begun``, ``waiting``, ``received`` or ``dropped``. ``details`` are None where
    none were kept; ``closed``: they were, for another key.
    """

    number: str
    at: datetime
    mine: bool
    state: str
    received: datetime | None
    body: str
    event: Mapping[str, Any]
    details: Details | None
    closed: bool
    source: str
    sealed_here: bool

    @property
    def kind(self) -> str:
        """Which kind of event; empty where the record of it is damaged."""
        return str(self.event.get("kind", ""))

    @property
    def decision(self) -> Mapping[str, Any]:
        """What was decided; empty if nothing was."""
        return self.event.get("decision") or {}

    @property
    def outcome(self) -> Mapping[str, Any]:
        """How an action ended; empty if there was none."""
        return self.event.get("outcome") or {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A page of it, newest first. ``before`` leads to the next one; ``cut`` events are gone because
    there were too many. ``key_since`` is since when names are kept, empty if they are not, and
    ``key_fault`` why the person's key cannot be used. ``key_new``: it was brought just now."""

    entries: list[Entry]
    before: int | None = None
    cut: int = 0
    key_since: str = ""
    key_fault: str = ""
    key_new: bool = False
    looks: Mapping[str, Any] = field(default_factory=dict)


def record(socket: Path, place: Path, **wanted: Any) -> Record:
    """A page of the caller's own record; ``wanted`` as the verb ``mine`` has it.

    Brings the person's key if the agent does not have it yet. Raises AgentError.
    """
    key, fault = _key(place)
    given = control.ask(socket, "mine", timeout=TIMEOUT, **wanted)
    brought = key is not None and given.get("key") != key.public and bring(socket, key)
    return Record(
        entries=[_entry(one, key) for one in given["records"]],
        before=given.get("next"),
        cut=int(given.get("cut", 0)),
        key_since=str(given.get("key_since", "")),
        key_fault=fault,
        key_new=brought,
        looks=given.get("looks", {}),
    )


def whole(socket: Path, place: Path, **wanted: float) -> Record:
    """All pages as one. Raises AgentError."""
    first = found = record(socket, place, **wanted)
    entries = list(found.entries)
    while found.before is not None and len(entries) < MOST:
        found = record(socket, place, before=found.before, **wanted)
        entries += found.entries
    return replace(first, entries=entries, before=found.before)


def exported(found: Record) -> str:
    """Everything as one JSON text: what left stands in ``left`` to the byte."""
    told = {
        "events": list(map(_as_told, found.entries)),
        "gone_for_lack_of_room": found.cut,
        "looked_at": dict(found.looks),
    }
    return json.dumps(told, indent=2, sort_keys=True)


def _as_told(one: Entry) -> dict[str, Any]:
    return {
        "number": one.number,
        "at": one.at.isoformat(),
        "about": "me" if one.mine else "laptop",
        "state": one.state,
        "received": one.received.isoformat() if one.received else None,
        "left": one.body,
        "kept_for_me": dict(one.details) if one.details is not None else None,
        "source": one.source,
        "sealed_here": one.sealed_here,
    }


def _entry(given: Mapping[str, Any], key: OwnKey | None) -> Entry:
    body, shown, received = str(given["body"]), str(given["shown"]), given["received"]
    details = key.opened(shown) if key is not None and shown else None
    return Entry(
        number=str(given["id"]),
        at=datetime.fromisoformat(given["at"]).astimezone(),
        mine=given["mine"] is True,
        state=str(given["state"]),
        received=datetime.fromisoformat(received).astimezone() if received else None,
        body=body,
        event=json.loads(body) if body else {},
        details=details,
        closed=bool(shown) and details is None,
        source=str(given["source"]),
        sealed_here=given["sealed_here"] is True,
    )


def _key(place: Path) -> tuple[OwnKey | None, str]:
    """The key, or why there is none: without it everything is shown but the names."""
    try:
        return own_key(place), ""
    except AgentError as error:
        return None, str(error)

"""Where a staff member's own things lie, and what their processes know while the agent is down.

Used with the person's own rights, in their own home. What is kept from the agent's last answer is
what a form needs without it: whom to phone, to whom to seal, and which language the organisation
speaks. It is believed as far as the person's own home is.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import control
from agent.journal_file import write_durably

ANSWERS_WITHIN = 5.0
"""Seconds."""
LARGEST = 64 * 1024
_KEPT = ("officers", "directors", "director", "contact", "language")


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The person's folder, as the desktop's rules for base directories have it."""
    data = environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    return base / "dossierwacht"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of the organisation; ``status`` is the agent's answer, None if it gave none."""

    status: Mapping[str, Any] | None
    officers: list[str]
    directors: list[str]
    director: str
    """How the organisation calls whom a slip is told to."""
    contact: Mapping[str, str]
    language: str


def known(socket: Path, place: Path) -> Known:
    """Ask the agent, and keep what is needed without it; or what was kept the last time."""
    file = place / "known.json"
    try:
        status: Mapping[str, Any] | None = control.ask(socket, "status", timeout=ANSWERS_WITHIN)
    except control.ControlError:
        return _from(_kept(file), None)
    kept = {name: (status or {}).get(name) for name in _KEPT}
    if kept != _kept(file):
        with contextlib.suppress(OSError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(file, json.dumps(kept).encode("ascii"))
    return _from(kept, status)


def _kept(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            given = json.loads(opened.read(LARGEST))
    except (OSError, ValueError):
        return {}
    return given if isinstance(given, dict) else {}


def _from(kept: Mapping[str, Any], status: Mapping[str, Any] | None) -> Known:
    contact = kept.get("contact")
    return Known(
        status=status,
        officers=_keys(kept.get("officers")),
        directors=_keys(kept.get("directors")),
        director=str(kept.get("director") or ""),
        contact={str(k): str(v) for k, v in contact.items()} if isinstance(contact, dict) else {},
        language=str(kept.get("language") or ""),
    )


def _keys(given: object) -> list[str]:
    return [str(key) for key in given] if isinstance(given, list) else []

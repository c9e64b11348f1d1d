"""Since when something has been as it is, kept over restarts in one small file.

The journal knows what it was told and takes no repeat. Without the moment, a state that comes back
after another would be such a repeat, and never be told.
"""

import contextlib
import json
import os
from pathlib import Path

from collectors.base import Clock

NAME = "posture.json"
_MOST = 64 * 1024
"""Bytes; a few dozen names with a word each."""

Entry = tuple[str, str]
"""How it is, and since when."""


class Since:
    """The memory. ``folder`` is the agent's own, closed to others; None: only while it runs."""

    def __init__(self, folder: Path | None, now: Clock, name: str = NAME) -> None:
        self.file = folder / name if folder is not None else None
        self.now = now
        self.known = self._read()

    def of(self, name: str, how: str) -> str:
        """Since when it is so; from now on if it was otherwise."""
        before = self.known.get(name)
        if before is None or before[0] != how:
            self.known[name] = before = (how, self.now().isoformat())
            self._write()
        return before[1]

    def _read(self) -> dict[str, Entry]:
        try:
            raw = self.file.read_bytes()[:_MOST] if self.file is not None else b"{}"
            return {str(name): (str(how), str(at)) for name, (how, at) in json.loads(raw).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # everything is told once more

    def _write(self) -> None:
        if self.file is None:
            return
        beside = self.file.with_suffix(".tmp")
        # What cannot be kept is told again after a restart, which is no reason to stop.
        with contextlib.suppress(OSError):
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(self.known, file)
            beside.replace(self.file)

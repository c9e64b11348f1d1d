"""Files that an officer gave back, and until when each is left alone: else it would go at once.

A file is known by a keyed digest of its path, as everywhere in the state folder.
"""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.journal_file import write_durably

log = logging.getLogger(__name__)

FILE = "left-alone.json"
MOST = 1000
"""Files at a time; of more the one whose time is over first is forgotten."""


@dataclass(kw_only=True)
class LeftAlone:
    """Knows them across restarts. Safe to share between threads."""

    state: Path
    digest: Callable[[str], str]
    lock: threading.Lock = field(default_factory=threading.Lock)
    known: dict[str, datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.known = self._read()

    def leave(self, path: str, until: datetime, now: datetime) -> None:
        """Leave the file at this path alone until then. OSError."""
        with self.lock:
            held = {key: over for key, over in self.known.items() if over > now}
            held[self._key(path)] = until
            latest = sorted(held.items(), key=lambda one: one[1])[-MOST:]
            data = json.dumps({key: over.isoformat() for key, over in latest})
            write_durably(self.state / FILE, data.encode("ascii"))
            self.known = dict(latest)

    def until(self, path: str, now: datetime) -> datetime | None:
        """Until when a file is left alone; None if it is not."""
        if not self.known:
            return None
        over = self.known.get(self._key(path))
        return over if over is not None and over > now else None

    def _key(self, path: str) -> str:
        return self.digest(f"left-alone\0{path}")

    def _read(self) -> dict[str, datetime]:
        """A damaged list counts as none: what was given back may then be sealed again."""
        try:
            given = json.loads((self.state / FILE).read_bytes())
            return {str(key): _moment(text) for key, text in given.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            log.error("%s is damaged: %s", FILE, type(error).__name__)
            return {}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

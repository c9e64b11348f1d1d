"""Which user of the laptop brought which event about: whose a letter about it is.

Only events that somebody asked for themselves, such as a report, stand here, and longer than in the
record (``agent.journal_record``), which knows whose any event is and is asked first. Where neither
knows, nobody is guessed. No name and no text stands in the table, and it is closed to everybody but
the agent.
"""

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from agent.journal_file import write_durably
from agent.kept_rows import rows_in
from collectors.base import Clock

log = logging.getLogger(__name__)

FILE = "asked-by.json"
MOST = 500
"""Events; of more the oldest is forgotten."""
KEPT_FOR = timedelta(days=366)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event and the user who asked for it."""

    event: str
    uid: int
    at: datetime


@dataclass(kw_only=True)
class AskedBy:
    """Knows them across restarts. Safe to share between threads."""

    state: Path
    now: Clock
    lock: threading.Lock = field(default_factory=threading.Lock)
    rows: tuple[Row, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = rows_in(self.state / FILE, Row)

    def note(self, event: str, uid: int) -> None:
        """Keep in mind who asked for an event. What cannot be kept is forgotten with the agent."""
        with self.lock:
            since = self.now() - KEPT_FOR
            kept = [one for one in self.rows if one.at > since]
            row = Row(event=event, uid=uid, at=self.now())
            self.rows = (*kept, row)[-MOST:]
            try:
                write_durably(self.state / FILE, msgspec.json.encode(self.rows))
            except OSError as error:
                log.error("who asked for an event could not be kept: %s", error.strerror)

    def whose(self, event: str) -> int | None:
        """The user whose business an event is; None if that cannot be told."""
        return next((one.uid for one in self.rows if one.event == event), None)

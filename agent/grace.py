"""Time to see to it oneself: what a rule would take is told first, and taken when that is over.

Since when a thing is known is kept in the journal under a keyed digest, by its name and not by its
content: somebody who goes on writing to a file does not begin anew. A thing that was gone for days
does. What waits is tried again the moment it is due, and after a restart when it is next seen. What
an officer gave back is left alone for as long as they said (``agent.left_alone``).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.journal import Journal
from agent.left_alone import LeftAlone
from agent.policy import Policy
from collectors.base import Observation

FORGET = timedelta(days=3)
"""A thing that was not seen for so long is a new one."""
OPEN_FOR = timedelta(minutes=30)
"""Until a file that somebody had open is tried again; each try counts for the caps."""
MOST = 5000
"""What may wait to be tried again of itself; what is more is tried when it is next seen."""


@dataclass(kw_only=True)
class Grace:
    """Knows what waits, and until when."""

    policy: Policy
    journal: Journal
    digest: Callable[[str], str]
    plain_disk: Callable[[str], bool | None] = lambda path: None
    left_alone: LeftAlone | None = None
    waiting: dict[str, tuple[datetime, Observation]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def until(self, observation: Observation, rule: str, now: datetime) -> datetime | None:
        """Until when a thing is left alone; None if the rule may act now."""
        key = self.digest(f"{observation.kind}\0{observation.subject}")
        if self.left_alone and (given := self.left_alone.until(observation.subject, now)):
            self._wait(key, given, observation)
            return given
        terms = self.policy.terms_of(rule)
        if not terms.waits():
            return None
        told = min(self.journal.known_since(key, now, FORGET), now)
        if self.policy.sealing.at_once_on_plain_disk and self.plain_disk(observation.subject):
            return None
        used = min(observation.used_at() or told, now)  # a time stamp may lie in the future
        due = terms.due(told, used, self.policy.sealing.close)
        self._wait(key, due if due > now else None, observation)
        return due if due > now else None

    def again(self, observation: Observation, now: datetime) -> None:
        """A file that somebody has open is tried once more after a while."""
        key = self.digest(f"{observation.kind}\0{observation.subject}")
        self._wait(key, now + OPEN_FOR, observation)

    def take_due(self, now: datetime) -> list[Observation]:
        """What has waited long enough, and waits no longer."""
        with self.lock:
            over = [key for key, (due, _) in self.waiting.items() if due <= now]
            return [self.waiting.pop(key)[1] for key in over]

    def _wait(self, key: str, due: datetime | None, observation: Observation) -> None:
        with self.lock:
            self.waiting.pop(key, None)
            if due is not None and len(self.waiting) < MOST:
                self.waiting[key] = due, observation

"""Whether somebody presents: a program of theirs asks that the screen stay on.

The same question as that of the screen lock (``collectors.session``). It is asked only while a
message is there that could wait, and its answer is good for some seconds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from collectors.session_state import Desk, DeskError

GOOD_FOR = 10.0
"""Seconds."""


@dataclass(kw_only=True)
class Presenting:
    """Asks the desk for one account after another."""

    desk: Callable[[], Desk]
    monotonic: Callable[[], float] = time.monotonic
    asked_at: float | None = None
    uids: frozenset[int] = frozenset()

    def __call__(self, uid: int) -> bool:
        """Whether that account's programs keep the screen on; no where that cannot be told."""
        now = self.monotonic()
        if self.asked_at is None or now - self.asked_at >= GOOD_FOR:
            self.asked_at, self.uids = now, self._ask()
        return uid in self.uids

    def _ask(self) -> frozenset[int]:
        desk = self.desk()
        try:
            return desk.kept_open()
        except DeskError:
            return frozenset()
        finally:
            desk.close()

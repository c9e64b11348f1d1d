"""How much one laptop may add to the collector: enough for a month offline, not for a flood.

A laptop that somebody has taken over holds a good key, so each of its requests is a valid one.
Each laptop therefore has an allowance that refills with time. It is counted in bytes as they end
on the disk, and only for what was stored; when it is used up the laptop is told to come later and
keeps its events, and every other laptop is served as before. The allowances are kept in memory:
a restart of the collector fills them up.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from server_stub.errors import Refused

AT_ONCE = 256 * 1024 * 1024
"""Bytes; 30 days offline with 5,000 events a day are about 142 million."""
A_DAY = 64 * 1024 * 1024
"""Bytes that come back in a day; a busy laptop uses about five million."""
RECORD = 512
"""Bytes that a record costs beside its text: a refused one leaves a fault entry of that size."""
DAY_SECONDS = 86_400.0


@dataclass(kw_only=True, slots=True)
class _Left:
    amount: float
    at: float


@dataclass(kw_only=True, slots=True)
class Quota:
    """What each laptop may still add. ``clock`` gives seconds and only ever rises."""

    at_once: int = AT_ONCE
    a_day: int = A_DAY
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, _Left] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, device: str) -> None:
        """Raise Refused if this laptop has used up what it may add."""
        with self._lock:
            lacking = -self._now(device).amount
        if lacking >= 0:
            wait = 1 + int((lacking + 1) * DAY_SECONDS / self.a_day)
            raise Refused(
                429,
                "too-much",
                f"this laptop sends more than one laptop does: try again in {wait} seconds",
                retry_after=wait,
            )

    def charge(self, device: str, size: int, records: int) -> None:
        """Count what was just stored for this laptop; it may end a little below nothing."""
        with self._lock:
            self._now(device).amount -= size + RECORD * records

    def _now(self, device: str) -> _Left:
        now = self.clock()
        left = self._left.setdefault(device, _Left(amount=self.at_once, at=now))
        refill = (now - left.at) * self.a_day / DAY_SECONDS
        left.amount, left.at = min(self.at_once, left.amount + refill), now
        return left

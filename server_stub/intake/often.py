"""How often one laptop may ask: as often as one that catches up, and not a hundred times as often.

A laptop that was taken over, or whose agent runs wild, signs as many requests as it likes, and each
costs the collector a signature, a look at every record and a turn at the database. Beyond what a
laptop with a month to deliver needs, it is told to wait before anything of that is done. Only
requests whose signature was good are counted: nobody can use up another laptop's turns.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from server_stub.errors import Refused

AT_ONCE = 200
"""Requests in a row without a pause."""
A_SECOND = 20
"""Requests that come back in a second, each of up to 200 events."""
PAUSE = 5
"""Seconds for which a laptop that has none left is not listened to at all."""


@dataclass(kw_only=True, slots=True)
class _Turns:
    left: float
    at: float
    silent_until: float = 0.0


@dataclass(kw_only=True, slots=True)
class Often:
    """The turns that each laptop has left. ``clock`` gives seconds and only ever rises."""

    at_once: int = AT_ONCE
    a_second: int = A_SECOND
    pause: int = PAUSE
    clock: Callable[[], float] = time.monotonic
    _turns: dict[str, _Turns] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, device: str) -> None:
        """Raise Refused if a laptop of this name has to wait; costs next to nothing."""
        turns = self._turns.get(device)
        lacking = turns.silent_until - self.clock() if turns else 0.0
        if lacking > 0:
            wait = 1 + int(lacking)
            raise Refused(
                429,
                "too-often",
                f"this laptop asks more often than one laptop does: try again in {wait} seconds",
                retry_after=wait,
            )

    def count(self, device: str) -> None:
        """A request that this laptop did sign."""
        with self._lock:
            now = self.clock()
            turns = self._turns.setdefault(device, _Turns(left=self.at_once, at=now))
            refill = (now - turns.at) * self.a_second
            turns.left, turns.at = min(self.at_once, turns.left + refill) - 1, now
            if turns.left < 0:
                turns.silent_until = now + self.pause

"""How often one program may ask: enough for the first reading of a year, not for a loop gone wrong.

Each API token has a number of requests that it may make at once, and gets new ones with time. The
numbers are kept in memory: a restart of the collector fills them up. However many programs ask at
the same time, a few threads answer them, and the others are left to the laptops.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from server_stub.errors import Refused

AT_ONCE = 240
"""Requests; at 1,000 events each they are a busy month of a whole school."""
A_MINUTE = 120
"""Requests that come back in a minute."""
MOST_THREADS = 4
"""Of those that answer requests, for programs of IT."""


@dataclass(kw_only=True, slots=True)
class Pace:
    """What each token may still ask. ``clock`` gives seconds and only ever rises."""

    at_once: int = AT_ONCE
    a_minute: int = A_MINUTE
    clock: Callable[[], float] = time.monotonic
    _left: dict[int, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, token: int) -> None:
        """Count one request of a token, by its number. Raises Refused if it had none left."""
        with self._lock:
            now = self.clock()
            left, since = self._left.get(token, (float(self.at_once), now))
            left = min(float(self.at_once), left + (now - since) * self.a_minute / 60)
            self._left[token] = (left - 1 if left >= 1 else left), now
        if left < 1:
            wait = max(1, math.ceil((1 - left) * 60 / self.a_minute))
            raise Refused(
                429,
                "too-often",
                f"this API token asks too often: try again in {wait} seconds",
                retry_after=wait,
            )


def few_at_once(answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """An endpoint that waits for one of the threads for programs of IT."""

    async def endpoint(request: Request) -> Response:
        return await to_thread.run_sync(answer, request, limiter=_limiter(request))

    return endpoint


def _limiter(request: Request) -> CapacityLimiter:
    """One for the whole collector; it can only be made once an event loop runs."""
    kept = request.app.state
    if not hasattr(kept, "pulls"):
        kept.pulls = CapacityLimiter(MOST_THREADS)
    limiter = kept.pulls
    assert isinstance(limiter, CapacityLimiter)
    return limiter

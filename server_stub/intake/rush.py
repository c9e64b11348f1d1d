"""When every laptop comes at once: some are served, the others are told when to come back.

After a weekend or a power cut thousands of laptops come in the same minute. Only so many requests
of laptops are taken in at a time, so that each of them is answered soon and the memory they need
is bounded. Whoever finds the house full gets an appointment in place of an answer: one after the
other, at the pace at which requests were answered of late, so those who return do not meet again.
The laptop keeps its events, and nothing of the request is read.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server_stub.errors import Refused

MOST_INSIDE = 200
"""Requests; on one core of a small server that is a second's worth."""
FIRST_PACE = 200.0
"""Answers in a second, as long as nothing was counted."""
LONGEST = 300.0
"""Seconds; a laptop waits no longer than this between two tries by itself."""
COUNTED_OVER = 1.0


@dataclass(kw_only=True, slots=True)
class Rush:
    """How many are inside, and who may come when. Used by the one thread of the server's loop.

    ``clock`` gives seconds and only ever rises."""

    most: int = MOST_INSIDE
    clock: Callable[[], float] = time.monotonic
    inside: int = 0
    pace: float = FIRST_PACE
    _next: float = 0.0
    _answered: int = 0
    _since: float | None = None

    def is_full(self) -> bool:
        """Whether the next one is told to come back."""
        return self.inside >= self.most

    @contextmanager
    def taken_in(self) -> Iterator[None]:
        """Be inside for as long as the block lasts. Raises Refused if the house is full."""
        if self.is_full():
            wait = self._appointment()
            raise Refused(
                503,
                "busy",
                f"many laptops came at once: this one has its turn in {wait} seconds",
                retry_after=wait,
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._count()

    def _appointment(self) -> int:
        """Whole seconds until the next turn that nobody has yet."""
        now = self.clock()
        self._next = max(self._next, now + 1.0) + 1.0 / self.pace
        wait = self._next - now
        if wait > LONGEST:  # more than can be served in that time: spread over its second half
            self._next = now + LONGEST
            wait = LONGEST * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load; nothing secret)
        return max(1, round(wait))

    def _count(self) -> None:
        now = self.clock()
        if self._since is None:
            self._since = now
        self._answered += 1
        if now - self._since >= COUNTED_OVER:
            self.pace = max(1.0, self._answered / (now - self._since))
            self._answered, self._since = 0, now

"""Gathers what changed until it is due, and wakes whoever waits for it: no earlier, no more often.

A file that was written and closed, or moved into place, is due at once. One that goes on changing
waits until it has been quiet for a moment, though not for ever. Nothing here looks at a clock of
its own accord: a laptop on which nothing changes is not woken.
"""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from collectors.base import Stop

QUIET = 1.0
"""Seconds without a change after which a file is judged."""

LONGEST = 60.0
"""Seconds after which a file is judged although it goes on changing."""

MOST_WAITING = 20_000
"""Changed files that may wait; beyond it a sweep is cheaper."""

ENDING = 60.0
"""Seconds after which a thread that waits for the end notices that nobody needs it any more."""


class Changes:
    """Paths that changed, each until it is due. Safe between threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._wake = threading.Condition()
        self._waiting: dict[str, tuple[float, float]] = {}
        self._taken: dict[str, float] = {}
        self._until = -math.inf
        self._lost = self._stirred = self._ended = False

    def note(self, path: str, complete: bool = False) -> None:
        """A file or folder changed. ``complete``: whoever wrote it is done, as far as is known."""
        now = self._monotonic()
        with self._wake:
            first, _ = self._waiting.get(path, (now, now))
            at_once = complete and now - self._taken.get(path, -math.inf) >= QUIET
            due = now if at_once else min(now + QUIET, first + LONGEST)
            self._waiting[path] = (first, due)
            if len(self._waiting) > MOST_WAITING:
                self._waiting.clear()
                self._lost = True
            if due < self._until or self._lost:
                self._wake.notify()

    def lose(self) -> None:
        """Events were lost: only a sweep can tell what changed."""
        with self._wake:
            self._lost = True
            self._wake.notify()

    def stir(self) -> None:
        """Something was mounted or unmounted."""
        with self._wake:
            self._stirred = True
            self._wake.notify()

    def end(self) -> None:
        """Nobody need wait any longer."""
        with self._wake:
            self._ended = True
            self._wake.notify()

    def take(self) -> list[str]:
        """The paths that are due, oldest first."""
        now = self._monotonic()
        with self._wake:
            due = [path for path, (_, at) in self._waiting.items() if at <= now]
            for path in due:
                del self._waiting[path]
            if self._taken or due:
                recent = {path: at for path, at in self._taken.items() if now - at < QUIET}
                self._taken = recent | dict.fromkeys(due, now)
        return due

    def lost(self) -> bool:
        """Whether events were lost since this was last asked."""
        with self._wake:
            lost, self._lost = self._lost, False
        return lost

    def stirred(self) -> bool:
        """Whether something was mounted or unmounted since this was last asked."""
        with self._wake:
            stirred, self._stirred = self._stirred, False
        return stirred

    def wait(self, seconds: float) -> bool:
        """Sleep until there is something to do, or that long at most; true once it has ended."""
        with self._wake:
            end = self._monotonic() + seconds
            while not (self._ended or self._lost or self._stirred):
                due = min((at for _, at in self._waiting.values()), default=math.inf)
                self._until = min(due, end)
                left = self._until - self._monotonic()
                if left <= 0:
                    break
                self._wake.wait(left)
            self._until = -math.inf
            return self._ended


@contextmanager
def ending_with(changes: Changes, stop: Stop) -> Iterator[None]:
    """While it is held, ``changes`` ends as soon as ``stop`` is set.

    A stop can only be waited for, so a thread does just that.
    """
    done = threading.Event()

    def follow() -> None:
        while not done.is_set():
            if stop.wait(ENDING):
                changes.end()
                return

    threading.Thread(target=follow, name="folders-end", daemon=True).start()
    try:
        yield
    finally:
        done.set()

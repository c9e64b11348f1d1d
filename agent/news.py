"""Waiting for news: threads sleep until something changed, or until nothing will any more."""

import threading
from collections.abc import Callable


class News:
    """Whoever tells and whoever waits may be in any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends = False

    def tell(self) -> None:
        """Something changed."""
        with self._changed:
            self._changed.notify_all()

    def end(self) -> None:
        """There will be no more; whoever waits goes without."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()

    def wait(self, timeout: float) -> None:
        """Return at the next change, or after ``timeout`` seconds."""
        with self._changed:
            if not self._ends:
                self._changed.wait(timeout)

    def wait_for(self, there: Callable[[], bool], timeout: float) -> bool:
        """Whether something is there, if need be after ``timeout`` seconds; never after the end."""
        with self._changed:
            found = self._changed.wait_for(lambda: self._ends or there(), timeout)
            return found and not self._ends

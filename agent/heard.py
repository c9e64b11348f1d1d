"""What the people at the laptop are told of lately, each of what concerns them and the laptop."""

import threading
from collections import deque
from collections.abc import Iterator

from agent.wire.event import Event

KEPT = 50
"""Messages."""
NOT_TOLD = frozenset({"own-part-changed"})
"""What IT has to look into, and whoever is at the laptop can do nothing about."""


class Heard:
    """The last messages, oldest first. Any thread may add and look."""

    def __init__(self) -> None:
        self._kept: deque[tuple[Event, int | None]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def tell(self, event: Event, uid: int | None = None) -> None:
        """Add one, and whom it concerns. None: the laptop."""
        if event.kind in NOT_TOLD:
            return
        with self._lock:
            self._kept.append((event, uid))

    def by(self, uid: int) -> list[Event]:
        """Those that concern a user or the laptop; root is a user like any other."""
        with self._lock:
            return [event for event, whose in self._kept if whose in (None, uid)]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._kept.clear()

    def __iter__(self) -> Iterator[Event]:
        with self._lock:
            return iter([event for event, _ in self._kept])

    def __len__(self) -> int:
        return len(self._kept)

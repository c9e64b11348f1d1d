"""So many within an hour of one person: what is more is a fault, a flood, or a guess."""

import threading
from collections import defaultdict, deque
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


class Hourly:
    """Counts by a person's number. Safe between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._recent: defaultdict[int, deque[datetime]] = defaultdict(deque)
        self._lock = threading.Lock()

    def spend(self, uid: int, now: datetime) -> bool:
        """Count one more; False, and then it is not counted, if that is too many."""
        with self._lock:
            recent = self._of(uid, now)
            if len(recent) >= self._most:
                return False
            recent.append(now)
            return True

    def is_spent(self, uid: int, now: datetime) -> bool:
        """Whether one more would be too many."""
        with self._lock:
            return len(self._of(uid, now)) >= self._most

    def _of(self, uid: int, now: datetime) -> deque[datetime]:
        recent = self._recent[uid]
        while recent and abs(now - recent[0]) > HOUR:  # clocks are also set back
            recent.popleft()
        return recent

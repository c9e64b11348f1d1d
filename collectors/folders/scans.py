"""Scans wait here until nothing else is to be done, and are then read by OCR, one after another.

A scan costs more than a thousand other files, and nothing hangs on an hour: it was told as
unreadable when it was found. So it waits until no sweep is running and the laptop is on mains and
idle, and only so many pages are read in an hour. What was read once, under whatever name, is not
read again.
"""

import hashlib
import math
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from enum import StrEnum

from collectors.base import Clock, Observation
from collectors.folders.judged import Judged, stamp
from collectors.folders.patrol import Patrol
from collectors.folders.roots import Roots
from collectors.folders.strain import Patience, Strain
from collectors.folders.walk import Tally, beneath, open_plain
from collectors.recognise.ocr import MOST_PAGES, Ocr, missing
from collectors.recognise.recogniser import WorkerError
from collectors.recognise.verdict import Verdict

ASK = 60.0
"""Seconds between two looks whether the laptop is idle."""

POLL = 1.0
"""Seconds between two looks whether a scan has been read."""

HOUR = 3600.0
MOST_WAITING = 5000
"""Scans that may wait; those beyond are offered again by the next sweep."""
MOST_KNOWN = 1000
_BLOCK = 1 << 20

Answer = tuple[Verdict, int]


class State(StrEnum):
    """Whether scans are read."""

    READY = "ready"
    OFF = "off"
    """The policy says so."""
    MISSING = "not-installed"
    FAILED = "failed"
    """The engine is there and cannot be started."""


class Scans:
    """What waits for OCR, and the one that is being read. Driven by one thread."""

    def __init__(
        self,
        *,
        pages_an_hour: int,
        max_bytes: int,
        patience: Patience,
        now: Clock,
        monotonic: Callable[[], float],
        ocr: Ocr | None = None,
        lacks: Callable[[], list[str]] = missing,
    ) -> None:
        self._most = pages_an_hour
        self._max_bytes = max_bytes
        self._patience = patience
        self._now = now
        self._monotonic = monotonic
        self._ocr = ocr or Ocr()
        self._thread = ThreadPoolExecutor(1, "ocr")
        self._waiting: dict[str, tuple[Judged, Verdict]] = {}
        self._reading: tuple[Judged, Future[Answer]] | None = None
        self._read: deque[tuple[float, int]] = deque()
        self._known: dict[bytes, Verdict] = {}
        self._not_before = -math.inf
        self.state = State.OFF if pages_an_hour <= 0 else State.READY
        if self.state is State.READY and lacks():
            self.state = State.MISSING

    def offer(self, judged: Judged, verdict: Verdict) -> None:
        """A file that only OCR could read."""
        if self.state is State.READY and len(self._waiting) < MOST_WAITING:
            self._waiting[judged.path] = judged, verdict

    def waiting(self) -> int:
        """How many scans have not been read."""
        return len(self._waiting) + (self._reading is not None)

    def rest(self) -> float:
        """Seconds until there is something to do here; 0 for now."""
        if self._reading is not None:
            return 0.0 if self._reading[1].done() else POLL
        return max(0.0, self._not_before - self._monotonic()) if self._waiting else math.inf

    def step(self, patrol: Patrol, roots: Roots) -> Iterator[Observation]:
        """Begin with a scan or end with one; what was found."""
        if self.rest() > 0:
            return
        if self._reading is not None:
            yield from self._end(patrol)
        elif not self._put_off():
            self._begin(roots)

    def close(self) -> None:
        """Leave the rest unread, at once."""
        self._waiting.clear()
        while self._reading is not None and not self._reading[1].done():
            self._ocr.abandon()
            wait([self._reading[1]], POLL / 10)
        self._reading = None
        self._thread.shutdown()
        self._ocr.close()

    def _put_off(self) -> bool:
        """Whether the laptop is not idle, or enough was read in the last hour."""
        now = self._monotonic()
        while self._read and self._read[0][0] <= now - HOUR:
            self._read.popleft()
        pages = sum(count for _, count in self._read)
        if pages and pages + MOST_PAGES > self._most:
            self._not_before = self._read[0][0] + HOUR
        elif self._patience.strain() is not Strain.NONE:
            self._not_before = now + ASK
        return self._not_before > now

    def _begin(self, roots: Roots) -> None:
        judged, before = self._waiting.pop(next(iter(self._waiting)))
        descriptor = _opened(judged, roots)
        if descriptor is None:
            return
        self._reading = judged, self._thread.submit(self._one, descriptor, before)

    def _one(self, descriptor: int, before: Verdict) -> Answer:
        """In the thread for OCR: the answer on a file, from memory where a copy was read."""
        try:
            digest = _digest(descriptor)
            if digest in self._known:
                return self._known[digest], 0
            answer = self._ocr.judge(descriptor, self._now().date(), before, self._max_bytes)
            if digest == _digest(descriptor):
                self._remember(digest, answer[0])
            return answer
        finally:
            os.close(descriptor)

    def _end(self, patrol: Patrol) -> Iterator[Observation]:
        assert self._reading is not None
        (judged, answer), self._reading = self._reading, None
        try:
            verdict, pages = answer.result()
        except WorkerError:
            self.state = State.FAILED
            self._waiting.clear()
            return
        self._read.append((self._monotonic(), pages))
        yield from patrol.settle(judged, verdict)

    def _remember(self, digest: bytes, verdict: Verdict) -> None:
        if len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[digest] = verdict


def _opened(judged: Judged, roots: Roots) -> int | None:
    """A file opened again, if it is the same still."""
    for above in roots.paths():
        relative = beneath(above, judged.path)
        if not relative:
            continue
        with roots.opened(above) as root:
            opened = open_plain(root, relative, Tally()) if root is not None else None
        if opened is not None and stamp(opened[1]) == stamp(judged.status):
            return opened[0]
        if opened is not None:
            os.close(opened[0])
    return None


def _digest(descriptor: int) -> bytes:
    """The digest of an open file's content, wherever it is being read."""
    digest, place = hashlib.sha256(), 0
    while piece := os.pread(descriptor, _BLOCK, place):
        digest.update(piece)
        place += len(piece)
    return digest.digest()

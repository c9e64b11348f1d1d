"""Several workers side by side, in order: the verdicts come out as the files went in.

Each thread has a worker of its own and drives it for life, since the kernel ends a worker together
with the thread that started it.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date
from typing import TypeVar

from collectors.recognise.message import Layers
from collectors.recognise.recogniser import LARGEST_FILE, Recogniser
from collectors.recognise.verdict import Verdict

Item = TypeVar("Item")
_AHEAD = 8
"""Files in hand per worker."""


class Crew:
    """``workers`` workers. Close it when done."""

    def __init__(self, workers: int = 1, recogniser: Callable[[], Recogniser] = Recogniser) -> None:
        self._workers = max(1, workers)
        self._recogniser = recogniser
        self._own = threading.local()
        self._all: list[Recogniser] = []
        self._pool = ThreadPoolExecutor(self._workers, "recognise", self._begin)

    def judge(
        self, items: Iterable[tuple[Item, int]], today: date, largest: int = LARGEST_FILE
    ) -> Generator[tuple[Item, Verdict], None, None]:
        """The verdict on each item, which comes with an open descriptor that is closed here.

        Raises WorkerError if no worker can be started.
        """
        waiting: deque[tuple[Item, Future[Verdict]]] = deque()
        try:
            for item, descriptor in items:
                future = self._pool.submit(self._one, descriptor, today, largest)
                waiting.append((item, future))
                if len(waiting) >= self._workers * _AHEAD:
                    first, ready = waiting.popleft()
                    yield first, ready.result()
            while waiting:
                first, ready = waiting.popleft()
                yield first, ready.result()
        finally:
            # Whoever stops listening leaves files behind; their descriptors close when judged.
            wait([future for _, future in waiting])

    def layers(self) -> Layers | None:
        """What holds the workers; None before the first file."""
        return next((own.layers for own in self._all if own.layers), None)

    def close(self) -> None:
        """End all workers; files that are in hand are still judged."""
        self._pool.shutdown(wait=True)
        for recogniser in self._all:
            recogniser.close()

    def _begin(self) -> None:
        self._own.recogniser = self._recogniser()
        self._all.append(self._own.recogniser)

    def _one(self, descriptor: int, today: date, largest: int) -> Verdict:
        try:
            own: Recogniser = self._own.recogniser
            return own.judge(descriptor, today, largest)
        finally:
            os.close(descriptor)

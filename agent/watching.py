"""The collectors, each in a thread of its own; one that dies is told and started again.

What they see goes into one queue, which a collector that is faster than the agent has to wait for.
"""

import contextlib
import logging
import os
import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from agent.own import CollectorFailed, CollectorName
from collectors.base import Clock, Collector, CollectorError, Observation, Stop

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
"""Seconds before a collector that died is started again."""
STEADY = timedelta(minutes=10)
"""How long a collector must have run for its earlier failures to be forgotten."""
PLACES_LOGGED = 4
"""Lines of our code that an error in the log names."""
TURN = 0.5
"""Seconds after which somebody who waits looks whether to stop."""
Seen = queue.Queue[Observation]
Makers = Mapping[str, Callable[[], Collector]]


class Watching:
    """Keeps every collector running. ``running`` and ``live`` are for those who ask how it goes."""

    def __init__(self, now: Clock) -> None:
        self.now = now
        self.makers: Makers = {}
        self.running: dict[str, bool] = {}
        self.live: dict[str, Collector] = {}

    def begin(self, makers: Makers, seen: Seen, stop: Stop) -> list[threading.Thread]:
        """Start them all; the threads end soon after ``stop`` is set."""
        self.makers = makers
        put = partial(_put, seen, stop)
        threads = [
            threading.Thread(target=self._keep_watching, args=(name, put, stop), name=name)
            for name in makers
        ]
        for thread in threads:
            thread.start()
        return threads

    def _keep_watching(self, name: str, put: Callable[[Observation], None], stop: Stop) -> None:
        """Run one collector, and start it again when it dies, until told to stop."""
        failures = 0
        while not stop.is_set():
            begun = self.now()
            try:
                self.running[name] = True
                self.live[name] = collector = self.makers[name]()
                for observation in collector.observe(stop):
                    put(observation)
                    if stop.is_set():
                        break
            except Exception as error:
                log.error("the collector %s failed: %s", name, fault(error))
            self.running[name] = False
            if stop.is_set():
                return
            failures = 1 if self.now() - begun > STEADY else failures + 1
            put(self._failed(name, failures))
            stop.wait(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 16)))

    def _failed(self, name: str, failures: int) -> CollectorFailed:
        collector = CollectorName.of(name)
        return CollectorFailed(
            observed_at=self.now(), subject=name, collector=collector, failures=failures
        )


def fault(error: BaseException) -> str:
    """An error for the log: what and where, never its own words, which may hold a person's path."""
    frames = traceback.extract_tb(error.__traceback__)[-PLACES_LOGGED:]
    places = ", ".join(f"{os.path.basename(one.filename)}:{one.lineno}" for one in frames)
    words = f" ({error})" if isinstance(error, CollectorError) else ""
    return f"{type(error).__name__}{words} at {places}"


def _put(seen: Seen, stop: Stop, observation: Observation) -> None:
    """Wait for room in the queue, but not for ever for a daemon that ended."""
    while not stop.is_set():
        with contextlib.suppress(queue.Full):
            seen.put(observation, timeout=TURN)
            return
    if observation.last_word:
        with contextlib.suppress(queue.Full):
            seen.put_nowait(observation)

"""One sweep after another: when the next is due, and that a long one gives way to the user.

A sweep is taken step by step, so that a file that changes meanwhile is judged at once. The first
half minute of work disturbs nobody and is never put off, which covers every sweep over unchanged
files; from then on a sweep waits while the laptop runs on its battery or is busy. It does not wait
for ever: what is never looked at is not clean.
"""

from collections.abc import Callable, Generator, Iterator

from collectors.base import Observation
from collectors.folders.strain import Patience, Strain

GRACE = 30.0
"""Seconds a sweep may work before it gives way."""

SLICE = 0.25
"""Seconds of work between two looks at anything else."""

ASK = 20.0
"""Seconds between two looks at the battery and the load."""

Steps = Generator[Observation | None, None, None]
Sweep = Callable[[], Steps]


class Rounds:
    """Begins sweeps, takes them on and puts them off. Times are in seconds."""

    def __init__(
        self,
        sweep: Sweep,
        *,
        every: float,
        longest_pause: float,
        patience: Patience,
        monotonic: Callable[[], float],
    ) -> None:
        self._sweep = sweep
        self._every = every
        self._longest_pause = longest_pause
        self._patience = patience
        self._monotonic = monotonic
        self._running: Steps | None = None
        self._due = monotonic()
        self._again = False
        self._worked = self._paused = 0.0
        self._asked = -ASK
        self.strain = Strain.NONE

    def begin_again(self) -> None:
        """Something may have been missed: begin a sweep, after the one that runs if one does."""
        self._again = True

    def rest(self) -> float:
        """Seconds until there is something to do here; 0 for now."""
        now = self._monotonic()
        if self._running is not None:
            return self._wait(now)
        return 0.0 if self._again else max(0.0, self._due - now)

    def sweeping(self) -> bool:
        return self._running is not None

    def step(self) -> Iterator[Observation]:
        """Work for a moment; what was found."""
        began = self._monotonic()
        running = self._running or self._begin(began)
        for told in running:
            if told is not None:
                yield told
            if self._monotonic() - began >= SLICE:
                break
        else:
            self._running = None
        self._worked += self._monotonic() - began

    def close(self) -> None:
        """Leave a sweep where it is."""
        if self._running is not None:
            self._running.close()
        self._running = None

    def _begin(self, now: float) -> Steps:
        self._due, self._again = now + self._every, False
        self._worked = self._paused = 0.0
        self._running = self._sweep()
        return self._running

    def _wait(self, now: float) -> float:
        if self._worked < GRACE:
            self.strain = Strain.NONE
            return 0.0
        if now - self._asked >= ASK:
            waited = now - self._asked if self.strain is not Strain.NONE else 0.0
            self._paused += waited
            self._asked = now
            enough = self._paused >= self._longest_pause
            self.strain = Strain.NONE if enough else self._patience.strain()
        return 0.0 if self.strain is Strain.NONE else self._asked + ASK - now

"""A day's count: for how many minutes a screen stood open beyond the limit with nobody there.

It tells an organisation whether locking works, and nothing about when: the event holds no time of
day. It comes with the next day, or when the agent ends: a day's counts are then parts of one, to be
added up. Time in which the laptop slept or no agent ran is not guessed.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from collectors.base import Facts, Observation

LONGEST_STEP = 120.0
"""Seconds between two looks that may still be counted as one stretch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreensDay(Observation):
    """How a day went. ``whole``: somebody counted from its beginning to its end."""

    kind: ClassVar[str] = "screens-day"
    last_word: ClassVar[bool] = True
    minutes: int
    times: int
    whole: bool

    def facts(self) -> Facts:
        return {"open-minutes": self.minutes, "times": self.times, "whole-day": self.whole}


class Day:
    """Counts until the date changes, by the laptop's own time zone."""

    def __init__(self) -> None:
        self._date = ""
        self._begin(whole=False)
        self._open: frozenset[object] = frozenset()
        self._seen: float | None = None

    def look(self, left_open: Collection[object], now: float, at: datetime) -> Iterator[ScreensDay]:
        """Count what is open and unattended at ``now`` (monotonic seconds, wall clock ``at``)."""
        date = at.astimezone().date().isoformat()
        if self._open and self._seen is not None:
            self._seconds += min(now - self._seen, LONGEST_STEP)
        if self._date and date != self._date:
            yield self._told(at)
            self._begin(whole=True)
        self._times += len(frozenset(left_open) - self._open)
        self._date, self._seen, self._open = date, now, frozenset(left_open)

    def end(self, at: datetime) -> Iterator[ScreensDay]:
        """What was counted of a day that is not over, if there was anything to look at."""
        if self._date:
            self._whole = False
            yield self._told(at)
            self._begin(whole=False)
            self._date = ""

    def _begin(self, *, whole: bool) -> None:
        self._seconds, self._times, self._whole = 0.0, 0, whole

    def _told(self, at: datetime) -> ScreensDay:
        minutes = round(self._seconds / 60)
        return ScreensDay(
            observed_at=at, subject="screens", minutes=minutes, times=self._times, whole=self._whole
        )

"""The figures of the organisation: laptops heard of a day, and events of each kind a week. Pure.

Nothing here is about one laptop or one person, nothing is ranked and nothing is a score.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from server_stub.storage.store_daily import LAPTOPS

DAYS = 28
WEEKS = 12
PLOTTED = 6
"""Kinds of events with a plot of their own; the table has them all."""
Counts = Mapping[tuple[date, str], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Counts of one kind, the oldest first; ``starts`` are the days on which each begins."""

    kind: str
    starts: tuple[date, ...]
    values: tuple[int, ...]


def first_day(today: date) -> date:
    """The first day that any of the figures needs."""
    return min(_mondays(today)[0], _days(today)[0])


def laptops(counts: Counts, today: date) -> Series:
    """Laptops heard of on each of the last days, today included."""
    days = _days(today)
    return Series(
        kind=LAPTOPS, starts=days, values=tuple(counts.get((d, LAPTOPS), 0) for d in days)
    )


def events(counts: Counts, today: date) -> list[Series]:
    """Events of each kind in each of the last weeks, this one included; the most frequent kind
    first."""
    kinds = {kind for _, kind in counts if kind != LAPTOPS}
    found = [_weeks(counts, kind, today) for kind in kinds]
    return sorted(
        (one for one in found if any(one.values)), key=lambda one: (-sum(one.values), one.kind)
    )


def _weeks(counts: Counts, kind: str, today: date) -> Series:
    starts = _mondays(today)
    values = tuple(
        sum(counts.get((start + timedelta(days=day), kind), 0) for day in range(7))
        for start in starts
    )
    return Series(kind=kind, starts=starts, values=values)


def _days(today: date) -> tuple[date, ...]:
    return tuple(today - timedelta(days=back) for back in reversed(range(DAYS)))


def _mondays(today: date) -> tuple[date, ...]:
    this = today - timedelta(days=today.weekday())
    return tuple(this - timedelta(weeks=back) for back in reversed(range(WEEKS)))

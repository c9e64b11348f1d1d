"""Quiet hours: when a message that can wait does wait. Pure.

The hours are those on the laptop's own clock, so they move with summer time as people do.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

_SPAN = re.compile(r"\A([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)\Z")
MOST = 8
"""Spans of a day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """From ``begin`` up to ``end``, over midnight where the end is the earlier of the two."""

    begin: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether a time of the day lies within."""
        if self.begin < self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end

    def over(self, now: datetime) -> datetime:
        """When a span that holds ``now``, a moment in local time, is over."""
        end = now.replace(hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0)
        return end if end > now else end + timedelta(days=1)


def span(given: object) -> Span | None:
    """A span as a policy writes it, such as ``18:00-07:30``; None if it is none."""
    found = _SPAN.match(given) if isinstance(given, str) else None
    if found is None:
        return None
    hours = [int(part) for part in found.groups()]
    begin, end = time(hours[0], hours[1]), time(hours[2], hours[3])
    return Span(begin=begin, end=end) if begin != end else None


def until(spans: Iterable[Span], now: datetime) -> datetime | None:
    """Until when it is quiet at a moment in local time; None if it is not."""
    return max((one.over(now) for one in spans if one.holds(now.time())), default=None)

"""A date and time as people write it, in a time zone; in one night of the year an hour comes twice.

When summer time ends the clock shows 2 to 3 a second time. What somebody writes of that hour means
two moments, so they are asked which; everywhere else there is nothing to ask.
"""

from datetime import UTC, datetime, timezone, tzinfo

FIRST, SECOND = "first", "second"
"""Which of the two hours."""


def moment(zone: tzinfo | None, local: datetime, hour: str = "") -> datetime | None:
    """The moment of a clock's reading, in UTC; None where it came twice and nobody said which.
    ``zone`` is None for the machine's own."""
    both = _both(zone, local)
    if both[0] < both[1] and hour not in (FIRST, SECOND):
        return None
    return both[1 if hour == SECOND and both[0] < both[1] else 0].astimezone(UTC)


def twice(zone: tzinfo | None, local: datetime) -> tuple[str, str] | None:
    """What the two hours are called, if a clock showed this twice; None if it did not."""
    first, second = _both(zone, local)
    return (first.tzname() or "", second.tzname() or "") if first < second else None


def hour_of(zone: tzinfo | None, at: datetime) -> str:
    """Which of the two hours a moment lies in; the first for all others."""
    there = at.astimezone(zone)
    local = there.replace(tzinfo=None, fold=0)
    return SECOND if twice(zone, local) and _both(zone, local)[1] <= at else FIRST


def reading(text: str) -> datetime | None:
    """A clock's reading as a form's field has it, such as 2026-11-23T14:05; None: it is none."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%dT%H:%M")  # noqa: DTZ007 (zone follows)
    except ValueError:
        return None


def _both(zone: tzinfo | None, local: datetime) -> tuple[datetime, datetime]:
    """The two moments in their zone. They are the same but where a clock is changed; where an hour
    is left out the second is the earlier one. Compared as moments, so in zones of their own."""
    ways = (local.replace(fold=fold) for fold in (0, 1))
    first, second = (way.replace(tzinfo=zone) if zone else way.astimezone() for way in ways)
    return _fixed(first), _fixed(second)


def _fixed(at: datetime) -> datetime:
    """With a fixed offset of the same name: two readings in one zone are compared by their hands,
    and not by when they were."""
    offset = at.utcoffset()
    assert offset is not None
    return at.replace(tzinfo=timezone(offset, at.tzname() or ""), fold=0)

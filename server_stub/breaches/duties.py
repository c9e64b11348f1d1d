"""What has to be done about a breach within a time, and whether it was; pure.

The authority, the board, a temporary measure, clients and the people concerned each have a clock of
their own. All run from when the organisation was aware, until that is decided provisionally from
detection, as elapsed time in UTC. What is done late needs a reason, and so does the decision that
something need not be done at all: the register is what the authority reads afterwards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server_stub.breaches.dossier import wrong_words
from server_stub.breaches.register import Breach, why_not_aware

LONGEST_REASON = 1000
"""Characters."""


class Duty(StrEnum):
    """Who is told, or what is done."""

    AUTHORITY = "authority"
    BOARD = "board"
    MEASURE = "measure"
    CLIENTS = "clients"
    SUBJECTS = "subjects"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What a person noted: done ``at`` a moment, or, without one, not needed."""

    duty: Duty
    at: datetime | None
    reason: str
    who: str
    noted_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """How one duty of an entry stands. ``by`` is None where there is no fixed time."""

    duty: Duty
    by: datetime | None
    provisional: bool
    left_hours: int
    elapsed_hours: int
    mark: Mark | None
    late: bool
    """It was done after its time, or is not done and its time is over."""

    @property
    def open(self) -> bool:
        """Whether somebody still has to do it, or to say that it need not be done."""
        return self.mark is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reported:
    """How long it took from noticing to the report within the organisation, against its time."""

    by: datetime
    at: datetime
    late: bool


def reported(
    noticed: datetime | None, at: datetime | None, time: timedelta | None
) -> Reported | None:
    """How the report within the organisation went; None where that cannot be said."""
    if noticed is None or at is None or time is None:
        return None
    return Reported(by=noticed + time, at=at, late=at > noticed + time)


def dues(
    breach: Breach,
    times: Mapping[Duty, timedelta | None],
    marks: Iterable[Mark],
    now: datetime,
) -> list[Due]:
    """Every duty of an entry, the one that is due first first; of its marks the last counts."""
    known = last_of_each(marks)
    found = [_due(breach, duty, time, known.get(duty), now) for duty, time in times.items()]
    return sorted(found, key=lambda due: (due.by is None, due.by or now, due.duty))


def next_due(found: Iterable[Due]) -> Due | None:
    """What has to be done next; None if nothing is left."""
    return next((due for due in found if due.open), None)


def why_not(
    breach: Breach, time: timedelta | None, at: datetime | None, reason: str, now: datetime
) -> str | None:
    """Why a mark cannot be noted, as a closed word; None: it can."""
    if unfit := wrong_reason(reason):
        return unfit
    if at is None:
        return None if reason else "why-not-needed"
    if wrong := why_not_aware(breach, at, now):  # no deed lies where awareness could not
        return wrong
    late = time is not None and at > _start(breach) + time
    return "why-late" if late and not reason else None


def wrong_reason(reason: str) -> str | None:
    """Why this text cannot be a reason, as a closed word; None: it can."""
    return wrong_words(reason, LONGEST_REASON)


def last_of_each(marks: Iterable[Mark]) -> dict[Duty, Mark]:
    """What counts of each duty: of its marks the last."""
    return {mark.duty: mark for mark in marks}


def _due(
    breach: Breach, duty: Duty, time: timedelta | None, mark: Mark | None, now: datetime
) -> Due:
    start = _start(breach)
    by = None if time is None else start + time
    until = now if mark is None else mark.at
    hour = timedelta(hours=1)
    return Due(
        duty=duty,
        by=by,
        provisional=breach.aware_at is None,
        left_hours=0 if by is None else max(0, (by - now) // hour),
        elapsed_hours=max(0, ((until or now) - start) // hour),
        mark=mark,
        late=by is not None and until is not None and until > by,
    )


def _start(breach: Breach) -> datetime:
    return breach.aware_at or breach.draft.detected_at

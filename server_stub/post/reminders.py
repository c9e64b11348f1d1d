"""Which reminders of the breach register are due, and to whom; pure.

Each step has a moment from which it is due. It was told to somebody if they were sent it at or
after that moment, so nothing is sent twice, and a clock that was set anew by a decision on
awareness reminds again only where its step comes later than what was sent. Of one clock only the
latest step counts: after a night without a mail server nobody gets three mails about one clock.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from server_stub.breaches.duties import Due, Duty, Mark, next_due
from server_stub.breaches.register import Breach
from server_stub.logins.auth import Role
from server_stub.two_people import Request

DAY = timedelta(hours=24)
LAST_HOURS = timedelta(hours=4)
MOST_DAYS = 14
"""How often a clock whose time is over is told of again."""
NEWS_KEEPS = timedelta(days=14)
"""What is older than this is no news to anybody any more."""
HOUR = timedelta(hours=1)
MOST_REPORTS = 6
"""Mails about reported leaks that one reader gets in an hour; what comes more often waits."""


class Step(StrEnum):
    """What is told of, the most urgent first."""

    CALLED = "called"
    OPENING = "opening"
    REPORTED = "reported"
    OVER = "over"
    STILL_OVER = "still-over"
    LAST_HOURS = "last-hours"
    QUARTER = "quarter"
    HALF = "half"
    UNDECIDED = "undecided"
    OPENED = "opened"
    INTENDED = "intended"
    DONE = "done"
    NOT_NEEDED = "not-needed"


_ESCALATED = frozenset({Step.OVER, Step.STILL_OVER})
_CLOCKS = _ESCALATED | {Step.LAST_HOURS, Step.QUARTER, Step.HALF}
BY_ROLE: Mapping[str, frozenset[Step]] = {
    Role.OFFICER: _CLOCKS | {Step.REPORTED, Step.OPENED, Step.UNDECIDED, Step.OPENING},
    Role.MANAGEMENT: _ESCALATED,
    Role.DIRECTOR: frozenset({Step.OPENING}),
    Role.SECOND: frozenset({Step.OPENING}),
}
"""Who is told what. A role that does not stand here is told nothing."""
OF_REPORTING_POINT = frozenset({Step.REPORTED})
OF_COPIES = frozenset({Step.REPORTED, Step.OPENED, Step.INTENDED, Step.DONE, Step.NOT_NEEDED})
_REPORTED = str(Step.REPORTED)
_URGENCY = {step: number for number, step in enumerate(Step)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """An entry, how its duties stand now, and what was noted about them, the oldest first;
    ``intended_at`` is when it was last written what is intended to be done."""

    breach: Breach
    dues: Sequence[Due]
    marks: Sequence[Mark] = ()
    intended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A leak that somebody reported: ``event`` as the collector counts, ``receipt`` as they do."""

    event: int
    receipt: str
    received_at: datetime
    route: frozenset[str] = frozenset()
    """Those of the routing who are told of it at an address of their own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamCall:
    """The crisis team was called for the entry of this number."""

    id: int
    number: str
    called_at: datetime


class Key(NamedTuple):
    """What a reminder is about; the same for every time it comes."""

    breach: int | None
    event: int | None
    duty: str
    step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reminder:
    """One thing to tell, due from ``moment``.

    ``due`` is the clock it is about, or, for a new entry, the one that ends first."""

    step: Step
    moment: datetime
    breach: Breach | None = None
    report: Report | None = None
    due: Due | None = None
    call: TeamCall | None = None
    asked: Request | None = None

    @property
    def key(self) -> Key:
        """What it is about."""
        return Key(
            breach=self.breach.id if self.breach else None,
            event=self.report.event if self.report else None,
            duty=self._duty(),
            step=str(self.step),
        )

    def _duty(self) -> str:
        if self.call is not None:
            return f"call-{self.call.id}"
        if self.asked is not None:
            return f"opening-{self.asked.id}"
        return str(self.due.duty) if self.due and self.step is not Step.OPENED else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Somebody who is told; ``who`` stays the same when the address changes.

    Who reads in ``brief`` learns the number and the clock, and nothing else. Who does not ``act``
    is told no next step: it is not theirs to take."""

    who: str
    address: str
    language: str
    steps: frozenset[Step]
    brief: bool = False
    acts: bool = True
    routed: bool = False
    """Whether they are told only of reports whose route names them."""


Sent = Mapping[tuple[Key, str], datetime]
"""When each thing was last sent to each reader."""


def due_now(
    cases: Iterable[Case],
    reports: Iterable[Report],
    times: Mapping[Duty, timedelta | None],
    news_since: datetime,
    now: datetime,
    calls: Iterable[TeamCall] = (),
    asked: Iterable[Request] = (),
) -> list[Reminder]:
    """All there is to tell, whoever was told already; news from before ``news_since`` is none."""
    found = [_reported(one) for one in reports]
    found += [Reminder(step=Step.CALLED, moment=one.called_at, call=one) for one in calls]
    found += [Reminder(step=Step.OPENING, moment=one.asked_at, asked=one) for one in asked]
    for case in cases:
        found += [*_decided(case), *_intended(case)]
        if case.breach.closed_at is None:  # nobody's clock runs for a closed one
            found += [one for due in case.dues if (one := _of_clock(case.breach, due, times, now))]
            found += [_opened(case), *_undecided(case.breach, now)]
    kept = (one for one in found if one.step in _CLOCKS or one.moment >= news_since)
    return sorted(kept, key=lambda one: (_URGENCY[one.step], one.moment))


def for_reader(reader: Reader, due: Iterable[Reminder], sent: Sent) -> list[Reminder]:
    """What this reader has to be told now."""
    mine = (one for one in due if _is_for(reader, one) and not _asked_it(reader, one))
    return [one for one in mine if not _told(reader, one, sent)]


def not_too_many(
    reader: Reader, found: list[Reminder], sent: Sent, now: datetime
) -> list[Reminder]:
    """Without reported leaks where too many mails told of some: a laptop that was taken over could
    report without end. They come in one mail later, and clocks never wait."""
    mails = {at for (key, who), at in sent.items() if (who, key.step) == (reader.who, _REPORTED)}
    if sum(at > now - HOUR for at in mails) < MOST_REPORTS:
        return found
    return [one for one in found if one.step is not Step.REPORTED]


def _is_for(reader: Reader, one: Reminder) -> bool:
    if reader.routed:
        return one.report is not None and reader.who in one.report.route
    return one.step in reader.steps


def _asked_it(reader: Reader, one: Reminder) -> bool:
    """Whether this reader asked for it, and so cannot be the second person."""
    return one.asked is not None and reader.who == f"user:{one.asked.who}"


def _told(reader: Reader, one: Reminder, sent: Sent) -> bool:
    at = sent.get((one.key, reader.who))
    return at is not None and at >= one.moment


def _reported(report: Report) -> Reminder:
    return Reminder(step=Step.REPORTED, moment=report.received_at, report=report)


def _opened(case: Case) -> Reminder:
    breach = case.breach
    return Reminder(
        step=Step.OPENED, moment=breach.created_at, breach=breach, due=next_due(case.dues)
    )


def _undecided(breach: Breach, now: datetime) -> Iterator[Reminder]:
    moment = breach.created_at + DAY
    if breach.aware_at is None and moment <= now:
        yield Reminder(step=Step.UNDECIDED, moment=moment, breach=breach)


def _intended(case: Case) -> Iterator[Reminder]:
    """That somebody wrote what they intend to do, which is told each time it is written."""
    if case.intended_at is not None:
        yield Reminder(step=Step.INTENDED, moment=case.intended_at, breach=case.breach)


def _decided(case: Case) -> Iterator[Reminder]:
    """What was noted, each time: a correction is told as well."""
    dues = {due.duty: due for due in case.dues}
    for mark in case.marks:
        if mark.duty in dues:  # else its clock runs here no more
            step = Step.NOT_NEEDED if mark.at is None else Step.DONE
            due = dues[mark.duty]
            yield Reminder(step=step, moment=mark.noted_at, breach=case.breach, due=due)


def _of_clock(
    breach: Breach, due: Due, times: Mapping[Duty, timedelta | None], now: datetime
) -> Reminder | None:
    """The latest step of a clock that still runs or is over."""
    if due.by is None or not due.open:
        return None
    passed = [(step, at) for step, at in _steps(due.by, times.get(due.duty), now) if at <= now]
    if not passed:
        return None
    step, moment = max(passed, key=lambda pair: pair[1])
    return Reminder(step=step, moment=moment, breach=breach, due=due)


def _steps(by: datetime, time: timedelta | None, now: datetime) -> Iterator[tuple[Step, datetime]]:
    """The steps of a clock that ends at ``by`` after running for ``time``, with their moments."""
    if time:
        yield Step.HALF, by - time / 2
        yield Step.QUARTER, by - time / 4
    if not time or time > LAST_HOURS:
        yield Step.LAST_HOURS, by - LAST_HOURS
    yield Step.OVER, by
    days = min((now - by) // DAY, MOST_DAYS)
    if days > 0:
        yield Step.STILL_OVER, by + days * DAY

"""Sessions: a screen stands open and nobody is at it, and somebody has come back.

A session counts as unattended when it is somebody's own, graphical, local and in front, is not
locked, and nothing was touched for the limit. "Locked" and "idle" are two facts, and a desktop
that tells neither is common; so the idle time comes from the best source there is, and the
observation names it:

    input-devices  the kernel's own devices: any desktop, but the agent must be allowed to listen
    logind-hint    what the desktop told logind; many never do, and then it proves nothing

Each spell is told once, however long it lasts, and so is its end.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from collectors.base import (
    Clock,
    CollectorError,
    Condition,
    CoverageLost,
    CoverageRestored,
    Details,
    Facts,
    Gap,
    Observation,
    Proof,
    Setting,
    Settings,
    Stop,
    utc_now,
)
from collectors.session_state import (
    Desk,
    DeskError,
    Idle,
    IdleSource,
    Session,
    SessionKind,
    idle_time,
)

if sys.platform == "linux":
    from collectors.session_linux import LogindDesk
else:
    raise ImportError(f"sessions cannot be watched on {sys.platform} yet")

LONGEST_LIMIT = 60
SETTINGS: Mapping[str, Setting] = {
    "limit_minutes": Setting(10, "minutes without a touch before an open screen is unattended"),
    "poll_seconds": Setting(5, "how often to look"),
}


class Watched(StrEnum):
    """What this collector may have to report as not watched."""

    SESSION = "session"
    INPUT = "session-input"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionUnattended(Observation):
    """A screen stands open and nobody has touched anything for the limit."""

    kind: ClassVar[str] = "session-unattended"
    user: str
    session: SessionKind
    idle: float
    """Seconds."""
    limit_minutes: int
    source: IdleSource
    locked: bool
    started: int

    def facts(self) -> Facts:
        return {
            "idle-minutes": int(self.idle // 60),
            "limit-minutes": self.limit_minutes,
            "source": self.source,
            "locked": self.locked,
            "session": self.session,
        }

    def details(self) -> Details:
        return {"user": self.user}

    def proof(self) -> Proof:
        return {"started": self.started}


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionResumed(Observation):
    """Somebody is back at a screen that was unattended. ``away`` in seconds."""

    kind: ClassVar[str] = "session-resumed"
    user: str
    session: SessionKind
    away: float

    def facts(self) -> Facts:
        return {"away-minutes": int(self.away // 60), "session": self.session}

    def details(self) -> Details:
        return {"user": self.user}


@dataclass(frozen=True, kw_only=True, slots=True)
class Spell:
    """A session that was found unattended; ``since`` is when it was last touched (monotonic)."""

    session: Session
    since: float


Spells = Mapping[tuple[str, int], Spell]


def step(
    spells: Spells,
    seen: Sequence[tuple[Session, Idle]],
    *,
    limit_minutes: int,
    now: float,
    at: datetime,
) -> tuple[Spells, list[Observation]]:
    """The spells after one look at the sessions, and what there is to tell. Touches nothing."""
    after, told = dict[tuple[str, int], Spell](), list[Observation]()
    for session, idle in seen:
        key = (session.id, session.started)
        spell = spells.get(key)
        seconds = idle.seconds or 0.0
        if spell is None and _is_unattended(session, seconds, limit_minutes):
            spell = Spell(session=session, since=now - seconds)
            told.append(_unattended(session, idle, limit_minutes, at))
        elif spell is not None and _is_back(session, seconds, limit_minutes):
            told.append(_resumed(session, now - spell.since, at))
            spell = None
        if spell is not None:
            after[key] = spell
    return after, told


class SessionCollector:
    """Reports screens left open and people coming back."""

    name = "session"

    def __init__(
        self,
        desk: Desk,
        *,
        limit_minutes: int = 10,
        poll: float = 5.0,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.desk = desk
        self.limit_minutes = limit_minutes
        self.poll = poll
        self.now = now
        self.monotonic = monotonic
        self.spells: Spells = {}
        self.lost: dict[Watched, Gap] = {}

    def condition(self) -> Condition:
        return {}

    def observe(self, stop: Stop) -> Iterator[Observation]:
        try:
            while not stop.is_set():
                yield from self._look()
                stop.wait(self.poll)
        finally:
            self.desk.close()

    def _look(self) -> Iterator[Observation]:
        try:
            sessions = self.desk.sessions()
        except DeskError:
            yield from self._coverage(Watched.SESSION, Gap.MISSING, "logind")
            return
        yield from self._coverage(Watched.SESSION, None, "logind")
        now = self.monotonic()
        touched_at = self.desk.touched_at(now)
        if any(session.watched() for session in sessions):
            gap = touched_at if isinstance(touched_at, Gap) else None
            yield from self._coverage(Watched.INPUT, gap, "input devices")
        seen = [(session, idle_time(session, touched_at, now)) for session in sessions]
        self.spells, told = step(
            self.spells, seen, limit_minutes=self.limit_minutes, now=now, at=self.now()
        )
        yield from told

    def _coverage(self, what: Watched, gap: Gap | None, name: str) -> Iterator[Observation]:
        """Say once that something is lost, and once that it is back."""
        if gap is not None and what not in self.lost:
            self.lost[what] = gap
            yield CoverageLost(observed_at=self.now(), subject=name, what=what, gap=gap)
        elif gap is None and self.lost.pop(what, None) is not None:
            yield CoverageRestored(observed_at=self.now(), subject=name, what=what)


def this_machine() -> Desk:
    """The sessions of this machine."""
    return LogindDesk()


def make(settings: Settings) -> SessionCollector:
    """Build the collector from its section of the policy. Raises CollectorError."""
    limit, poll = settings["limit_minutes"], settings["poll_seconds"]
    if not 1 <= limit <= LONGEST_LIMIT or not 1 <= poll <= 60:
        raise CollectorError(
            f"session: limit_minutes is 1 to {LONGEST_LIMIT}, poll_seconds is 1 to 60"
        )
    return SessionCollector(this_machine(), limit_minutes=limit, poll=float(poll))


def _is_unattended(session: Session, seconds: float, limit_minutes: int) -> bool:
    return session.watched() and not session.locked and seconds >= limit_minutes * 60


def _is_back(session: Session, seconds: float, limit_minutes: int) -> bool:
    """Touching a locked screen is no return: only a person who unlocked it is back."""
    return session.watched() and not session.locked and seconds < limit_minutes * 60


def _unattended(session: Session, idle: Idle, limit: int, at: datetime) -> Observation:
    return SessionUnattended(
        observed_at=at,
        subject=session.id,
        user=session.user,
        session=session.kind,
        idle=idle.seconds or 0.0,
        limit_minutes=limit,
        source=idle.source,
        locked=session.locked,
        started=session.started,
    )


def _resumed(session: Session, away: float, at: datetime) -> Observation:
    return SessionResumed(
        observed_at=at,
        subject=session.id,
        user=session.user,
        session=session.kind,
        away=away,
    )

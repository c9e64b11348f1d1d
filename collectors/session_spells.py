"""Spells: from what one look at the sessions showed to what there is to tell. Pure.

A spell begins when a session is found unattended and ends when somebody is back. Each is told once,
however long it lasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from collectors.base import Details, Facts, Observation, Proof
from collectors.session_state import Idle, IdleSource, Session, SessionKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When an open screen counts as unattended.

    ``minutes`` without a touch; ``kept_open_minutes`` longer where a program asks for the screen to
    stay on, such as a presentation; ``warning_seconds`` before either the person is warned.
    """

    minutes: int
    kept_open_minutes: int = 0
    warning_seconds: int = 0

    def seconds(self, idle: Idle) -> float:
        """How long nothing may be touched, in seconds."""
        return 60.0 * (self.minutes + (self.kept_open_minutes if idle.kept_open else 0))


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
    kept_open: bool
    started: int

    def facts(self) -> Facts:
        return {
            "idle-minutes": int(self.idle // 60),
            "limit-minutes": self.limit_minutes,
            "source": self.source,
            "locked": self.locked,
            "kept-open": self.kept_open,
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
    limits: Limits,
    now: float,
    at: datetime,
) -> tuple[Spells, list[Observation]]:
    """The spells after one look at the sessions, and what there is to tell. Touches nothing."""
    after, told = dict[tuple[str, int], Spell](), list[Observation]()
    for session, idle in seen:
        key = (session.id, session.started)
        spell = spells.get(key)
        seconds = idle.seconds or 0.0
        if spell is None and _is_unattended(session, idle, limits):
            spell = Spell(session=session, since=now - seconds)
            told.append(_unattended(session, idle, limits, at))
        elif spell is not None and _is_back(session, seconds, limits):
            told.append(_resumed(session, now - spell.since, at))
            spell = None
        if spell is not None:
            after[key] = spell
    return after, told


def remaining(session: Session, idle: Idle, limits: Limits) -> float | None:
    """Seconds until an open session is unattended, if nothing is touched; None if it never is."""
    if not session.watched() or session.locked or idle.seconds is None:
        return None
    return limits.seconds(idle) - idle.seconds


def _is_unattended(session: Session, idle: Idle, limits: Limits) -> bool:
    left = remaining(session, idle, limits)
    return left is not None and left <= 0


def _is_back(session: Session, seconds: float, limits: Limits) -> bool:
    """Touching a locked screen is no return: only a person who unlocked it is back."""
    return session.watched() and not session.locked and seconds < limits.minutes * 60


def _unattended(session: Session, idle: Idle, limits: Limits, at: datetime) -> Observation:
    return SessionUnattended(
        observed_at=at,
        subject=session.id,
        user=session.user,
        session=session.kind,
        idle=idle.seconds or 0.0,
        limit_minutes=limits.minutes,
        source=idle.source,
        locked=session.locked,
        kept_open=idle.kept_open,
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

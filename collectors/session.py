"""Sessions: a screen stands open and nobody is at it, and somebody has come back.

A session counts as unattended when it is somebody's own, graphical, local and in front, is not
locked, and nothing was touched for the limit. "Locked" and "idle" are two facts, and a desktop
that tells neither is common; so the idle time comes from the best source there is, and the
observation names it:

    input-devices  the kernel's own devices: any desktop, but the agent must be allowed to listen
    logind-hint    what the desktop told logind; many never do, and then it proves nothing

A presentation or a film keeps a screen open beyond the limit, up to a cap. While somebody works,
logind is asked once a minute and no oftener; in the seconds before the limit the devices are looked
at every second, so that a touch at the last moment still counts.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum

from collectors.base import (
    Clock,
    CollectorError,
    Condition,
    CoverageLost,
    CoverageRestored,
    Gap,
    Observation,
    Setting,
    Settings,
    Stop,
    utc_now,
)
from collectors.session_day import Day
from collectors.session_spells import (
    Limits,
    SessionResumed,
    SessionUnattended,
    Spell,
    Spells,
    remaining,
    step,
)
from collectors.session_state import Desk, DeskError, Idle, Session, idle_time

if sys.platform == "linux":
    from collectors.session_linux import LogindDesk
else:
    raise ImportError(f"sessions cannot be watched on {sys.platform} yet")

__all__ = ["SessionResumed", "SessionUnattended", "Spell", "Spells", "step"]

LONGEST_LIMIT = 15
LONGEST_WARNING = 120
LONGEST_KEPT_OPEN = 240
ASK_SECONDS = 60.0
"""How often logind is asked while somebody works."""
COUNTING = 1.0
"""Seconds between two looks while a warning is shown."""
PROFILES: Mapping[str, int] = {"care": 5, "teaching": 10, "visitors": 3}
"""Minutes without a touch. Whoever works where clients and parents walk in has the shortest."""
SETTINGS: Mapping[str, Setting] = {
    "profile": Setting("teaching", "care (5 minutes), teaching (10) or visitors (3)"),
    "limit_minutes": Setting(0, "minutes without a touch; 0: those of the profile"),
    "warning_seconds": Setting(30, "how long before it locks the person is warned"),
    "kept_open_minutes": Setting(60, "how much longer a presentation or a film may keep it open"),
    "poll_seconds": Setting(5, "how often to look"),
}


class Watched(StrEnum):
    """What this collector may have to report as not watched."""

    SESSION = "session"
    INPUT = "session-input"


class SessionCollector:
    """Reports screens left open and people coming back."""

    name = "session"

    def __init__(
        self,
        desk: Desk,
        *,
        limits: Limits,
        poll: float = 5.0,
        ask: float = ASK_SECONDS,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.desk = desk
        self.limits = limits
        self.poll = poll
        self.ask = ask
        self.now = now
        self.monotonic = monotonic
        self.spells: Spells = {}
        self.lost: dict[Watched, Gap] = {}
        self.day = Day()
        self._asked = -math.inf
        self._due: float | None = None

    def condition(self) -> Condition:
        return {"limit_minutes": self.limits.minutes}

    def lock_in(self) -> int | None:
        """Seconds until an open screen counts as unattended; None before the warning is due."""
        due = self._due
        left = None if due is None else due - self.monotonic()
        return (
            None if left is None or left > self.limits.warning_seconds else math.ceil(max(0, left))
        )

    def observe(self, stop: Stop) -> Iterator[Observation]:
        try:
            while not stop.is_set():
                yield from self._look()
                counting = self.lock_in() is not None
                stop.wait(min(self.poll, COUNTING) if counting else self.poll)
            yield from self.day.end(self.now())
        finally:
            self.desk.close()

    def _look(self) -> Iterator[Observation]:
        if self._somebody_works():
            return
        self._asked = self.monotonic()
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
        seen = self._kept_open([(one, idle_time(one, touched_at, now)) for one in sessions])
        self.spells, told = step(self.spells, seen, limits=self.limits, now=now, at=self.now())
        self._due = self._soonest(seen, now)
        yield from told
        yield from self.day.look(self._left_open(sessions), now, self.now())

    def _somebody_works(self) -> bool:
        """Whether something was touched lately, so that there is nothing to ask of logind yet."""
        now = self.monotonic()
        touched_at = self.desk.touched_at(now)
        if isinstance(touched_at, Gap) or self.lost or self.spells or now - self._asked >= self.ask:
            return False
        soon = 60 * self.limits.minutes - self.limits.warning_seconds
        works = now - touched_at < soon - self.poll
        if works:
            self._due = None
        return works

    def _kept_open(self, seen: Sequence[tuple[Session, Idle]]) -> list[tuple[Session, Idle]]:
        """What programs ask for, where it would make a difference by now."""
        warned = 60 * self.limits.minutes - self.limits.warning_seconds
        uids = frozenset[int]()
        if any(one.watched() and not one.locked and (i.seconds or 0) >= warned for one, i in seen):
            with suppress(DeskError):
                uids = self.desk.kept_open()
        return [(one, replace(idle, kept_open=one.uid in uids)) for one, idle in seen]

    def _left_open(self, sessions: Sequence[Session]) -> list[tuple[str, int]]:
        """The sessions that are unattended and can be read by whoever walks past."""
        unlocked = ((one.id, one.started) for one in sessions if one.watched() and not one.locked)
        return [key for key in unlocked if key in self.spells]

    def _soonest(self, seen: Sequence[tuple[Session, Idle]], now: float) -> float | None:
        """The moment at which the next open screen is unattended, of those that are not yet."""
        known = ((one, idle) for one, idle in seen if (one.id, one.started) not in self.spells)
        left = [left for one, idle in known if (left := remaining(one, idle, self.limits))]
        return now + min(left) if left else None

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
    poll = settings["poll_seconds"]
    if not 1 <= poll <= 60:
        raise CollectorError("session: poll_seconds is 1 to 60")
    return SessionCollector(this_machine(), limits=limits_in(settings), poll=float(poll))


def limits_in(settings: Settings) -> Limits:
    """The limits that a policy sets. Raises CollectorError."""
    profile, minutes = settings["profile"], settings["limit_minutes"]
    if profile not in PROFILES:
        raise CollectorError(f"session: profile is one of {', '.join(PROFILES)}")
    limits = Limits(
        minutes=minutes or PROFILES[profile],
        warning_seconds=settings["warning_seconds"],
        kept_open_minutes=settings["kept_open_minutes"],
    )
    if not 1 <= limits.minutes <= LONGEST_LIMIT:
        raise CollectorError(f"session: limit_minutes is 0 to {LONGEST_LIMIT}")
    if not 0 <= limits.warning_seconds <= min(LONGEST_WARNING, 60 * limits.minutes - 5):
        raise CollectorError(
            f"session: warning_seconds is 0 to {LONGEST_WARNING}, within the limit"
        )
    if not 0 <= limits.kept_open_minutes <= LONGEST_KEPT_OPEN:
        raise CollectorError(f"session: kept_open_minutes is 0 to {LONGEST_KEPT_OPEN}")
    return limits

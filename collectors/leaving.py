"""Moments at which a person leaves the laptop: no limit has to pass before the screen is locked.

    lid     it is closed, and no screen of a desk is connected
    sleep   the laptop is about to sleep: who wakes it is not always who left it
    key     the security key with which a person works is pulled out (only if the policy says so)

Sleep is held up until the agent has done about it what it will do, for three seconds at the most,
and never prevented.
Where a desktop locks the screen itself it is locked already or soon, and nothing more is told.
"""

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol

from collectors.base import (
    Clock,
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
from collectors.session_state import Desk, DeskError, SessionKind

if sys.platform == "linux":
    from collectors.leaving_linux import LinuxMoments
    from collectors.session_linux import LogindDesk
else:
    raise ImportError(f"nobody can be seen leaving on {sys.platform} yet")

SETTINGS: Mapping[str, Setting] = {
    "key": Setting(False, "whether pulling the security key out counts as leaving"),
}
LONGEST_HOLD = 3.0
"""Seconds for which sleep is held up; logind waits for five."""
_AGAIN = 30.0
"""Seconds until a logind that does not answer is asked again."""


class Moment(StrEnum):
    """How somebody leaves."""

    LID = "lid"
    SLEEP = "sleep"
    KEY = "key"


class Watched(StrEnum):
    """What this collector may have to report as not watched."""

    LEAVING = "leaving"


@dataclass(frozen=True, kw_only=True, slots=True)
class LaptopLeft(Observation):
    """Somebody leaves a screen that is not locked."""

    kind: ClassVar[str] = "laptop-left"
    user: str
    session: SessionKind
    moment: Moment
    started: int
    dealt_with: threading.Event = field(default_factory=threading.Event, compare=False)

    def facts(self) -> Facts:
        return {"moment": self.moment, "session": self.session}

    def details(self) -> Details:
        return {"user": self.user}

    def proof(self) -> Proof:
        return {"started": self.started}

    def handled(self) -> None:
        self.dealt_with.set()


class Moments(Protocol):
    """The part of the operating system that tells of such moments."""

    def wait(self, stop: Stop) -> Sequence[str]:
        """The moments that came, at once when there are some. Raises DeskError."""
        ...

    def let_sleep(self) -> None:
        """Whoever held sleep up lets go."""
        ...

    def close(self) -> None: ...


class LeavingCollector:
    """Reports the screens that somebody leaves open at such a moment."""

    name = "leaving"

    def __init__(
        self, moments: Moments, desk: Desk, *, hold: float = LONGEST_HOLD, now: Clock = utc_now
    ) -> None:
        self.moments = moments
        self.desk = desk
        self.hold = hold
        self.now = now
        self.lost = False

    def condition(self) -> Condition:
        return {}

    def observe(self, stop: Stop) -> Iterator[Observation]:
        try:
            while not stop.is_set():
                yield from self._next(stop)
        finally:
            self.moments.close()
            self.desk.close()

    def _next(self, stop: Stop) -> Iterator[Observation]:
        try:
            came = [Moment(one) for one in self.moments.wait(stop)]
            yield from self._coverage(None)
            for moment in came:
                left = list(self._left(moment))
                yield from left
                if moment is Moment.SLEEP:
                    self._hold_up(left)
        except DeskError:
            self.moments.let_sleep()
            yield from self._coverage(Gap.MISSING)
            stop.wait(_AGAIN)
        finally:
            self.moments.let_sleep()

    def _left(self, moment: Moment) -> Iterator[LaptopLeft]:
        for one in self.desk.sessions():
            if not one.watched() or one.locked:
                continue
            yield LaptopLeft(
                observed_at=self.now(),
                subject=one.id,
                user=one.user,
                session=one.kind,
                moment=moment,
                started=one.started,
            )

    def _hold_up(self, left: Sequence[LaptopLeft]) -> None:
        """Until the agent has dealt with each screen, or for long enough."""
        end = time.monotonic() + self.hold
        for one in left:
            one.dealt_with.wait(max(0.0, end - time.monotonic()))

    def _coverage(self, gap: Gap | None) -> Iterator[Observation]:
        """Say once that nobody tells of such moments, and once that somebody does again."""
        what, at, name = Watched.LEAVING, self.now(), "logind"
        if gap is not None and not self.lost:
            yield CoverageLost(observed_at=at, subject=name, what=what, gap=gap)
        elif gap is None and self.lost:
            yield CoverageRestored(observed_at=at, subject=name, what=what)
        self.lost = gap is not None


def make(settings: Settings) -> LeavingCollector:
    """Build the collector from its section of the policy."""
    return LeavingCollector(LinuxMoments(key=settings["key"]), LogindDesk())

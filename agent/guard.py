"""The guard: whether an action the policy decided may be carried out now.

These limits are the product's promise to the staff and no policy can raise them. Nothing is
enforced unless staff were told about this very version of the policy, long enough ago; nothing in
a laptop's first days; and never more files in an hour or a day than a person could notice and
call a halt to. What is held back is still reported, with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from agent.journal import Journal
from agent.notice import Notice
from agent.policy import Policy
from collectors.base import Observation


class Held(StrEnum):
    """Why an action was not carried out though the policy decided it."""

    NO_NOTICE = "no-notice"
    FIRST_DAYS = "first-days"
    HOUR_CAP = "hour-cap"
    DAY_CAP = "day-cap"
    BYTE_CAP = "byte-cap"
    SESSION_LOCKED = "session-locked"
    """A stick that came while nobody was at the laptop waits until somebody is."""
    BREAKER = "breaker"
    """So large a share of all files matched that the rules are taken to be wrong."""
    GRACE = "grace"
    """The person was told, and has time to see to it themselves."""


NOT_YET = frozenset({Held.NO_NOTICE, Held.FIRST_DAYS})
"""Nothing at all is done yet, to anything."""
CAPPED = frozenset({"seal-file", "expire-sealed"})
"""What is limited in number. A stick is withheld and a screen locked however often it takes."""
_OPENING = frozenset({"allow-usb", "allow-usb-read-only"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """The most that may be done to files; and for how long a new laptop only reports."""

    files_per_hour: int = 50
    files_per_day: int = 200
    bytes_per_day: int = 2 * 1024**3
    matches: int = 100
    """Files within an hour; fewer never trip the breaker (``agent.breaker``)."""
    first_days: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """Knows the notice, the moment of installation and what was done before."""

    policy: Policy
    notice: Notice | None
    installed_at: datetime
    journal: Journal
    caps: Caps = Caps()
    locked: Callable[[], bool] = lambda: False

    def hold(self, action: str, size: int, now: datetime, kind: str | None = None) -> Held | None:
        """The reason to hold back ``action`` on ``size`` bytes of a ``kind`` now, or None."""
        if not self._noticed(action, kind, now):
            return Held.NO_NOTICE
        if now - self.installed_at < self.caps.first_days:
            return Held.FIRST_DAYS
        if action in _OPENING and self.policy.usb.withhold_while_locked and self.locked():
            return Held.SESSION_LOCKED
        return self.over_a_cap(action, size, now) if action in CAPPED else None

    def over_a_cap(self, action: str, size: int, now: datetime) -> Held | None:
        """Which cap stands against one more, if any does."""
        hour = self.journal.acted_since(action, now - timedelta(hours=1))
        day = self.journal.acted_since(action, now - timedelta(days=1))
        if hour.times >= self.caps.files_per_hour:
            return Held.HOUR_CAP
        if day.times >= self.caps.files_per_day:
            return Held.DAY_CAP
        return Held.BYTE_CAP if day.bytes + size > self.caps.bytes_per_day else None

    def _noticed(self, action: str, kind: str | None, now: datetime) -> bool:
        """Staff were told of this by this version's notice, and the lead time has gone by."""
        notice = self.notice
        if notice is None or notice.policy_version != self.policy.version:
            return False
        return notice.covers(action, kind) and notice.holds(self.policy.notice_lead_days, now)


def size_of(observation: Observation) -> int:
    """Bytes an action would touch, for the caps; 0 where size means nothing."""
    return int(getattr(observation, "size", 0))

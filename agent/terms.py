"""The terms of a rule: what it waits for before it acts, and for how long what it sealed is kept.

Found, told, and only then taken: a person is told at once and has ``grace_hours`` to see to it.
``unused_days`` waits further, until nothing was written to it for so long. ``at_close`` then waits
for the end of the working day, so that nothing goes while it may be worked with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """``keep_days`` 0 keeps a sealed copy until somebody decides. ``hand_over``: it must first be
    given to somebody else, and is never let expire before an officer says that this was done."""

    grace_hours: int = 0
    unused_days: int = 0
    at_close: bool = False
    keep_days: int = 0
    hand_over: bool = False

    def waits(self) -> bool:
        """Whether anything has to pass before the rule acts."""
        return bool(self.grace_hours or self.unused_days or self.at_close)

    def due(self, told_at: datetime, used_at: datetime, close: time) -> datetime:
        """When the rule acts on what a person was told of then and last wrote to then."""
        graced = told_at + timedelta(hours=self.grace_hours)
        moment = max(graced, used_at + timedelta(days=self.unused_days))
        return next_close(moment, close) if self.at_close else moment

    def kept(self) -> Mapping[str, int]:
        """What must be known of a sealed copy later on."""
        return {"keep_days": self.keep_days, "hand_over": int(self.hand_over)}


def next_close(moment: datetime, close: time) -> datetime:
    """The first end of a working day at or after ``moment``, by the laptop's own time zone."""
    local = moment.astimezone()
    same = local.replace(
        hour=close.hour, minute=close.minute, second=0, microsecond=0, fold=local.fold
    )
    day = same if same >= local else same + timedelta(days=1)
    return day.replace(tzinfo=None).astimezone(moment.tzinfo)

"""Whether whoever sits at the laptop can be told: their icon runs, or IT hears that it does not.

A person may keep the icon from starting, or end it, without root's rights; nothing of the agent's
work depends on it. But what was done about a file or a stick then reaches nobody, so that it is
missing is told as a gap, naming nobody. A desktop is given the time between two looks to start it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from collectors.base import Clock, CoverageLost, CoverageRestored, Gap, Observation
from collectors.session_state import Desk, DeskError

EVERY = 900.0
"""Seconds between two looks."""
SUBJECT = "icon"


class Watched(StrEnum):
    """What is missed."""

    ICON = "icon"


@dataclass(kw_only=True)
class IconWatch:
    """``place_of`` says of a user what their icon last said of its place; None if none runs."""

    desk: Callable[[], Desk]
    place_of: Callable[[int], str | None]
    record: Callable[[Observation], object]
    now: Clock
    without: frozenset[str] = frozenset()
    """The sessions that had no icon when it was last looked."""
    missing: bool = False

    def keep(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        while not stop.wait(EVERY):
            self.look()

    def look(self) -> None:
        """Tell of an icon that is missing for the second time in a row, and of its return."""
        before, self.without = self.without, self._without()
        if self.without & before:
            self.missing = True
            self.record(
                CoverageLost(
                    observed_at=self.now(), subject=SUBJECT, what=Watched.ICON, gap=Gap.MISSING
                )
            )
        elif self.missing and not self.without:
            self.missing = False
            what = Watched.ICON
            self.record(CoverageRestored(observed_at=self.now(), subject=SUBJECT, what=what))

    def _without(self) -> frozenset[str]:
        """Open desktops of people, by session, for whom no icon runs."""
        desk = self.desk()
        try:
            return frozenset(
                f"{one.id}/{one.started}"
                for one in desk.sessions()
                if one.watched() and one.uid != 0 and self.place_of(one.uid) is None
            )
        except DeskError:
            return self.without
        finally:
            desk.close()

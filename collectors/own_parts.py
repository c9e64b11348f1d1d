"""The agent's own parts: units, rules, autostart and programs, as the package put them.

What accidents, images, clean-up tools and updates that went wrong do to them is noticed, and put
back where the policy says so. It is no defence against root, who can take the agent itself away.
They are looked at when the agent starts and each hour, with nothing in between. What is wrong is
told when it was seen twice, some time apart, while no package was being installed: in the middle
of an upgrade everything is wrong for a moment, and removing the package is nobody's accident.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from collectors.base import (
    Clock,
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
from collectors.checks.since import Since
from collectors.own_part import OwnPartChanged, Watched, Wrong

if sys.platform == "linux":
    from collectors.own_parts_linux import Installed, ManifestLost, this_installation
else:
    raise ImportError(f"the agent's own parts cannot be watched on {sys.platform} yet")

__all__ = ["SETTINGS", "OwnPartsCollector", "make"]

SETTINGS: Mapping[str, Setting] = {}
EVERY = timedelta(hours=1)
SETTLES = timedelta(minutes=2)
"""After how long what is wrong is looked at again before it is told."""
MEMORY = "own-parts.json"
_FINE = "fine"


class OwnPartsCollector:
    """Reports parts that are not as they were shipped. ``installed`` None: run from its source,
    where nothing was put anywhere and there is nothing to watch."""

    name = "own_parts"

    def __init__(
        self,
        installed: Installed | None,
        since: Since,
        *,
        every: timedelta = EVERY,
        settles: timedelta = SETTLES,
        now: Clock = utc_now,
    ) -> None:
        self.installed = installed
        self.since = since
        self.every = every
        self.settles = settles
        self.now = now
        self.wrong: list[Wrong] = []
        self._blind = False

    def condition(self) -> Condition:
        return {} if self.installed is None else {"own-parts-wrong": len(self.wrong)}

    def observe(self, stop: Stop) -> Iterator[Observation]:
        while not stop.is_set():
            pause = self.every
            if self.installed is not None:
                before = self.wrong
                yield from self._look(self.installed)
                yield from self._told(before)
                if self.installed.busy() or set(self.wrong) - set(before):
                    pause = self.settles
            stop.wait(pause.total_seconds())

    def _look(self, installed: Installed) -> Iterator[Observation]:
        """What is wrong now; nothing while packages are being installed or taken away."""
        self.wrong = []
        if installed.busy():
            return
        try:
            self.wrong = installed.wrong()
        except ManifestLost:
            self._blind = True
            yield CoverageLost(
                observed_at=self.now(),
                subject="own parts",
                what=Watched.OWN_PARTS,
                gap=Gap.MISSING,
            )
        else:
            yield from self._sees_again()
            self._note_fine()

    def _sees_again(self) -> Iterator[Observation]:
        if self._blind:
            self._blind = False
            what = Watched.OWN_PARTS
            yield CoverageRestored(observed_at=self.now(), subject="own parts", what=what)

    def _note_fine(self) -> None:
        """Remember what is as it should be, so that the next time is news."""
        wrong = {one.at for one in self.wrong}
        for name in sorted(set(self.since.known) - wrong):
            self.since.of(name, _FINE)

    def _told(self, before: list[Wrong]) -> Iterator[Observation]:
        """What was wrong the last time and still is, in the same way."""
        for wrong in self.wrong:
            if wrong in before:
                since = self.since.of(wrong.at, f"{wrong.how}/{wrong.found}")
                yield OwnPartChanged(
                    observed_at=self.now(), subject=wrong.at, wrong=wrong, since=since
                )


def make(settings: Settings) -> OwnPartsCollector:
    """Build the collector for this installation."""
    folder: Path | None = settings.get("state")
    return OwnPartsCollector(this_installation(), Since(folder, utc_now, MEMORY))

"""Once a day: what could be said of this laptop if it were lost now.

Whoever has to judge a loss needs to know how the laptop stood before it, in its own signed words:
whether its disk is encrypted, and how many pupil files lay on it, open or sealed.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agent.own_lost import LaptopStanding
from collectors.base import Clock, Observation
from collectors.checks.told import State
from enforcement.vault import records

log = logging.getLogger(__name__)

EVERY = 900.0
"""Seconds until it is looked again whether today's was told."""
SOON = 60.0
"""The same while the first sweep goes on."""


@dataclass(kw_only=True)
class Standing:
    """``plain`` says of a path whether its disk is known not to be encrypted, ``open_files`` how
    many pupil files the last whole sweep saw, None before one has ended."""

    state: Path
    roots: Sequence[Path]
    plain: Callable[[str], bool | None]
    open_files: Callable[[], int | None]
    record: Callable[[Observation], object]
    now: Clock
    told: date | None = None

    def keep(self, stop: threading.Event) -> None:
        """Tell once a day, until told to stop; after a start once a sweep has ended."""
        while not stop.is_set():
            if self.told != self.now().date() and self.open_files() is not None:
                self._tell()
            stop.wait(EVERY if self.told else SOON)

    def _tell(self) -> None:
        try:
            self.record(self.look())
            self.told = self.now().date()
        except OSError as error:
            log.error("what is sealed cannot be counted: %s", error.strerror)

    def look(self) -> LaptopStanding:
        """How it stands now."""
        found = self.open_files()
        return LaptopStanding(
            observed_at=self.now(),
            subject="laptop",
            disk=self._disk(),
            open_files=-1 if found is None else found,
            sealed=len(records(self.state / "vault")),
        )

    def _disk(self) -> State:
        """The worst of the roots' disks."""
        plain = [self.plain(str(root)) for root in self.roots]
        if True in plain:
            return State.BAD
        return State.UNKNOWN if None in plain or not plain else State.GOOD

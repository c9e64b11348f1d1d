"""How long nothing was heard of the collector, by whatever clock cannot be fooled into less.

A thief keeps a laptop off the network and sets its clock as they like. So three things are kept:
the moment on the collector's last receipt, the latest moment this clock ever showed, and for how
long the agent has run since. The silence is the longest that any of them shows.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.journal_file import last_receipt, write_durably
from collectors.base import Clock

FILE = "contact.json"
SET_BACK = timedelta(days=1)
"""A clock that is further behind the last receipt than this was set back."""
SETTLED = timedelta(hours=1)
"""For so long a clock may be wrong after a start, until the network has set it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """``heard`` and ``latest`` in seconds since 1970; ``ran`` in seconds since ``heard``."""

    heard: float = 0.0
    latest: float = 0.0
    ran: float = 0.0


@dataclass(kw_only=True)
class Contact:
    """Keeps count; to be looked at every few minutes."""

    state: Path
    now: Clock
    monotonic: Callable[[], float] = time.monotonic
    known: Known | None = None
    looked: float | None = field(default=None)

    def look(self) -> None:
        """Take in what the clocks and the last receipt say now. OSError."""
        before, now, heard = self._before(), self.now().timestamp(), self._heard()
        ran = before.ran + (self.monotonic() - self.looked if self.looked is not None else 0.0)
        self.looked = self.monotonic()
        if heard > before.heard:
            before, ran = Known(heard=heard, latest=heard), 0.0
        self._keep(Known(heard=before.heard, latest=max(before.latest, now), ran=ran))

    def forgive(self) -> None:
        """Count from now on, as if the collector had been heard. OSError."""
        now = self.now().timestamp()
        self._keep(Known(heard=now, latest=now))

    def silence(self) -> timedelta | None:
        """For how long nothing was heard; None while nothing ever was."""
        known = self._before()
        if not known.heard:
            return None
        return timedelta(seconds=max(known.latest - known.heard, known.ran, 0.0))

    def set_back(self) -> bool:
        """Whether the clock shows a time before the collector was last heard, and goes on so."""
        known = self._before()
        behind = known.heard - self.now().timestamp()
        return behind > SET_BACK.total_seconds() and known.ran > SETTLED.total_seconds()

    def _keep(self, known: Known) -> None:
        self.known = known
        write_durably(self.state / FILE, json.dumps(asdict(known)).encode("ascii"))

    def _before(self) -> Known:
        if self.known is None:
            self.known = _read(self.state / FILE)
        return self.known

    def _heard(self) -> float:
        receipt = last_receipt(self.state)
        return 0.0 if receipt is None else receipt.received_at.timestamp()


def _read(path: Path) -> Known:
    """What was kept; a damaged file begins anew, which is no worse than a new laptop."""
    try:
        given = json.loads(path.read_bytes())
        numbers = {name: float(given[name]) for name in asdict(Known())}
        latest = min(numbers["latest"], datetime.max.replace(tzinfo=UTC).timestamp())
        return replace(Known(**numbers), latest=latest)
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return Known()

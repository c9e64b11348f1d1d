"""The circuit breaker: rules that would take a large share of all files are taken to be wrong.

A detector that fails, or a policy with too wide a rule, shows by the share of files that match.
Then no more files are sealed on this laptop, and an event says so. It stays tripped over restarts,
until a policy with a higher version is in force or whoever is in charge of the laptop closes it
again with ``dossierwacht breaker --close``. Under that version it then trips at twice as many files
and no sooner: somebody has looked at those.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from agent import journal_file
from agent.guard import Caps
from agent.own_files import BreakerTripped
from collectors.base import Clock, Observation

SHARE = 5
"""One file in so many, of all that are looked at, is unusual."""
WITHIN = timedelta(hours=1)
FILE = "breaker.json"


@dataclass(kw_only=True)
class Breaker:
    """Counts what is decided about different files, carried out or not."""

    state: Path
    version: int
    files: Callable[[], int]
    now: Clock
    fewest: int = Caps().matches
    decided: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    unwritten: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tripped(self) -> bool:
        """Whether it was tripped under this policy, and not closed since."""
        return self.unwritten or is_tripped(self.state, self.version)

    def count(self, observation: Observation) -> BreakerTripped | None:
        """One more file would be taken; what there is to tell, if that is one too many."""
        with self.lock:
            matched, files = self._matched(observation.subject), self.files()
            if matched < self.fewest or matched * SHARE < files:
                return None  # nearly always; only beyond it the disk is asked
            if matched < accepted(self.state, self.version) or self.tripped():
                return None
            self._trip(matched)
            return BreakerTripped(
                observed_at=self.now(), subject="seal-file", matched=matched, files=files
            )

    def _matched(self, subject: str) -> int:
        now = self.now()
        self.decided.pop(subject, None)
        self.decided[subject] = now
        while abs(now - next(iter(self.decided.values()))) > WITHIN:
            self.decided.popitem(last=False)
        return len(self.decided)

    def _trip(self, matched: int) -> None:
        self.decided.clear()
        try:
            _write(self.state, {"version": self.version, "matched": matched, "closed": 0})
        except OSError:
            self.unwritten = True  # then it holds until the agent ends


def is_tripped(state: Path, version: int) -> bool:
    """Whether files are no longer sealed under this version of the policy."""
    try:
        said = _read(state)
    except (OSError, ValueError, TypeError, KeyError):
        return True  # what cannot be read may have said so
    return said is not None and not said["closed"] and said["version"] >= version


def accepted(state: Path, version: int) -> int:
    """Below how many files it does not trip under this version, since somebody has looked."""
    try:
        said = _read(state)
    except (OSError, ValueError, TypeError, KeyError):
        return 0
    return 2 * said["matched"] if said and said["closed"] and said["version"] == version else 0


def close(state: Path) -> bool:
    """Let files be sealed again; whether it was tripped. OSError."""
    try:
        said = _read(state)
    except (ValueError, TypeError, KeyError):
        (state / FILE).unlink()
        return True
    if said is None or said["closed"]:
        return False
    _write(state, {**said, "closed": 1})
    return True


def _read(state: Path) -> dict[str, int] | None:
    """What was written; None if nothing was. OSError, ValueError, TypeError, KeyError."""
    try:
        given = json.loads((state / FILE).read_bytes())
    except FileNotFoundError:
        return None
    return {name: int(given[name]) for name in ("version", "matched", "closed")}


def _write(state: Path, said: dict[str, int]) -> None:
    journal_file.write_durably(state / FILE, json.dumps(said).encode("ascii"))

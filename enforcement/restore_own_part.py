"""Put a part of the agent's own back as the package shipped it: a unit, a rule, a program.

The proof is ``path``, ``how``, ``found`` and ``wanted``: which part, what is wrong with it, what
was seen there and the digest of what belongs there. ``enforcement.put_back`` does the work in a
process of its own. Somebody who changes the same thing again and again means it, or is a program
that does: after ``MOST`` times in a day it is left to people.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from enforcement import restore_own_part_linux
from enforcement.base import (
    Attempt,
    EnforcementError,
    KeepsNothing,
    Outcome,
    Reason,
    Result,
    Settings,
)

MOST = 3
"""Times in ``WITHIN`` seconds that one thing is put back."""
WITHIN = 24 * 60 * 60.0
Beside = Callable[[Sequence[str]], str]


def make(settings: Settings) -> "RestoreOwnPart":
    """Build the action."""
    return RestoreOwnPart(settings, Path(sys.prefix) / "shipped")


class RestoreOwnPart(KeepsNothing):
    """Puts back what the package brought."""

    name = "restore-own-part"

    def __init__(
        self,
        settings: Settings,
        shipped: Path,
        *,
        beside: Beside = restore_own_part_linux.beside,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = (str(shipped), str(settings.state))
        self._beside = beside
        self._clock = clock
        self._done: dict[str, list[float]] = {}

    def apply(self, attempt: Attempt) -> Outcome:
        """Put back what is wrong at ``subject``, if it still is as in ``proof``."""
        before = self._lately(attempt.subject)
        if len(before) >= MOST:
            raise EnforcementError(Reason.CONTESTED, "it was put back often enough today")
        told = {name: str(attempt.proof.get(name, "")) for name in _PROOF}
        words = (told["path"], told["how"], attempt.subject, told["found"], told["wanted"])
        answer = self._beside([*words, *self._places])
        if answer in tuple(Result):
            self._done[attempt.subject] = [*before, self._clock()]
            return Outcome(result=Result(answer))
        reason = Reason(answer) if answer in tuple(Reason) else Reason.NOT_CONFIRMED
        raise EnforcementError(reason)

    def _lately(self, subject: str) -> list[float]:
        since = self._clock() - WITHIN
        return [moment for moment in self._done.get(subject, []) if moment > since]


_PROOF = ("path", "how", "found", "wanted")

"""A person asks for a sealed file back: the officer is told which, and why.

The laptop holds no key that opens it, so nothing is given back here and now. Which files are sealed
is no secret on the laptop; what they are is, so the number is all that a person can name.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.control_server import Caller, Refused
from agent.hourly import Hourly
from agent.own_files import FileWantedBack
from agent.said import LONGEST_REASON
from collectors.base import Clock, Observation
from enforcement import vault
from enforcement.base import EnforcementError
from enforcement.stage import check_id

PER_HOUR = 10
"""Requests of one person."""


@dataclass(kw_only=True)
class WantedBack:
    """Takes one request after another."""

    state: Path
    record: Callable[[Observation], str | None]
    now: Clock
    recent: Hourly = field(default_factory=lambda: Hourly(PER_HOUR))

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        """The id of the event. Raises Refused; then nothing was recorded."""
        reason = str(given.get("reason", "")).strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise Refused("reason", f"say why, in 1 to {LONGEST_REASON} characters")
        number = self._sealed(str(given.get("number", "")))
        self._not_too_many(caller)
        key = self._return_key(number)
        wanted = FileWantedBack(
            observed_at=self.now(),
            subject=number,
            reason=reason,
            return_key=key,
            asked_by=caller.uid,
        )
        told = self.record(wanted)
        if told is None:
            raise Refused("full", "the disk is full: nothing was recorded; please phone")
        return {"event": told}

    def _sealed(self, number: str) -> str:
        try:
            if (self.state / "vault" / f"{check_id(number)}.age").exists():
                return number
        except EnforcementError:
            pass
        raise Refused("unknown", "nothing is sealed under this number")

    def _return_key(self, number: str) -> str:
        """It opens for the officers only; a file without one comes back by way of their machine."""
        try:
            found = vault.return_key(self.state / "vault", number)
        except OSError:
            found = None
        return base64.b64encode(found or b"").decode("ascii")

    def _not_too_many(self, caller: Caller) -> None:
        if not self.recent.spend(caller.uid, self.now()):
            raise Refused("too-many", f"{PER_HOUR} requests within an hour; please phone")

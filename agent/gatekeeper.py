"""The gatekeeper: closes and opens the gate for USB media, and has media looked at again.

The gate follows the policy and the guard: it closes when a policy that withholds may be enforced,
and opens when it may not. Whenever the answer for a stick that is already there may have changed
(another policy, a permission or an override that ended, a session that was unlocked), udev is
asked to speak of the media once more; the collector then judges them again and the policy decides
again. What was switched off under another policy is switched on first, behind the closed gate.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent.guard import Guard
from agent.overrides import Overrides
from agent.policy import Policy
from collectors.base import Clock
from enforcement import usb_release, usb_tree
from enforcement.usb_gate import Gate

log = logging.getLogger(__name__)

TURN = 60.0
"""Seconds between two looks at the calendar."""
SHORT_TURN = 3.0
"""Seconds between two looks where media wait for the lock, or an override is in force."""


@dataclass(kw_only=True)
class Gatekeeper:
    """Keeps the gate as the policy wants it."""

    policy: Policy
    guard: Guard
    gate: Gate
    now: Clock
    overrides: Overrides = field(default_factory=Overrides)
    sysfs: Path = Path("/sys")
    look_again: Callable[[Path], None] = usb_release.look_again
    _last: tuple[object, ...] = field(default=(), init=False)

    def keep(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set."""
        while not stop.is_set():
            try:
                self.turn()
            except OSError as error:
                log.error("the gate for USB could not be set: %s", error.strerror)
            stop.wait(self.pause())

    def turn(self) -> None:
        """Set the gate, and have media looked at again if their answer may be another. OSError."""
        now = self.now()
        withholds = self.policy.withholds_usb() and self.guard.hold("block-usb", 0, now) is None
        changed = self.gate.set_closed(withholds)
        if changed:
            log.info("USB media are %s", "withheld until judged" if withholds else "not withheld")
        news = self.gate.new_terms(self._terms(withholds))
        if news:
            usb_release.release(self.sysfs, self.gate)
        usb = self.policy.usb
        overridden = usb.in_force(self.overrides.all(), now)
        situation = (usb.permitted_on(now.date()), overridden, self.guard.locked())
        if changed or (withholds and (news or situation != self._last)):
            self.look_again(self.sysfs)
        self._last = situation
        given = self.gate.passes()  # before the media are counted, so that a newcomer keeps its own
        self.gate.shut_out(given - usb_tree.all_media(self.sysfs))

    def judge_again(self, name: str) -> None:
        """Bring one stick before the judge now, switched on if the agent had switched it off."""
        try:
            usb_release.release(self.sysfs, self.gate, only=name)
            self.look_again(self.sysfs)
        except OSError as error:
            log.error("a stick could not be brought back: %s", error.strerror)

    def pause(self) -> float:
        """Seconds until the next turn."""
        usb = self.policy.usb
        soon = usb.withhold_while_locked or usb.in_force(self.overrides.all(), self.now())
        return SHORT_TURN if soon else TURN

    def _terms(self, withholds: bool) -> str:
        """A word for everything that a verdict's consequence depends on."""
        told = f"{self.policy.version}/{self.policy.usb!r}/{self.policy.rules!r}/{withholds}"
        return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()

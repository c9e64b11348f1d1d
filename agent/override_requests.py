"""A person says why they need a stick that is withheld, and gets it for a while.

The policy alone says whether the reason can help: it is asked what it would decide with the
override that is wanted. The reason is journalled, sealed to the privacy officer, before the stick
is brought before the judge again; it ends by itself, as any override does.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agent.control_server import Caller, Refused
from agent.overrides import DAY, Given, Overrides
from agent.own import UsbOverride
from agent.policy import Policy
from agent.policy_usb import BLOCK, OVERRIDE, Override, override_of
from agent.wire.event import Event
from collectors.base import Clock, Observation

SHORTEST_REASON, LONGEST_REASON = 10, 500
"""Characters."""
MOST_OF_ONE = 3
"""Overrides of one stick that one person gets in a day."""
MOST_A_DAY = 10
"""Overrides that a laptop gives in a day."""


@dataclass(kw_only=True)
class OverrideRequests:
    """Takes one request after another. ``judge_again`` is given the stick's name."""

    policy: Policy
    overrides: Overrides
    record: Callable[[Observation], str | None]
    judge_again: Callable[[str], None]
    now: Clock
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def minutes(self) -> int:
        """How long an override holds; 0 where the policy allows none."""
        usb = self.policy.usb
        return int(usb.override_for.total_seconds() // 60) if usb.overridable else 0

    def possible(self) -> list[str]:
        """The withheld sticks that a reason would help with, by name."""
        names = sorted(self.overrides.withheld)
        return [name for name in names if self._would_help(self.overrides.withheld[name])]

    def minutes_for(self, event: Event) -> int:
        """For how long the stick of a block can be had by saying why; 0 for any other event."""
        said = event.decision
        if said is None or (said.action, said.rule) != (BLOCK, f"usb-{self.policy.usb.mode}"):
            return 0
        return self.minutes if event.facts.get("also-keyboard") is False else 0

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str | int]:
        """The id of the event, the stick's name, and what may be done for how many minutes.

        Raises Refused; then nothing was recorded and the stick stays as it is.
        """
        reason = _reason(given)
        with self.turn:
            stick = self._stick(given)
            override = override_of(stick, self.now())
            self._not_too_many(caller, override)
            event_id = self.record(self._event(stick, override, reason, caller))
            if event_id is None:
                raise Refused("full", "the disk is full: the reason was not kept")
            self.overrides.add(stick.subject, Given(uid=caller.uid, override=override))
        self.judge_again(stick.subject)
        access = "read-write" if self.policy.usb.override_writes else "read-only"
        told = {"event": event_id, "device": stick.subject, "access": access}
        return {**told, "minutes": self.minutes}

    def _stick(self, given: Mapping[str, Any]) -> Observation:
        """The stick that is meant, if it is withheld and the policy would give it."""
        if not self.minutes:
            raise Refused("not-allowed", "the policy lets nobody use a stick that was blocked")
        name = given.get("device")
        stick = self.overrides.withheld.get(name) if isinstance(name, str) else None
        if stick is None:
            says = "no such stick is blocked now; take it out, put it in again, and name it"
            raise Refused("not-blocked", says)
        if not self._would_help(stick):
            raise Refused("not-allowed", "the policy lets nobody use this stick, whatever for")
        return stick

    def _would_help(self, stick: Observation) -> bool:
        now = self.now()
        decision = self.policy.decide(replace(stick, observed_at=now), [override_of(stick, now)])
        return decision.rule == OVERRIDE

    def _not_too_many(self, caller: Caller, wanted: Override) -> None:
        """The last day counts, not the date: nobody gets twice as many around midnight."""
        recent = [one for one in self.overrides.given() if wanted.at - one.override.at < DAY]
        same = (one for one in recent if one.override.device == wanted.device)
        if sum(one.uid == caller.uid for one in same) >= MOST_OF_ONE:
            raise Refused("too-many", f"you had this stick {MOST_OF_ONE} times within a day")
        if len(recent) >= MOST_A_DAY:
            raise Refused("too-many", f"this laptop gave {MOST_A_DAY} sticks within a day")

    def _event(
        self, stick: Observation, override: Override, reason: str, caller: Caller
    ) -> UsbOverride:
        return UsbOverride(
            observed_at=override.at,
            subject=stick.subject,
            stick=stick,
            minutes=self.minutes,
            reason=reason,
            asked_by=caller.uid,
        )


def _reason(given: Mapping[str, Any]) -> str:
    text = given.get("reason", "")
    reason = " ".join(text.split()) if isinstance(text, str) else ""
    if SHORTEST_REASON <= len(reason) <= LONGEST_REASON and reason.isprintable():
        return reason
    says = f"say why in {SHORTEST_REASON} to {LONGEST_REASON} characters"
    raise Refused("reason", says)

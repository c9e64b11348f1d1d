"""What is told to the person at the laptop of one event: words and numbers only, no name.

What can wait is marked ``later`` in quiet hours and while that person presents; after that it is
told with ``held``, the reason it waited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from agent.held_back import HeldBack, Turn
from agent.override_requests import OverrideRequests
from agent.policy import Policy
from agent.reminders import reminders
from agent.wire.event import Event

LONGEST_SOURCE = 200
"""Characters."""
DEFAULT = "default"
"""Stands for the product's own default, which no document of the organisation asks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Messages:
    """Makes messages of events that were carried out or ask for something."""

    policy: Policy
    overrides: OverrideRequests | None
    held: HeldBack | None = None

    def for_person(self, events: Sequence[Event], uid: int) -> list[dict[str, Any]]:
        """All messages, each with what is to be done with it now for one person."""
        turns = self.held.turns(events, uid) if self.held else {}
        return [{**self.of(one), **_marks(turns.get(one.id, Turn()))} for one in events]

    def of(self, event: Event) -> dict[str, Any]:
        """One thing that was done, or is asked for, for the tray."""
        blocked = _carried_out(event) == "block-usb"
        return {
            "id": event.id,
            "kind": event.kind,
            "action": _carried_out(event),
            "result": event.outcome.result if event.outcome else "done",
            "reason": event.outcome.reason if event.outcome else "none",
            "at": event.recorded_at.isoformat(),
            "reminders": reminders(event),
            "source": self._source(event),
            "values": _values(event),
            "instead": self.policy.usb.instead if blocked else "",
            "override": self.overrides.minutes_for(event) if self.overrides and blocked else 0,
        }

    def _source(self, event: Event) -> str:
        """The sentence that the decision comes from, cut to what a notification can hold."""
        if event.decision is None or not event.decision.enforced:
            return ""
        return self.policy.source_of(event.decision.rule)[:LONGEST_SOURCE] or DEFAULT


def _marks(turn: Turn) -> dict[str, Any]:
    return {"later": turn.later, "again": turn.again, "held": turn.why or ""}


def _carried_out(event: Event) -> str:
    """The action that was begun; ``report`` where the policy's was held back or there was none."""
    decision = event.decision
    return decision.action if decision is not None and decision.enforced else "report"


def _values(event: Event) -> dict[str, str]:
    """What the sentences of an event need to be told: until when a file is left where it is."""
    due = event.decision.due if event.decision is not None else msgspec.UNSET
    if isinstance(due, msgspec.UnsetType):
        return {}
    return {"due": due.astimezone().strftime("%d-%m %H:%M")}

"""The agent's end of an objection: it takes one, once, and answers with the number to note down.

It comes sealed to the officers by the process in which it was written, as a leak report does, and
is recorded as an event that concerns whoever hands it over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.control_server import Caller, Refused
from agent.errors import JournalFull
from agent.handed_over import number_of, sealed_of
from agent.hourly import Hourly
from agent.own_objection import ObjectedTo, ObjectionRaised
from agent.wire.receipts import receipt_number
from collectors.base import Clock, Observation

PER_HOUR = 10
"""Objections of one person."""


@dataclass(kw_only=True)
class Objections:
    """Takes one after another. ``keep`` gives None for one that was handed over before."""

    keep: Callable[[Observation], str | None]
    now: Clock
    recent: Hourly = field(default_factory=lambda: Hourly(PER_HOUR))

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        """The receipt. Raises Refused; then nothing was recorded."""
        raised = self._read(caller, given)
        if not self.recent.spend(caller.uid, self.now()):
            raise Refused("too-many", f"{PER_HOUR} objections within an hour; please phone")
        try:
            self.keep(raised)
        except JournalFull:
            raise Refused("full", "the disk is full: the objection was not kept") from None
        number = raised.given_number
        return {"receipt": receipt_number(number), "event": number}

    def _read(self, caller: Caller, given: Mapping[str, Any]) -> ObjectionRaised:
        about, number = given.get("kind"), number_of(given.get("number"), caller.uid)
        closed = sealed_of(given.get("sealed"))
        if about not in tuple(ObjectedTo):
            raise Refused("kind", f"an objection is about one of {', '.join(ObjectedTo)}")
        if not number or not closed:
            raise Refused("sealed", "an objection has a number and a sealed text")
        return ObjectionRaised(
            observed_at=self.now(),
            subject="person",
            about=ObjectedTo(str(about)),
            given_number=number,
            closed=closed,
            asked_by=caller.uid,
        )

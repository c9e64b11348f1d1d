"""From an observation and a decision to the event that is journalled and sent.

Here, and only here, an observation loses what must not leave: its facts are turned into the typed
values of ``agent.wire.event`` (a ``Keyed`` value becomes a digest), its details are sealed to the
recipients of the policy, and the result is looked over once more before it can be recorded.
"""

import base64
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from agent.identity import keyed_digest
from agent.policy import Decision
from agent.wire import event as wire
from agent.wire.letters import reference
from agent.wire.shapes import forbidden_shape
from collectors.base import Clock, Fact, Keyed, Observation, Reference

log = logging.getLogger(__name__)

Seal = Callable[[bytes], bytes]
_OF_NO_USE = ("return",)
"""Details that only an officer can do something with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorder:
    """Makes events. ``seal`` encrypts to the policy's recipients; None when it names nobody.

    ``shared_key`` gives the organisation's key for sticks; while there is none the laptop's own
    is used.
    """

    key: bytes
    seal: Seal | None
    now: Clock
    shared_key: Callable[[], bytes | None] = lambda: None

    def event(self, observation: Observation, decision: Decision | None = None) -> wire.Event:
        """The event of one observation; without facts if those resembled personal data."""
        part = None
        if decision is not None:
            part = wire.DecisionPart(
                action=decision.action,
                rule=decision.rule,
                enforced=decision.enforced,
                held=decision.held,
                due=decision.due or msgspec.UNSET,
            )
        event = wire.Event(
            id=observation.event_number() or str(uuid.uuid4()),
            kind=observation.kind,
            observed_at=observation.observed_at,
            recorded_at=self.now(),
            facts={name: self._fact(fact) for name, fact in observation.facts().items()},
            decision=part,
            sealed=observation.sealed_before() or self._sealed(observation),
        )
        return self._checked(event)

    def once(self, observation: Observation) -> str | None:
        """The digest under which a repeat of this observation is no news."""
        key = observation.once()
        return None if key is None else keyed_digest(self.key, f"{observation.kind}\0{key}")

    def readable(self, observation: Observation) -> bytes:
        """The details for the person they are about, as JSON; empty if there are none."""
        given = observation.details().items()
        said = {name: value for name, value in given if value != "" and name not in _OF_NO_USE}
        return _as_text(said) if said else b""

    def _fact(self, fact: Fact) -> wire.Fact:
        if isinstance(fact, Keyed):
            shared = self.shared_key() if fact.shared else None
            return keyed_digest(shared or self.key, fact.text)
        if isinstance(fact, Reference):
            return reference(fact.number)
        if isinstance(fact, tuple):
            return [str(word) for word in fact]
        if isinstance(fact, bool):
            return fact
        if isinstance(fact, int):
            return max(wire.SMALLEST_NUMBER, min(fact, wire.LARGEST_NUMBER))
        return str(fact)

    def _sealed(self, observation: Observation) -> str:
        details = observation.details()
        if not details or self.seal is None:
            return ""
        return base64.b64encode(self.seal(_as_text(details))).decode("ascii")

    def _checked(self, event: wire.Event) -> wire.Event:
        """A readable part outside the contract stays here; that the event happened does not."""
        try:
            wire.decode(wire.encode(event))
            fault = forbidden_shape(event)
        except msgspec.MsgspecError as error:
            fault = type(error).__name__
        if fault is None:
            return event
        log.error("the facts of a %s event are not fit to leave (%s)", event.kind, fault)
        return wire.Event(
            id=event.id,
            kind=event.kind,
            observed_at=event.observed_at,
            recorded_at=event.recorded_at,
            facts={"withheld": True},
            decision=event.decision,
            sealed=event.sealed if len(event.sealed) <= wire.LONGEST_SEALED else "",
        )


def _as_text(details: Mapping[str, str | int]) -> bytes:
    readable = {name: _readable(value) for name, value in details.items()}
    return json.dumps(readable, ensure_ascii=False, sort_keys=True).encode("utf-8")


def _readable(value: str | int) -> str | int:
    """A path may hold bytes that are no text: a person gets them escaped, and can copy them."""
    if isinstance(value, int):
        return value
    try:
        raw = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, as JSON can hold
        raw = value.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")

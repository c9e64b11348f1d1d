"""What a person says: they object to what is recorded about them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from collectors.base import Details, Facts, Observation


class ObjectedTo(StrEnum):
    """What the objection is about."""

    EVENT = "event"
    """That one event was recorded."""
    GENERAL = "general"
    """What is recorded about the person at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectionRaised(Observation):
    """A person objects; what they wrote, and which event it is about, leaves sealed to the officer.

    ``given_number`` was made where it was written, and ``closed`` is what was sealed there.
    """

    kind: ClassVar[str] = "objection-raised"
    about: ObjectedTo
    given_number: str
    closed: str
    asked_by: int

    def facts(self) -> Facts:
        return {"about": self.about}

    def details(self) -> Details:
        """Sealed by the person's own process; here only which names stand in it."""
        return {"text": "", "reach": "", "event": ""}

    def once(self) -> str:
        return self.given_number

    def event_number(self) -> str:
        return self.given_number

    def sealed_before(self) -> str:
        return self.closed

"""What a person says: that data have leaked, or that they did not follow a rule themselves."""

from dataclasses import dataclass
from typing import ClassVar

from agent.leak import KIND, SLIP, About, LeakKind, Persons, Role
from collectors.base import Facts, Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class LeakReported(Observation):
    """A person reports a data leak; what they wrote leaves sealed to the privacy officer.

    ``given_number`` was made where the report was written, and ``closed`` is what was sealed there.
    """

    kind: ClassVar[str] = KIND
    what: LeakKind
    ongoing: bool
    about: About | None = None
    role: Role | None = None
    persons: Persons | None = None
    given_number: str = ""
    closed: str = ""
    asked_by: int | None = None

    def facts(self) -> Facts:
        chosen = {"about": self.about, "role": self.role}
        bounds = self.persons.bounds() if self.persons else None
        return {
            "what": self.what,
            "ongoing": self.ongoing,
            **{name: word for name, word in chosen.items() if word is not None},
            **({"persons-min": bounds[0], "persons-max": bounds[1]} if bounds else {}),
        }

    def once(self) -> str | None:
        return self.given_number or None

    def event_number(self) -> str:
        return self.given_number

    def sealed_before(self) -> str:
        return self.closed


@dataclass(frozen=True, kw_only=True, slots=True)
class SlipReported(Observation):
    """A person reports that they did not follow a rule. Nothing of it can be read on the way; what
    they wrote leaves sealed to the director, and to no privacy officer."""

    kind: ClassVar[str] = SLIP
    given_number: str = ""
    asked_by: int | None = None
    closed: str = ""

    def facts(self) -> Facts:
        return {}

    def once(self) -> str | None:
        return self.given_number or None

    def event_number(self) -> str:
        return self.given_number

    def sealed_before(self) -> str:
        return self.closed

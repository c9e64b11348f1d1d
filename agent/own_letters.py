"""What a person at the laptop says to the organisation in return for a letter, or to get one."""

from dataclasses import dataclass
from typing import ClassVar

from agent.said import Wish
from collectors.base import Details, Facts, Observation, Reference


@dataclass(frozen=True, kw_only=True, slots=True)
class LeakAnswered(Observation):
    """A person answers a question of the officers. ``subject`` is the number of the letter."""

    kind: ClassVar[str] = "leak-answered"
    text: str
    asked_by: int | None = None

    def facts(self) -> Facts:
        return {"letter": Reference(self.subject)}

    def details(self) -> Details:
        return {"text": self.text}


@dataclass(frozen=True, kw_only=True, slots=True)
class PermissionAsked(Observation):
    """A person asks whether they may use something, for ``days``; 0: they named no end.

    ``stick`` is how a withheld stick was seen attached, if it is about one.
    """

    kind: ClassVar[str] = "permission-asked"
    what: Wish
    days: int
    text: str
    stick: Observation | None = None
    asked_by: int | None = None

    def facts(self) -> Facts:
        asked: Facts = {"what": self.what, "wanted-days": self.days}
        if self.stick is None:
            return asked
        seen = self.stick.facts()
        stick = {
            "device": seen["device"],
            "vendor": seen["vendor"],
            "product": seen["product"],
            "verdict": seen["verdict"],
        }
        return {**asked, **stick}

    def details(self) -> Details:
        if self.stick is None:
            return {"text": self.text}
        stick = self.stick.details()
        return {"text": self.text, "serial": stick["serial"], "model": stick["model"]}

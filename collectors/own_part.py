"""One of the agent's own parts that is not as the package put it: which kind, and what is wrong.

Part and wrong are closed words and leave the laptop. Where it lies, and what was found in its
place, does not: an administrator's own file may say more than it should.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from collectors.base import Details, Facts, Observation, Proof


class Part(StrEnum):
    """What kind of part it is."""

    UNIT = "unit"
    """What systemd starts the agent and its sender by."""
    UDEV_RULE = "udev-rule"
    POLKIT_RULE = "polkit-rule"
    AUTOSTART = "autostart"
    """What starts the icon when somebody logs in."""
    PROGRAM = "program"
    DESKTOP_ENTRY = "desktop-entry"
    """A launcher or an icon."""
    OTHER = "other"


class How(StrEnum):
    """What is wrong with it."""

    CHANGED = "changed"
    MISSING = "missing"
    MASKED = "masked"
    """An empty file, or a link to nothing, stands before it in the system's own folders."""
    OVERRIDDEN = "overridden"
    """Another file stands before it, or one beside it changes what it does."""
    DISABLED = "disabled"
    """A unit that does not start with the laptop any more."""


class Watched(StrEnum):
    """What this collector may have to report as not watched."""

    OWN_PARTS = "own-parts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """``path`` is the part's own place and ``wanted`` the SHA-256 of what belongs there; ``at`` is
    where the wrong is, and ``found`` what is there now, as ``collectors.own_parts_linux`` tells."""

    part: Part
    how: How
    path: str
    at: str
    found: str
    wanted: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPartChanged(Observation):
    """A part of the agent's own is not as the package put it. ``subject`` is where the wrong is."""

    kind: ClassVar[str] = "own-part-changed"
    wrong: Wrong
    since: str

    def facts(self) -> Facts:
        return {"part": self.wrong.part, "wrong": self.wrong.how}

    def details(self) -> Details:
        return {"path": self.wrong.at}

    def proof(self) -> Proof:
        wrong = self.wrong
        return {
            "path": wrong.path,
            "how": str(wrong.how),
            "found": wrong.found,
            "wanted": wrong.wanted,
        }

    def once(self) -> str:
        """Once a day for as long as it stays so; and each time it comes to be so."""
        return f"{self.subject}/{self.wrong.how}/{self.since}/{self.observed_at.date()}"

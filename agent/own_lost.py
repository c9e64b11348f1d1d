"""What the agent tells of a laptop that is lost, and of how it stood before."""

from dataclasses import dataclass
from typing import ClassVar

from agent.lost import Cause
from collectors.base import Details, Facts, Observation, Proof
from collectors.checks.told import State
from collectors.session_state import SessionKind


@dataclass(frozen=True, kw_only=True, slots=True)
class LostScreen(Observation):
    """Somebody opened a screen of a laptop that counts as lost. ``started`` as for any session."""

    kind: ClassVar[str] = "lost-screen-open"
    user: str
    session: SessionKind
    started: int

    def facts(self) -> Facts:
        return {"session": self.session}

    def details(self) -> Details:
        return {"user": self.user}

    def proof(self) -> Proof:
        return {"started": self.started}


@dataclass(frozen=True, kw_only=True, slots=True)
class LaptopLost(Observation):
    """From now on this laptop counts as lost (``agent.lost``)."""

    kind: ClassVar[str] = "laptop-lost"
    cause: Cause

    def facts(self) -> Facts:
        return {"cause": self.cause}


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedWiped(Observation):
    """Two people ordered that what is sealed on a lost laptop be deleted. ``subject`` is the number
    under which it is sealed, ``size`` in bytes that of the file."""

    kind: ClassVar[str] = "sealed-wiped"
    size: int
    sealed_sha256: str

    def facts(self) -> Facts:
        return {}

    def details(self) -> Details:
        return {"sealed": self.subject}

    def proof(self) -> Proof:
        return {"sealed_sha256": self.sealed_sha256}

    def once(self) -> str:
        return self.subject


@dataclass(frozen=True, kw_only=True, slots=True)
class LaptopFound(Observation):
    """This laptop counts as lost no more."""

    kind: ClassVar[str] = "laptop-found"

    def facts(self) -> Facts:
        return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class UnlockCodeMade(Observation):
    """The code that ends the state of being lost; only the officers can read it."""

    kind: ClassVar[str] = "unlock-code-made"
    code: str

    def facts(self) -> Facts:
        return {}

    def details(self) -> Details:
        return {"code": self.code}


@dataclass(frozen=True, kw_only=True, slots=True)
class LaptopStanding(Observation):
    """Once a day: what could be said of this laptop if it were lost now.

    ``disk`` is whether the homes are encrypted; ``open_files`` how many pupil files lie open under
    the roots, -1 if that is not known; ``sealed`` how many are sealed.
    """

    kind: ClassVar[str] = "laptop-standing"
    disk: State
    open_files: int
    sealed: int

    def facts(self) -> Facts:
        return {"disk": self.disk, "open-files": self.open_files, "sealed-files": self.sealed}

"""What the agent itself has to tell: its start, a collector that failed, a person's report."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from agent.policy import Mode
from collectors.base import Details, Facts, Observation


class LeakKind(StrEnum):
    """What a person says has leaked; the kinds the organisations' documents name."""

    MISSENT_MAIL = "missent-mail"
    LOST_DEVICE = "lost-device"
    LOST_STICK = "lost-stick"
    ACCOUNT_SHARED = "account-shared"
    PUBLISHED = "published"
    PAPER = "paper"
    UNAUTHORISED_LOOK = "unauthorised-look"
    OTHER = "other"


class CollectorName(StrEnum):
    """The collectors as events name them; an unknown one is ``other``."""

    PUPIL_FILES = "pupil-files"
    USB = "usb"
    SESSION = "session"
    OTHER = "other"

    @classmethod
    def of(cls, name: str) -> "CollectorName":
        word = name.replace("_", "-")
        return cls(word) if word in tuple(cls) else cls.OTHER


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentStarted(Observation):
    """The agent began to run; ``resumed`` counts the actions a crash had cut off."""

    kind: ClassVar[str] = "agent-started"
    mode: Mode
    policy_version: int
    resumed: int

    def facts(self) -> Facts:
        return {
            "mode": self.mode,
            "policy-version": self.policy_version,
            "resumed": self.resumed,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectorFailed(Observation):
    """A collector ended with an error and will be started again."""

    kind: ClassVar[str] = "collector-failed"
    collector: CollectorName
    failures: int

    def facts(self) -> Facts:
        return {"collector": self.collector, "failures": self.failures}


@dataclass(frozen=True, kw_only=True, slots=True)
class LeakReported(Observation):
    """A person reports a data leak; what they wrote leaves sealed to the privacy officer."""

    kind: ClassVar[str] = "leak-reported"
    what: LeakKind
    ongoing: bool
    text: str

    def facts(self) -> Facts:
        return {"what": self.what, "ongoing": self.ongoing}

    def details(self) -> Details:
        return {"text": self.text}

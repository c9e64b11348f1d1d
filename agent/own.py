"""What the agent itself has to tell: its start, a gap, a failed collector, what a person says."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from agent.policy import Mode
from agent.wire import event as wire
from collectors.base import Details, Facts, Keyed, Observation, Proof
from collectors.recognise.verdict import Evidence, Format, Judgement, Kind
from collectors.session_state import SessionKind
from enforcement.base import Reason, Result

GAP = "journal-gap"


class CollectorName(StrEnum):
    """The collectors as events name them; an unknown one is ``other``."""

    PUPIL_FILES = "pupil-files"
    USB = "usb"
    PORTS = "ports"
    SESSION = "session"
    LEAVING = "leaving"
    STICK_FILES = "stick-files"
    POSTURE = "posture"
    OWN_PARTS = "own-parts"
    OTHER = "other"

    @classmethod
    def of(cls, name: str) -> "CollectorName":
        word = name.replace("_", "-")
        return cls(word) if word in tuple(cls) else cls.OTHER


class ActionName(StrEnum):
    """The actions as events of the agent name them; an unknown one is ``other``."""

    SEAL_FILE = "seal-file"
    LOCK_SESSION = "lock-session"
    BLOCK_USB = "block-usb"
    EXPIRE_SEALED = "expire-sealed"
    CLOSE_FOLDER = "close-folder"
    ALLOW_USB = "allow-usb"
    ALLOW_USB_READ_ONLY = "allow-usb-read-only"
    RESTORE_OWN_PART = "restore-own-part"
    OTHER = "other"

    @classmethod
    def of(cls, name: str) -> "ActionName":
        return cls(name) if name in tuple(cls) else cls.OTHER


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
class AgentRetired(Observation):
    """The laptop takes part no more, and so many ``sealed`` copies stay on it; ``forced`` says that
    somebody knew of them. Observed when it was decided: cut off and done again it is no news."""

    kind: ClassVar[str] = "agent-retired"
    sealed: int
    forced: bool

    def facts(self) -> Facts:
        return {"sealed-left": self.sealed, "forced": self.forced}

    def once(self) -> str:
        return f"retired/{self.observed_at.isoformat()}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectorFailed(Observation):
    """A collector ended with an error and will be started again."""

    kind: ClassVar[str] = "collector-failed"
    collector: CollectorName
    failures: int

    def facts(self) -> Facts:
        return {"collector": self.collector, "failures": self.failures}


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionRecovered(Observation):
    """An action that was open without an entry in the journal was brought to its end."""

    kind: ClassVar[str] = "action-recovered"
    action: ActionName
    result: Result
    reason: Reason

    def facts(self) -> Facts:
        return {"action": self.action, "result": self.result, "reason": self.reason}


@dataclass(frozen=True, kw_only=True, slots=True)
class UsbOverride(Observation):
    """A person was given a stick that is withheld, for ``minutes``, and said why.

    ``stick`` is how it was seen attached: the device and the verdict are told as they were there.
    """

    kind: ClassVar[str] = "usb-override"
    stick: Observation
    minutes: int
    reason: str
    asked_by: int | None = None

    def facts(self) -> Facts:
        seen = self.stick.facts()
        return {"device": seen["device"], "verdict": seen["verdict"], "minutes": self.minutes}

    def details(self) -> Details:
        stick = self.stick.details()
        return {"reason": self.reason, "serial": stick["serial"], "model": stick["model"]}


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionLeft(Observation):
    """A person said that they walk away. ``started`` as for any session."""

    kind: ClassVar[str] = "session-left"
    user: str
    session: SessionKind
    started: int

    def facts(self) -> Facts:
        return {"session": self.session}

    def details(self) -> Details:
        return {"user": self.user}

    def proof(self) -> Proof:
        return {"started": self.started}


class Wanted(StrEnum):
    """What a person says that a file is."""

    PUPIL = "pupil"
    CLEAN = "clean"


@dataclass(frozen=True, kw_only=True, slots=True)
class VerdictDisputed(Observation):
    """A person says that a verdict is wrong. ``subject`` is the file's path, or the number of a
    sealed one; ``copy`` the number under which a sealed copy lies on the laptop."""

    kind: ClassVar[str] = "verdict-disputed"
    said: Judgement
    wanted: Wanted
    file_class: Kind
    evidence: tuple[Evidence, ...]
    format: Format
    detector: int
    text: str
    copy: str
    asked_by: int | None = None

    def facts(self) -> Facts:
        return {
            "said": self.said,
            "wanted": self.wanted,
            "class": self.file_class,
            "evidence": self.evidence,
            "format": self.format,
            "detector": self.detector,
            "file": Keyed(self.subject),
        }

    def details(self) -> Details:
        return {"path": self.subject, "text": self.text, "copy": self.copy}


def gap(cause: str, dropped: int, kinds: list[str]) -> wire.Event:
    """The event that says what is missing: how many, of which kinds, and why. A kind that is kept
    apart is not named."""
    now = datetime.now(UTC)
    return wire.Event(
        id=str(uuid.uuid4()),
        kind=GAP,
        observed_at=now,
        recorded_at=now,
        facts={
            "cause": cause,
            "dropped": min(dropped, wire.LARGEST_NUMBER),
            "kinds": sorted(set(kinds) - wire.APART),
        },
    )

"""What the agent tells of files it seals, keeps, deletes, or stops sealing."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from collectors.base import Details, Facts, Keyed, Observation, Proof
from enforcement.base import Reason, Result


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedOverdue(Observation):
    """A sealed copy was kept for as many ``days`` as its rule said. ``subject`` is its id,
    ``size`` in bytes that of the file."""

    kind: ClassVar[str] = "sealed-overdue"
    days: int
    size: int
    sealed_sha256: str

    def facts(self) -> Facts:
        return {"kept-days": self.days}

    def details(self) -> Details:
        return {"sealed": self.subject}

    def proof(self) -> Proof:
        return {"sealed_sha256": self.sealed_sha256}

    def once(self) -> str:
        return self.subject


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakerTripped(Observation):
    """So large a share of all files matched that no more are sealed (``agent.breaker``)."""

    kind: ClassVar[str] = "breaker-tripped"
    matched: int
    files: int

    def facts(self) -> Facts:
        return {"matched": self.matched, "files": self.files}


@dataclass(frozen=True, kw_only=True, slots=True)
class EvasionSuspected(Observation):
    """A file was changed again and again just as it was to be taken. ``subject`` is its path."""

    kind: ClassVar[str] = "evasion-suspected"
    reason: Reason
    times: int

    def facts(self) -> Facts:
        return {"reason": self.reason, "times": self.times, "file": Keyed(self.subject)}

    def details(self) -> Details:
        return {"path": self.subject}

    def once(self) -> str:
        return f"{self.observed_at.date()}/{self.subject}"


class DrillStep(StrEnum):
    """How far a drill came."""

    SEAL = "seal"
    OPEN = "open"
    COMPARE = "compare"
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class RestoreDrill(Observation):
    """A file made for the purpose was sealed, opened and compared, or ``step`` did not succeed."""

    kind: ClassVar[str] = "restore-drill"
    result: Result
    reason: Reason
    step: DrillStep

    def facts(self) -> Facts:
        return {"result": self.result, "reason": self.reason, "step": self.step}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileWantedBack(Observation):
    """A person asks for a sealed file back. ``subject`` is the number under which it is sealed,
    ``return_key`` what an officer needs to give it back from afar, sealed and in base64."""

    kind: ClassVar[str] = "file-wanted-back"
    reason: str
    return_key: str = ""
    asked_by: int | None = None

    def facts(self) -> Facts:
        return {"file": Keyed(self.subject), "can-release": bool(self.return_key)}

    def details(self) -> Details:
        told: Details = {"sealed": self.subject, "reason": self.reason}
        return {**told, "return": self.return_key} if self.return_key else told


class Returned(StrEnum):
    """How giving a file back by order ended."""

    DONE = "done"
    ALREADY = "already"
    GONE = "gone"
    """Nothing whole is sealed under this number."""
    KEY = "wrong-key"
    PLACE = "no-place"
    """The folder it lay in is gone, and so is every one above it that was this person's."""
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileReturned(Observation):
    """An officer gave a sealed file back, or that failed. ``subject`` is its number, ``path`` where
    it is now, if it is. For so many ``days`` it is left alone."""

    kind: ClassVar[str] = "file-returned"
    how: Returned
    days: int
    path: str

    def facts(self) -> Facts:
        return {"how": self.how, "days": self.days, "file": Keyed(self.subject)}

    def details(self) -> Details:
        return {"sealed": self.subject, "path": self.path}

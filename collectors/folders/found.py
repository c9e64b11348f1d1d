"""What is said about files: a pupil file, a list of passwords, a document nobody can look into."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from collectors.base import Details, Facts, Keyed, Observation, Proof
from collectors.folders.place import Place
from collectors.recognise.category import Category, is_sensitive
from collectors.recognise.finding import band
from collectors.recognise.verdict import DETECTOR, Evidence, Format, Kind, Reason

LARGEST_FACT = 9_999_999


class Watched(StrEnum):
    """What this collector may have to report as not watched or not read."""

    ROOT = "root"
    FILES = "files"
    CHANGES = "changes"
    DRIVE = "drive"
    """Something that is mounted beneath a root, or that a root lies on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PupilFileFound(Observation):
    """A file holds data about pupils or clients. ``subject`` is its path.

    ``file_class`` says what kind, ``persons_min`` and ``persons_max`` about how many persons,
    ``categories`` which kinds of data are in it, and ``sha256``, ``device`` and ``inode`` which
    file exactly was judged. ``size`` is in bytes.
    """

    kind: ClassVar[str] = "pupil-file-found"
    file_class: Kind
    persons_min: int
    persons_max: int
    evidence: tuple[Evidence, ...]
    categories: tuple[Category, ...]
    format: Format
    place: Place
    size: int
    sha256: str
    device: int
    inode: int
    written_at: datetime | None = None

    def used_at(self) -> datetime | None:
        return self.written_at

    def facts(self) -> Facts:
        return {
            "class": self.file_class,
            "place": self.place,
            "format": self.format,
            "persons-min": self.persons_min,
            "persons-max": self.persons_max,
            "evidence": self.evidence,
            "categories": self.categories,
            "sensitive": is_sensitive(self.categories),
            "size-kb": min(LARGEST_FACT, -(-self.size // 1024)),
            "file": Keyed(self.subject),
            "detector": DETECTOR,
        }

    def details(self) -> Details:
        return {"path": self.subject, "sha256": self.sha256}

    def proof(self) -> Proof:
        return {"sha256": self.sha256, "device": self.device, "inode": self.inode}

    def once(self) -> str:
        return f"{self.sha256}:{self.subject}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordListFound(Observation):
    """A file lists accounts with their passwords, readable by anybody. ``subject`` is its path.

    ``accounts`` is how many; the passwords themselves stayed in the worker. ``sha256``, ``device``
    and ``inode`` say which file exactly was judged. ``size`` is in bytes.
    """

    kind: ClassVar[str] = "password-list-found"
    accounts: int
    format: Format
    place: Place
    size: int
    sha256: str
    device: int
    inode: int
    written_at: datetime | None = None

    def used_at(self) -> datetime | None:
        return self.written_at

    def facts(self) -> Facts:
        least, most = band(self.accounts)
        return {
            "accounts-min": least,
            "accounts-max": most,
            "categories": (Category.ACCESS_DATA,),
            "sensitive": is_sensitive((Category.ACCESS_DATA,)),
            "format": self.format,
            "place": self.place,
            "size-kb": min(LARGEST_FACT, -(-self.size // 1024)),
            "file": Keyed(self.subject),
        }

    def details(self) -> Details:
        return {"path": self.subject}

    def proof(self) -> Proof:
        return {"sha256": self.sha256, "device": self.device, "inode": self.inode}

    def once(self) -> str:
        return f"{self.sha256}:{self.subject}"


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadableFileFound(Observation):
    """A document that may hold anything: encrypted, or the picture of a page. ``subject`` is its
    path; ``stamp`` tells one state of the file from the next."""

    kind: ClassVar[str] = "unreadable-file-found"
    reason: Reason
    format: Format
    place: Place
    stamp: str

    def facts(self) -> Facts:
        return {
            "reason": self.reason,
            "format": self.format,
            "place": self.place,
            "file": Keyed(self.subject),
        }

    def details(self) -> Details:
        return {"path": self.subject}

    def once(self) -> str:
        return f"{self.reason}:{self.stamp}:{self.subject}"

"""What every collector shares: the observation, its facts and the port the agent drives.

A collector observes; it never acts, stores or sends. An observation is complete and local: it may
hold a path or a serial number. Three methods cut it down. ``facts`` is the only readable thing
that ever leaves the laptop, ``details`` leaves sealed to the privacy officer, ``proof`` is handed
to an action so that it acts on exactly the thing that was judged.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Keyed:
    """A value that leaves the laptop only as a keyed digest, so that two events can be joined.

    ``shared``: by the organisation's key, so that it is the same on each of its laptops.
    """

    text: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """The number of a letter that an event answers. The collector made it, so it says nothing of
    anybody; it leaves in the form of a digest."""

    number: str


Fact = bool | int | StrEnum | Keyed | Reference | tuple[StrEnum, ...]
Facts = Mapping[str, Fact]
Details = Mapping[str, str | int]
Proof = Mapping[str, str | int]
Condition = Mapping[str, str | int | bool]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


class Stop(Protocol):
    """The part of ``threading.Event`` that a collector needs to end in good time."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float | None = None) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One thing seen, at one moment. ``subject`` is the thing as the operating system names it."""

    kind: ClassVar[str]
    last_word: ClassVar[bool] = False
    """Whether it is recorded even when it comes as the agent ends."""
    observed_at: datetime
    subject: str

    def facts(self) -> Facts:
        """Closed words, bounded numbers and keyed digests: the readable part of the event."""
        raise NotImplementedError(f"{type(self).__name__} does not say what may leave the laptop")

    def details(self) -> Details:
        """What a person needs to act on it; sealed to the privacy officer."""
        return {}

    def proof(self) -> Proof:
        """What an action must find unchanged before it touches the subject."""
        return {}

    def once(self) -> str | None:
        """A key under which a repeat of this observation is no news; None: always news."""
        return None

    def event_number(self) -> str:
        """The event's own number where it was made before; empty: it gets one."""
        return ""

    def sealed_before(self) -> str:
        """The sealed part in base64 where it was sealed before; empty: ``details`` are sealed."""
        return ""

    def used_at(self) -> datetime | None:
        """When a person last worked with it; None where that means nothing."""
        return None

    def handled(self) -> None:
        """The agent has recorded it, and has done about it what it will do."""


class Collector(Protocol):
    """Watches one thing. ``observe`` first yields what is already there, then each change."""

    name: str

    def observe(self, stop: Stop) -> Iterator[Observation]: ...

    def condition(self) -> Condition:
        """How it works right now, for IT: words and numbers, nothing of anybody's."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a collector's section in the policy: its default gives the type."""

    default: Any
    help: str


Settings = Mapping[str, Any]


class CollectorError(Exception):
    """A collector cannot go on; the agent reports it and starts it again after a while."""


class Gap(StrEnum):
    """Why something could not be watched or read."""

    MISSING = "missing"
    """The part of the operating system that tells is not there (no udev, no logind, no display)."""
    OVERFLOW = "overflow"
    """More changes than the kernel's queue holds; a sweep makes up for it."""
    UNREADABLE = "unreadable"
    """Files or folders could not be opened."""
    ODD_FILE = "odd-file"
    """Not a plain file: a pipe, a socket, a device, a link that loops."""
    LIMIT = "limit"
    """A limit of the kernel or of the policy was reached."""
    NETWORK_DRIVE = "network-drive"
    """It lies on a share of another computer."""
    VIRTUAL_DRIVE = "virtual-drive"
    """A program makes it up, such as a view of a cloud (FUSE)."""
    BIND_MOUNT = "bind-mount"
    """A second view of a folder that lies elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverageLost(Observation):
    """Something is not being watched or could not be read: silence here is not "clean"."""

    kind: ClassVar[str] = "coverage-lost"
    what: StrEnum
    gap: Gap
    count: int = 0

    def facts(self) -> Facts:
        return {"what": self.what, "gap": self.gap, "count": self.count}

    def details(self) -> Details:
        return {"what": self.subject}

    def once(self) -> str | None:
        return f"{self.what}/{self.gap}/{self.observed_at.date()}/{self.subject}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverageRestored(Observation):
    """What ``coverage-lost`` named is being watched again."""

    kind: ClassVar[str] = "coverage-restored"
    what: StrEnum

    def facts(self) -> Facts:
        return {"what": self.what}

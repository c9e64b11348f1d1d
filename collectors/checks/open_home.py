"""A home that lets others in, as something an action can close."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from collectors.base import Clock, Details, Facts, Observation, Proof


class Others(StrEnum):
    """What others may do there."""

    ENTER = "enter"
    READ = "read"
    WRITE = "write"


class Open(Protocol):
    """A folder that lets others in: its path, mode, the bits that do so, device and inode."""

    @property
    def path(self) -> str: ...
    @property
    def mode(self) -> int: ...
    @property
    def others(self) -> int: ...
    @property
    def device(self) -> int: ...
    @property
    def inode(self) -> int: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeOpen(Observation):
    """A person's home lets other people of this laptop in. ``subject`` is its path."""

    kind: ClassVar[str] = "home-open"
    home: Open

    def facts(self) -> Facts:
        return {"others": _most(self.home.others)}

    def details(self) -> Details:
        return {"path": self.home.path}

    def proof(self) -> Proof:
        home = self.home
        return {
            "device": home.device,
            "inode": home.inode,
            "mode": home.mode,
            "take": home.others,
        }

    def once(self) -> str:
        return f"{self.subject}/{self.home.mode:o}"


def seen(find_out: Callable[[], Sequence[Open]], now: Clock) -> Iterator[HomeOpen]:
    """The homes that are open now."""
    for home in find_out():
        yield HomeOpen(observed_at=now(), subject=home.path, home=home)


def _most(bits: int) -> Others:
    if bits & 0o022:
        return Others.WRITE
    return Others.READ if bits & 0o044 else Others.ENTER

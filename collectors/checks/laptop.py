"""The words for what kind of laptop this is; the model itself is only told as a digest."""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """What it is to look at, as the maker says."""

    LAPTOP = "laptop"
    TABLET = "tablet"
    DESKTOP = "desktop-computer"
    VIRTUAL = "virtual-machine"
    OTHER = "other"


class System(StrEnum):
    """The operating system, as it calls itself."""

    DEBIAN = "debian"
    UBUNTU = "ubuntu"
    MINT = "linuxmint"
    FEDORA = "fedora"
    OPENSUSE = "opensuse"
    ARCH = "arch"
    OTHER = "other"

    @classmethod
    def of(cls, name: str) -> "System":
        word = "opensuse" if name.startswith("opensuse") else name
        return cls(word) if word in tuple(cls) else cls.OTHER


@dataclass(frozen=True, kw_only=True, slots=True)
class Laptop:
    """A laptop; ``memory`` in GB of 10^9 rounded up to a power of two. -1: not known."""

    shape: Shape
    model: str
    system: System
    major: int
    minor: int
    memory: int
    months: int

"""A USB storage device as the system describes it, and what becomes of its own words.

Everything a device says about itself is untrusted: a serial number can hold control characters, a
label can hold marks that turn a line around. ``clean`` is the one way such text gets in.
"""

import re
import unicodedata
from dataclasses import dataclass

from collectors.media.tables import Span

LONGEST_TEXT = 128
"""Characters kept of what a device says about itself."""
_UNHEARD = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAME = re.compile(r"\A[0-9]+-[0-9]+(\.[0-9]+)*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    """One unit of a device. ``sequence`` counts disks since boot and never repeats.

    ``number`` is ``major:minor``; ``size`` and ``sector`` in bytes; ``parts`` are those the kernel
    sees; ``opened`` says that an encrypted volume on it is unlocked now.
    """

    name: str
    number: str
    size: int
    sector: int
    sequence: int
    parts: tuple[Span, ...]
    opened: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class UsbDevice:
    """A USB device with at least one disk. ``keyboard``: it also poses as one."""

    name: str
    busnum: int
    devnum: int
    vendor: int
    product: int
    serial: str
    model: str
    label: str
    keyboard: bool
    disks: tuple[Disk, ...]


def clean(text: str) -> str:
    """Made safe to show: composed, without control or direction marks, at most 128 characters."""
    whole = unicodedata.normalize("NFC", text)
    kept = (c if unicodedata.category(c) not in _UNHEARD else " " for c in whole)
    return " ".join("".join(kept).split())[:LONGEST_TEXT]


def size_band(size: int) -> int:
    """Bytes as the packet has it: the next power of two, in GB of 10^9; 0 for no medium."""
    whole = -(-size // 10**9)
    return 1 << (whole - 1).bit_length() if whole > 0 else 0


def device_name(sys_path: str) -> str | None:
    """The innermost USB device in a path of sysfs, such as ``1-2.3``; None if there is none."""
    return next((part for part in reversed(sys_path.split("/")) if _NAME.match(part)), None)

"""Linux: reading sysfs, the kernel's own account of what is attached, which is always true.

What stands in an attribute may be the device's own words: it is decoded, never trusted, and what
is no number is -1. A device that goes while it is read leaves empty texts behind, and no error.
"""

from collections.abc import Iterator
from pathlib import Path


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted; nothing if it is gone."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def text(file: Path) -> str:
    """An attribute's text, bytes that are no UTF-8 replaced; empty if there is none."""
    try:
        return file.read_bytes().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def number(file: Path) -> int:
    """A decimal attribute; -1 if it is none."""
    told = text(file)
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else -1


def word(file: Path) -> int:
    """A number of 16 bits as USB and PCI give it, such as ``0951`` or ``0x144d``; -1 if none."""
    told = text(file)
    digits = told.removeprefix("0x")
    whole = len(told) == 4 or (told != digits and 1 <= len(digits) <= 4)
    return int(digits, 16) if whole and set(digits) <= set("0123456789abcdef") else -1


def above(place: Path, sysfs: Path) -> Iterator[Path]:
    """The directories above a resolved one, innermost first, within sysfs."""
    top = sysfs.resolve()
    for parent in place.parents:
        if parent == top:
            return
        yield parent


def usb_home(place: Path, sysfs: Path) -> Path | None:
    """The directory of the USB device that something hangs on; None if on something else."""
    real = place.resolve()
    return next((one for one in above(real, sysfs) if (one / "idVendor").exists()), None)


def sequence(folder: Path) -> int:
    """The number of a directory, which no other gets before the next start; 0 if it is gone."""
    try:
        return folder.stat().st_ino
    except OSError:
        return 0


def boot() -> str:
    """The kernel's name of this boot; empty if it does not say."""
    return text(Path("/proc/sys/kernel/random/boot_id"))

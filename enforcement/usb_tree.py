"""One USB device in the kernel's device tree: is it the one judged, what is it, what is on it.

The device's directory is opened once and everything is read and written through that descriptor.
The kernel ties it to the device: pull the stick out, put another in the same port, and the old
descriptor answers ENOENT instead of switching off the newcomer.

Attributes come from the device itself and are not trusted: read short, as plain ASCII, or refused.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from enforcement import durable
from enforcement.base import EnforcementError, Reason

LONGEST = 256
"""Bytes of an attribute; the ones read here hold at most five."""
_NAME = re.compile(r"\A[0-9]+-[0-9]+(\.[0-9]+)*\Z")
_BLOCK = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._!-]{0,63}\Z")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

STORAGE, HID, HUB, SMART_CARD = "08", "03", "09", "0b"
_NEVER = {HID: "a keyboard or the like", HUB: "a hub", SMART_CARD: "a security key"}


def open_device(sysfs: Path, name: str) -> int:
    """Open the directory of a device such as ``1-2.3``. Raises EnforcementError, OSError.

    Root hubs are called ``usb1`` and so have no name that is taken here.
    """
    if not _NAME.match(name):
        raise EnforcementError(Reason.UNSUPPORTED, "not the name of a USB device")
    home = os.path.realpath(sysfs / "bus" / "usb" / "devices" / name)
    if not home.startswith(os.path.realpath(sysfs) + "/") or os.path.basename(home) != name:
        raise EnforcementError(Reason.OUTSIDE, f"{name} leads out of the device tree")
    return os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def attribute(folder: int, name: str) -> str:
    """A short attribute. Raises OSError, EnforcementError (``changed``) if it makes no sense."""
    with durable.held(os.open(name, _READ, dir_fd=folder)) as file:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise EnforcementError(Reason.CHANGED, f"{name} is no attribute")
        raw = os.read(file, LONGEST + 1)
    try:
        text = raw.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise EnforcementError(Reason.CHANGED, f"{name} is no plain text") from error
    if len(raw) > LONGEST or not text.isprintable():
        raise EnforcementError(Reason.CHANGED, f"{name} is no plain text")
    return text


def confirm(device: int, proof: Mapping[str, object]) -> None:
    """Raises EnforcementError (``changed``) if this is not the device in the proof. OSError."""
    for name, read in (
        ("busnum", _number),
        ("devnum", _number),
        ("idVendor", _word),
        ("idProduct", _word),
    ):
        known = proof.get(name.removeprefix("id").lower())
        if known is None:
            raise EnforcementError(Reason.FAULT, f"the proof names no {name}")
        if read(attribute(device, name)) != known:
            raise EnforcementError(Reason.CHANGED, f"another device: its {name} differs")


def may_be_blocked(device: int) -> None:
    """Raises EnforcementError (``unsupported``) unless it is storage and nothing we spare."""
    classes = {attribute(device, "bDeviceClass").lower(), *_interface_classes(device)}
    for code, what in _NEVER.items():
        if code in classes:
            raise EnforcementError(Reason.UNSUPPORTED, f"{what} is never blocked")
    if STORAGE not in classes:
        raise EnforcementError(Reason.UNSUPPORTED, "not a storage device")


def authorized(device: int) -> bool:
    """Whether the kernel lets the device work. OSError."""
    return attribute(device, "authorized") != "0"


def deauthorize(device: int) -> None:
    """Switch the device off, until it is plugged in again or switched on. OSError."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with durable.held(os.open("authorized", flags, dir_fd=device)) as switch:
        os.write(switch, b"0\n")


def blocks(sysfs: Path, device: int) -> tuple[str, ...]:
    """The block devices on a device: what was opened on them first, then parts, then disks."""
    home = os.readlink(f"/proc/self/fd/{device}")
    disks = [name for name in _entries(sysfs / "block") if _lies_in(sysfs / "block" / name, home)]
    found: list[str] = []
    for disk in disks:
        folder = sysfs / "block" / disk
        parts = [name for name in _entries(folder) if (folder / name / "partition").exists()]
        opened = [_entries(folder / name / "holders") for name in ("", *parts)]
        found += [*(name for names in opened for name in names), *parts, disk]
    return tuple(name for name in dict.fromkeys(found) if _BLOCK.match(name))


def _interface_classes(device: int) -> set[str]:
    classes = set()
    for name in os.listdir(device):
        if ":" in name:
            flags = _READ | os.O_DIRECTORY
            with durable.held(os.open(name, flags, dir_fd=device)) as interface:
                classes.add(attribute(interface, "bInterfaceClass").lower())
    return classes


def _lies_in(block: Path, home: str) -> bool:
    return os.path.realpath(block).startswith(home + "/")


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else -1


def _word(text: str) -> str:
    return text.lower()

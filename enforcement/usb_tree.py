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
_SPARED = frozenset({HID, SMART_CARD})
"""What goes on working when the storage beside it is switched off."""


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


def names(sysfs: Path) -> list[str]:
    """The names of all devices, root hubs and interfaces left out."""
    return [name for name in _entries(sysfs / "bus" / "usb" / "devices") if _NAME.match(name)]


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


def place(device: int) -> str:
    """The bus and the number on it: no later device in the same port has both. OSError."""
    return f"{attribute(device, 'busnum')}/{attribute(device, 'devnum')}"


def storage_interfaces(device: int) -> tuple[str, ...]:
    """The names of a device's storage interfaces; none while the whole device is off. OSError.

    Raises EnforcementError (``unsupported``) if the device is no storage, or a hub.
    """
    found = _interfaces(device)
    if HUB in (attribute(device, "bDeviceClass").lower(), *found.values()):
        raise EnforcementError(Reason.UNSUPPORTED, "a hub is never blocked")
    names = tuple(name for name, code in found.items() if code == STORAGE)
    if not names and authorized(device):
        raise EnforcementError(Reason.UNSUPPORTED, "not a storage device")
    return names


def switched_on(device: int) -> bool:
    """Whether the kernel lets the device, or any storage interface of it, work. OSError."""
    if not authorized(device):
        return False
    codes = _interfaces(device)
    return any(_interface_on(device, name) for name in codes if codes[name] == STORAGE)


def authorized(device: int) -> bool:
    """Whether the kernel lets the device work. OSError."""
    return attribute(device, "authorized") != "0"


def switch_off(device: int) -> None:
    """Switch the storage off, until it is plugged in again or switched on. OSError.

    Where the device is a keyboard or a security key as well, that part of it goes on working.
    """
    storage = storage_interfaces(device)
    if set(_interfaces(device).values()) & _SPARED:
        for name in storage:
            _throw(device, f"{name}/authorized", b"0\n")
    else:
        _throw(device, "authorized", b"0\n")


def switch_on(sysfs: Path, device: int) -> None:
    """Undo ``switch_off``; the disks come anew, under other numbers. OSError."""
    if not authorized(device):
        _throw(device, "authorized", b"1\n")
        return
    for name in storage_interfaces(device):
        if not _interface_on(device, name):
            _throw(device, f"{name}/authorized", b"1\n")
            (sysfs / "bus/usb/drivers_probe").write_bytes(name.encode("ascii"))


def media(sysfs: Path, device: int) -> dict[str, int]:
    """The disks of a device and the sequence number of the medium in each. OSError.

    Raises EnforcementError (``unsupported``) where the kernel gives none (before Linux 5.15).
    """
    found = {disk: _sequence(sysfs / "block" / disk / "diskseq") for disk in _disks(sysfs, device)}
    if not all(found.values()):
        raise EnforcementError(Reason.UNSUPPORTED, "the kernel does not number its media")
    return found


def all_media(sysfs: Path) -> frozenset[int]:
    """The sequence numbers of every medium in the machine."""
    blocks = _entries(sysfs / "block")
    return frozenset(_sequence(sysfs / "block" / name / "diskseq") for name in blocks)


def confirm_media(found: Mapping[str, int], proof: Mapping[str, object]) -> None:
    """Raises EnforcementError (``changed``) unless these are the media that were judged."""
    if not found or media_words(found) != proof.get("media"):
        raise EnforcementError(Reason.CHANGED, "another medium than the one that was judged")


def media_words(found: Mapping[str, int]) -> str:
    """Disks and their media as a proof names them."""
    return " ".join(f"{name}={found[name]}" for name in sorted(found))


def announce(sysfs: Path, device: int) -> None:
    """Have udev look at the device's disks and parts again. OSError if one is gone."""
    for disk in _disks(sysfs, device):
        folder = sysfs / "block" / disk
        for place in (folder, *(folder / part for part in _parts(folder))):
            (place / "uevent").write_bytes(b"change")


def blocks(sysfs: Path, device: int) -> tuple[str, ...]:
    """The block devices on a device: what was opened on them first, then parts, then disks."""
    found: list[str] = []
    for disk in _disks(sysfs, device):
        folder = sysfs / "block" / disk
        parts = _parts(folder)
        opened = [_entries(folder / name / "holders") for name in ("", *parts)]
        found += [*(name for names in opened for name in names), *parts, disk]
    return tuple(name for name in dict.fromkeys(found) if _BLOCK.match(name))


def _disks(sysfs: Path, device: int) -> list[str]:
    home = os.readlink(f"/proc/self/fd/{device}")
    found = (name for name in _entries(sysfs / "block") if _lies_in(sysfs / "block" / name, home))
    return [name for name in found if not (sysfs / "block" / name / "partition").exists()]


def _parts(disk: Path) -> list[str]:
    return [name for name in _entries(disk) if (disk / name / "partition").exists()]


def _interfaces(device: int) -> dict[str, str]:
    """The class of each interface by its name."""
    found = {}
    for name in os.listdir(device):
        if ":" in name:
            flags = _READ | os.O_DIRECTORY
            with durable.held(os.open(name, flags, dir_fd=device)) as interface:
                found[name] = attribute(interface, "bInterfaceClass").lower()
    return found


def _interface_on(device: int, name: str) -> bool:
    try:
        return attribute(device, f"{name}/authorized") != "0"
    except FileNotFoundError:  # a kernel that cannot switch a part of a device off
        return True


def _throw(device: int, switch: str, text: bytes) -> None:
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with durable.held(os.open(switch, flags, dir_fd=device)) as file:
        os.write(file, text)


def _sequence(file: Path) -> int:
    try:
        return max(0, _number(file.read_text("ascii").strip()))
    except (OSError, UnicodeDecodeError):
        return 0


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

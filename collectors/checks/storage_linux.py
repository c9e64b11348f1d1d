"""Linux: whether what is written to this laptop's own disks is encrypted.

The kernel says in sysfs what each block device is made of; dm-crypt names itself by ``CRYPT-`` in
``dm/uuid``. From the device of a file system the way leads down through LVM, RAID and partitions
until dm-crypt is met on every branch, or a bare disk. Memory that is used as swap (zram) is no
disk. A disk that encrypts by itself cannot be told from one that does not.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path

from collectors import sysfs_linux as sysfs
from collectors.checks.reading import below, names, text
from collectors.checks.told import Told, Why
from collectors.folders.mounts_linux import NETWORK
from collectors.mountinfo_linux import Row, rows

_DEEPEST = 16
_OCTAL = re.compile(r"\\([0-7]{3})")
_NO_DISK = ("loop", "nbd", "rbd", "ram")
"""Devices whose bytes lie in a file or on another computer."""


class Kept(IntEnum):
    """How something is kept; of several, the largest counts."""

    ENCRYPTED = 0
    UNKNOWN = 1
    PARTLY = 2
    """Some of it by folder or file: fscrypt, ecryptfs, systemd-homed."""
    PLAIN = 3


def disk_encryption(root: Path, homes: Iterable[str]) -> Told:
    """Whether the system, the homes and the swap are encrypted."""
    home = max(_home(root, path) for path in ("/home", *homes))
    system, swap = file_system(root, "/"), _swap(root)
    if home is Kept.PLAIN:
        return Told(Why.NOT_ENCRYPTED)
    if home is Kept.PARTLY:
        return Told(Why.HOME_PARTLY_ENCRYPTED)
    if Kept.PLAIN in (system, swap):
        plain = Why.SYSTEM_NOT_ENCRYPTED if system is Kept.PLAIN else Why.SWAP_NOT_ENCRYPTED
        return Told(plain)
    return Told(Why.NOT_TOLD if Kept.UNKNOWN in (home, system, swap) else Why.ALL_ENCRYPTED)


def file_system(root: Path, path: str) -> Kept:
    """How the file system is kept that a path lies on."""
    mount = _mount_of(root, path)
    blocks = _blocks(root, mount) if mount is not None else []
    return max((_kept(block) for block in blocks), default=Kept.UNKNOWN)


def on_network(root: Path, path: str) -> bool:
    """Whether a path lies on another computer, whose answer one might wait for without end."""
    mount = _mount_of(root, path)
    return mount is not None and mount.kind in NETWORK


def mounted(root: Path) -> Iterable[Row]:
    """Everything that is mounted."""
    return rows(text(root, "/proc/self/mountinfo"))


def _home(root: Path, path: str) -> Kept:
    mount = _mount_of(root, path)
    if mount is not None and mount.kind == "ecryptfs":
        return Kept.PARTLY
    kept = file_system(root, path)
    return Kept.PARTLY if kept is Kept.PLAIN and _by_folder(root) else kept


def _by_folder(root: Path) -> bool:
    """Whether some homes are encrypted each by itself, by fscrypt or systemd-homed."""
    policies = [*names(root, "/.fscrypt/policies"), *names(root, "/home/.fscrypt/policies")]
    return bool(policies or names(root, "/home", ".home"))


def _swap(root: Path) -> Kept:
    head, *rows = text(root, "/proc/swaps").split("\n")
    if not head.startswith("Filename"):
        return Kept.UNKNOWN
    swaps = [row.split() for row in rows if row.strip()]
    return max((_kept_swap(root, *swap[:2]) for swap in swaps), default=Kept.ENCRYPTED)


def _kept_swap(root: Path, place: str = "", kind: str = "") -> Kept:
    if kind == "file":
        return file_system(root, _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), place))
    block = _named(root, place)
    return Kept.UNKNOWN if block is None else _kept(block)


def _mount_of(root: Path, path: str) -> Row | None:
    """The mount a path lies on: the deepest, and of those on one path the last."""
    above = [one for one in mounted(root) if f"{path}/".startswith(f"{one.path.rstrip('/')}/")]
    return max(reversed(above), key=lambda one: len(one.path), default=None)


def _blocks(root: Path, mount: Row) -> list[Path]:
    """The block devices of a file system; none where it lies on no disk of this laptop."""
    block = below(root, f"/sys/dev/block/{mount.device}")
    if not mount.device.startswith("0:") and block.exists():
        return [block.resolve()]
    # btrfs gives itself a number, and may lie on several devices.
    named = _named(root, mount.source)
    if named is None or mount.kind != "btrfs":
        return []
    for volume in sysfs.entries(below(root, "/sys/fs/btrfs")):
        devices = sysfs.entries(volume / "devices")
        if named.name in {one.name for one in devices}:
            return [one.resolve() for one in devices]
    return [named]


def _named(root: Path, source: str) -> Path | None:
    """A block device by its name in ``/dev``."""
    folder, name = below(root, "/sys/class/block"), source.rpartition("/")[2]
    if source.startswith("/dev/mapper/"):
        blocks = sysfs.entries(folder)
        return next((b.resolve() for b in blocks if sysfs.text(b / "dm" / "name") == name), None)
    block = folder / name
    there = source.startswith("/dev/") and bool(name) and block.exists()
    return block.resolve() if there else None


def _kept(block: Path, depth: int = 0) -> Kept:
    if sysfs.text(block / "dm" / "uuid").startswith("CRYPT-"):
        return Kept.ENCRYPTED
    if block.name.startswith("zram"):
        return _kept_memory(block)
    if block.name.startswith(_NO_DISK) or depth == _DEEPEST:
        return Kept.UNKNOWN
    whole = block.parent if (block / "partition").exists() else block
    below_it = sysfs.entries(whole / "slaves")
    return max((_kept(one.resolve(), depth + 1) for one in below_it), default=Kept.PLAIN)


def _kept_memory(block: Path) -> Kept:
    """zram is memory, unless it was told to write some of itself to a disk."""
    return Kept.ENCRYPTED if sysfs.text(block / "backing_dev") in ("", "none") else Kept.UNKNOWN

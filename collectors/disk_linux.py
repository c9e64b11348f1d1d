"""Linux: a disk as the kernel describes it, opened as the one that was meant, and what is on it."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from collectors.media.probe import ProbeError, probe
from collectors.media.tables import Span
from collectors.media.verdict import Volume, VolumeKind
from collectors.sysfs_linux import entries, number, text
from collectors.usb_device import Disk

SECTOR = 512
"""Bytes: sysfs counts in these whatever the disk's own unit is."""


def disk(block: Path) -> Disk | None:
    """The disk in a directory below ``/sys/block``; None if that makes no sense."""
    device, size = text(block / "dev"), number(block / "size")
    if not device or size < 0 or (block / "partition").exists():
        return None
    folders = [entry for entry in entries(block) if (entry / "partition").exists()]
    return Disk(
        name=block.name,
        number=device,
        size=size * SECTOR,
        sector=max(SECTOR, number(block / "queue" / "logical_block_size")),
        sequence=max(0, number(block / "diskseq")),
        parts=tuple(_span(folder) for folder in folders),
        opened=any(_unlocked(folder / "holders") for folder in (block, *folders)),
    )


def volumes(nodes: Path, disk: Disk) -> tuple[Volume, ...]:
    """What is on a disk; one unreadable volume if that could not be found out.

    ``nodes`` is the folder of device files.
    """
    if disk.size == 0:
        return ()
    try:
        with open_disk(nodes / disk.name, disk.number) as descriptor:
            return probe(descriptor, disk.parts, disk.sector)
    except (OSError, ProbeError):
        return (Volume(offset=0, size=disk.size, kind=VolumeKind.UNREADABLE),)


@contextlib.contextmanager
def open_disk(node: Path, number: str) -> Iterator[int]:
    """A disk open for reading, proven to be the one of that number. Raises OSError."""
    descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        device = found.st_rdev
        if not stat.S_ISBLK(found.st_mode) or f"{os.major(device)}:{os.minor(device)}" != number:
            raise OSError(f"{node} is not the disk {number}")
        yield descriptor
    finally:
        os.close(descriptor)


def _span(part: Path) -> Span:
    return Span(max(0, number(part / "start")) * SECTOR, max(0, number(part / "size")) * SECTOR)


def _unlocked(holders: Path) -> bool:
    return any(text(one / "dm" / "uuid").startswith("CRYPT-") for one in entries(holders))

"""Make an encrypted stick (LUKS 2) of one that was given up. Everything on it is lost.

    hold      the agent leaves the stick alone while this process lives, whatever it is judged to be
    switch on if the agent had switched it off; its disk comes behind the closed gate
    wipe      every signature, the first and the last megabyte, the kernel's view of its parts
    format    a LUKS 2 header over the whole disk, with room in memory for an old laptop to open it
    fill      optional: the whole stick is written over through the encryption
    mkfs      exFAT inside: everybody who opens the stick may write to it
    look      our own probe has to call the whole device encrypted
    let go    udev speaks of it, and the agent judges it anew

If it is cut off in between, a stick without anything on it is left, which counts as unknown. The
disk is recognised by the kernel's number of its medium before every step, so that a stick that was
changed meanwhile is not wiped.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from enforcement import durable, usb_tree
from enforcement.base import EnforcementError, Reason
from enforcement.usb_gate import Gate

if sys.platform == "linux":
    from enforcement.encrypt_usb_linux import (
        disk_size,
        fill,
        forget_parts,
        in_use,
        luks_format,
        make_file_system,
        opened,
        wipe_signatures,
    )
else:
    raise ImportError(f"no way to encrypt a stick on {sys.platform}")

EDGE = 1024 * 1024
"""Bytes wiped at both ends: tables of parts, and the copies that some keep at the end."""
PATIENCE = 15.0
"""Seconds a stick may take to come after it was switched on."""
_PAUSE = 0.1
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stick:
    """The stick that was shown to the person: its device, its one disk and the medium in it."""

    device: str
    disk: str
    sequence: int


def bring_on(sysfs: Path, gate: Gate, device: str) -> None:
    """Switch a blocked device on and wait for its disk. Raises EnforcementError, OSError."""
    with durable.held(usb_tree.open_device(sysfs, device)) as opened_device:
        if not usb_tree.switched_on(opened_device):
            usb_tree.switch_on(sysfs, opened_device)
            gate.forget_blocked(device)
        end = time.monotonic() + PATIENCE
        while not usb_tree.blocks(sysfs, opened_device):
            if time.monotonic() >= end:
                raise EnforcementError(Reason.NOT_CONFIRMED, "the stick did not come on")
            time.sleep(_PAUSE)


def encrypt(
    sysfs: Path, stick: Stick, passphrase: bytes, label: str, *, whole: bool, say: Progress
) -> None:
    """Do all of it but holding and letting go. Raises EnforcementError, OSError."""
    node = Path("/dev") / stick.disk
    confirm(sysfs, stick)
    say("wiping what tells what was on it")
    wipe(node)
    confirm(sysfs, stick)
    say("making it a LUKS 2 stick")
    luks_format(node, passphrase, label)
    with opened(node, passphrase) as inside:
        if whole:
            say("writing over all of it; this takes as long as filling the stick")
            fill(inside, say)
        say("making an exFAT volume in it")
        make_file_system(inside, label)
    confirm(sysfs, stick)


def confirm(sysfs: Path, stick: Stick) -> None:
    """Raises EnforcementError: ``changed`` for another medium, ``in-use`` for one that is used."""
    with durable.held(usb_tree.open_device(sysfs, stick.device)) as device:
        if usb_tree.media(sysfs, device) != {stick.disk: stick.sequence}:
            raise EnforcementError(Reason.CHANGED, "another stick, or one with several disks")
        if in_use(usb_tree.blocks(sysfs, device)):
            raise EnforcementError(Reason.IN_USE, "something on it is mounted or unlocked")


def wipe(node: Path) -> None:
    """Take away every mark of what was there. Raises EnforcementError, OSError."""
    wipe_signatures(node)
    with durable.held(os.open(node, os.O_RDWR | os.O_CLOEXEC)) as disk:
        wipe_edges(disk)
        forget_parts(disk)


def wipe_edges(disk: int) -> None:
    """Zeros over the first and the last megabyte: a FAT volume mounts without its signature too."""
    size = disk_size(disk)
    for at in (0, max(0, size - EDGE)):
        os.pwrite(disk, bytes(min(EDGE, size - at)), at)
    os.fsync(disk)

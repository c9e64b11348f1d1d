"""Make an encrypted stick (LUKS 2) of one that was given up. Everything on it is lost.

    hold      the agent leaves the stick alone while this process lives, whatever it is judged to be
    switch on if the agent had switched it off; its disk comes behind the closed gate
    claim     the disk, as its only user, from before the person is asked (``held_disk_linux``)
    wipe      the first and last megabyte of it and of each volume, and the kernel's view of parts
    format    a LUKS 2 header over the whole disk, with room in memory for an old laptop to open it
    fill      optional: the whole stick is written over through the encryption
    mkfs      exFAT inside: everybody who opens the stick may write to it
    look      our own probe has to call the whole device encrypted
    let go    udev speaks of it, and the agent judges it anew

If it is cut off in between, the error is ``Wiped``: a stick without anything on it is left, which
counts as unknown, and as encrypted once it has its header. The disk is recognised by the kernel's
number of its medium before every step, so that a stick that was changed meanwhile is not wiped.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from enforcement import durable, usb_tree
from enforcement.base import EnforcementError, Reason
from enforcement.usb_gate import Gate

if sys.platform == "linux":
    from enforcement.encrypt_usb_linux import fill, luks_format, make_file_system, opened
    from enforcement.held_disk_linux import HeldDisk  # claimed: for who gives the order
else:
    raise ImportError(f"no way to encrypt a stick on {sys.platform}")

EDGE = 1024 * 1024
"""Bytes wiped at both ends: what tells what is there, and the copies that some keep at the end."""
PATIENCE = 15.0
"""Seconds a stick may take to come after it was switched on."""
_PAUSE = 0.1
Progress = Callable[[str], None]
Stopped = Callable[[], bool]
Span = tuple[int, int]
"""Where a volume begins and how long it is, in bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stick:
    """The stick that was shown to the person: its device, its one disk and the medium in it."""

    device: str
    disk: str
    sequence: int


class Wiped(EnforcementError):
    """What was on the stick is gone, and it cannot be used yet."""


def bring_on(sysfs: Path, gate: Gate, device: str) -> None:
    """Switch a device on that the agent blocked, and wait for its disk. EnforcementError, OSError.

    What an administrator or another product switched off stays off.
    """
    with durable.held(usb_tree.open_device(sysfs, device)) as opened_device:
        usb_tree.storage_interfaces(opened_device)
        if not usb_tree.switched_on(opened_device):
            if (device, usb_tree.place(opened_device)) not in gate.blocked():
                note = "it was switched off, and not by the agent; whoever did that has to undo it"
                raise EnforcementError(Reason.REFUSED, note)
            usb_tree.switch_on(sysfs, opened_device)
            gate.forget_blocked(device)
        _wait_for_disk(sysfs, opened_device)


def blocked_serials(sysfs: Path, gate: Gate) -> frozenset[str]:
    """The serial numbers of what the agent has switched off and is still there; "" for none."""
    found = set()
    for name, place in gate.blocked():
        with suppress(EnforcementError, OSError):
            with durable.held(usb_tree.open_device(sysfs, name)) as device:
                if usb_tree.place(device) == place:
                    found.add(_serial(device))
    return frozenset(found)


def confirm(sysfs: Path, stick: Stick) -> None:
    """Raises EnforcementError (``changed``) if the device has another medium or more. OSError."""
    with durable.held(usb_tree.open_device(sysfs, stick.device)) as device:
        if usb_tree.media(sysfs, device) != {stick.disk: stick.sequence}:
            raise EnforcementError(Reason.CHANGED, "another stick, or one with several disks")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What the stick is to become. ``whole``: write over all of it."""

    passphrase: bytes
    label: str
    whole: bool


def encrypt(
    disk: HeldDisk, volumes: Sequence[Span], order: Order, say: Progress, stopped: Stopped
) -> None:
    """From the wipe to the file system. Raises Wiped, EnforcementError, OSError."""

    def go_on() -> None:
        if stopped():
            raise EnforcementError(Reason.INTERRUPTED, "it was told to stop")

    go_on()
    disk.confirm()
    with _lost():
        say("wiping what tells what was on it")
        wipe(disk, volumes)
        go_on()
        say("making it a LUKS 2 stick")
        with disk.lent() as node:
            luks_format(node, order.passphrase, order.label)
        go_on()
        with disk.lent() as node, opened(node, order.passphrase) as inside:
            _furnish(inside, order, say, go_on)


def wipe(disk: HeldDisk, volumes: Sequence[Span]) -> None:
    """Take away every mark of what was there. Raises EnforcementError, OSError.

    A volume that begins later would be found there again by whoever writes the same table.
    """
    size = disk.size()
    for at, length in ((0, size), *volumes):
        end = min(at + length, size)
        for start in (at, max(at, end - EDGE)):
            disk.write_zeros(start, max(0, min(EDGE, end - start)))
    disk.flush()
    disk.forget_parts()


def _furnish(inside: Path, order: Order, say: Progress, go_on: Callable[[], None]) -> None:
    if order.whole:
        say("writing over all of it; this takes as long as filling the stick")
        fill(inside, say, go_on)
    go_on()
    say("making an exFAT volume in it")
    make_file_system(inside, order.label)


def _serial(device: int) -> str:
    try:
        return usb_tree.attribute(device, "serial")
    except (EnforcementError, OSError):
        return ""


@contextmanager
def _lost() -> Iterator[None]:
    """What goes wrong from here on leaves a stick with nothing on it."""
    try:
        yield
    except EnforcementError as error:
        raise Wiped(error.reason, error.note) from error
    except OSError as error:
        raise Wiped(Reason.REFUSED, error.strerror or str(error)) from error


def _wait_for_disk(sysfs: Path, device: int) -> None:
    end = time.monotonic() + PATIENCE
    while not usb_tree.blocks(sysfs, device):
        if time.monotonic() >= end:
            raise EnforcementError(Reason.NOT_CONFIRMED, "the stick did not come on")
        time.sleep(_PAUSE)

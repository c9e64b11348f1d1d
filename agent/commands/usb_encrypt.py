"""``dossierwacht usb encrypt DEVICE``: an encrypted stick out of one that was given up.

For IT, as root. Shows what will be lost, asks for the stick's name to be typed, then for a
passphrase twice. A stick that the agent has blocked is switched on for it, behind the closed gate.
"""

import argparse
import getpass
import os
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent import config
from agent.errors import AgentError
from agent.passphrases import fault
from collectors import usb as usb_here
from collectors.base import utc_now
from collectors.media.verdict import Verdict
from collectors.usb import Tree, UsbStorageAttached, judged
from collectors.usb_device import UsbDevice, size_band
from enforcement import encrypt_usb, usb_release
from enforcement.base import EnforcementError
from enforcement.encrypt_usb import Stick
from enforcement.encrypt_usb_linux import is_read_only, missing_tools
from enforcement.usb_gate import Gate

SYSFS = Path("/sys")
LABEL = "VERSLEUTELD"
LONGEST_LABEL = 11
LABEL_SECONDS = 3.0
_ATTEMPTS = 3


class NotEncrypted(AgentError):
    """The stick was not encrypted; the message says why, and what became of it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``usb encrypt``."""
    parser.add_argument("device", metavar="DEVICE", help="such as sda or 1-2, see `usb list`")
    parser.add_argument("--label", default=LABEL, help="the volume's name, 11 letters at most")
    parser.add_argument(
        "--overwrite", action="store_true", help="write over all of it, so that nothing remains"
    )
    parser.add_argument(
        "--passphrase-file", metavar="FILE", help="read it there (- is the standard input)"
    )
    parser.add_argument(
        "--lose", metavar="NAME", help="the stick's name, in the place of typing it"
    )


def main(arguments: argparse.Namespace) -> int:
    """Make it so; 0 when the probe has called the stick encrypted, 1 otherwise."""
    _check_place(arguments.label)
    gate = config.gate_for(arguments.state)
    name = _usb_name(arguments.device)
    try:
        with _held(gate, name):
            encrypt_usb.bring_on(SYSFS, gate, name)
            tree = usb_here.this_machine()
            _wait_for_label(tree, name)
            return _with(arguments, _judged(tree, name))
    except (EnforcementError, OSError) as error:
        raise NotEncrypted(f"{arguments.device}: {error}") from error


def _with(arguments: argparse.Namespace, seen: UsbStorageAttached) -> int:
    stick, called = _stick(seen.device), name_of(seen.device)
    for line in losses(seen):
        print(line)
    if not arguments.overwrite:
        print("What was on it can perhaps be found again by experts; --overwrite prevents that.")
    if not _agreed(called, arguments.lose):
        print("dossierwacht: nothing was changed: that is not the stick's name", file=sys.stderr)
        return 1
    secret = _passphrase(arguments.passphrase_file, seen.device.model, seen.device.label)
    encrypt_usb.encrypt(
        SYSFS, stick, secret.encode(), arguments.label, whole=arguments.overwrite, say=_say
    )
    found = _judged(usb_here.this_machine(), seen.subject).judgement
    if found.verdict is not Verdict.ENCRYPTED:
        raise NotEncrypted(f"the stick is {found.verdict} ({found.why}); try again, or another one")
    print(f"Done: the stick is encrypted ({found.why}). Pull it out, plug it in, and unlock it.")
    return 0


@contextmanager
def _held(gate: Gate, name: str) -> Iterator[None]:
    """The agent keeps its hands off meanwhile, and judges the stick anew afterwards."""
    gate.hold(name, os.getpid())
    try:
        yield
    finally:
        gate.let_go(name)
        usb_release.look_again(SYSFS)


def losses(seen: UsbStorageAttached) -> list[str]:
    """What will be lost, in lines for a person."""
    device, disk = seen.device, seen.device.disks[0]
    size = size_band(disk.size)
    lines = [f'"{name_of(device)}": {device.model or "unnamed"}, about {size} GB, {disk.name}']
    if device.serial:
        lines.append(f"  serial number {device.serial}")
    for volume in seen.volumes:
        lines.append(f"  {volume.kind}, {volume.size / 10**6:.0f} MB")
    lines.append("Everything on it will be lost.")
    return lines


def name_of(device: UsbDevice) -> str:
    """What the person types: its label if it has one, else its model, else its disk."""
    shown = device.label or device.model
    return shown if shown and shown.isascii() else device.disks[0].name


def _stick(device: UsbDevice) -> Stick:
    """Raises NotEncrypted if this is nothing to encrypt."""
    if len(device.disks) != 1:
        raise NotEncrypted(f"it has {len(device.disks)} disks; only sticks with one are encrypted")
    (disk,) = device.disks
    if disk.size == 0:
        raise NotEncrypted("there is no medium in it")
    if is_read_only(disk.name):
        raise NotEncrypted("it cannot be written to; is there a switch on it?")
    return Stick(device=device.name, disk=disk.name, sequence=disk.sequence)


def _check_place(label: str) -> None:
    """Raises NotEncrypted where it cannot be done at all."""
    if os.geteuid() != 0:
        raise NotEncrypted("only root can do this: sudo dossierwacht usb encrypt ...")
    if missing := missing_tools():
        raise NotEncrypted(f"install first: {', '.join(missing)}")
    if not label.isascii() or not label.isalnum() or len(label) > LONGEST_LABEL:
        raise NotEncrypted(f"a label has up to {LONGEST_LABEL} letters and digits")


def _usb_name(given: str) -> str:
    """The USB device of a disk, or the name itself. Raises NotEncrypted."""
    disk = given.removeprefix("/dev/")
    for device in usb_here.this_machine().devices().values():
        if disk in (device.name, *(one.name for one in device.disks)):
            return device.name
    if (SYSFS / "bus/usb/devices" / disk).exists() and "/" not in disk and ":" not in disk:
        return disk
    raise NotEncrypted(f"{given} is no whole disk of a USB device; see `dossierwacht usb list`")


def _judged(tree: Tree, name: str) -> UsbStorageAttached:
    device = tree.devices().get(name)
    if device is None:
        raise NotEncrypted(f"{name} is not there any more")
    return judged(tree, device, utc_now())


def _wait_for_label(tree: Tree, name: str) -> None:
    """A stick that was switched on has its disk at once, and its label when udev has read it."""
    end = time.monotonic() + LABEL_SECONDS
    while time.monotonic() < end:
        device = tree.devices().get(name)
        if device is None or device.label:
            return
        time.sleep(0.2)


def _agreed(called: str, given: str | None) -> bool:
    if given is None:
        given = input(f'To go on, type the name of the stick, "{called}": ')
    return unicodedata.normalize("NFC", given.strip()) == called


def _passphrase(file: str | None, *known: str) -> str:
    """A passphrase that will do. Raises NotEncrypted."""
    if file is not None:
        given = sys.stdin.readline() if file == "-" else Path(file).read_text("utf-8")
        given = given.splitlines()[0] if given else ""
        if why := fault(given, *known):
            raise NotEncrypted(f"nothing was changed: the passphrase will not do: {why}")
        return given
    for _ in range(_ATTEMPTS):
        given = getpass.getpass("Passphrase: ")
        why = fault(given, *known)
        if why is None and getpass.getpass("Once more: ") != given:
            why = "the two are not alike"
        if why is None:
            return given
        print(f"dossierwacht: {why}", file=sys.stderr)
    raise NotEncrypted("nothing was changed: no passphrase that will do")


def _say(text: str) -> None:
    print(f"  {text}", flush=True)

"""``dossierwacht usb encrypt DEVICE``: an encrypted stick out of one that was given up.

For IT, as root. Shows what will be lost, asks for the stick's name to be typed, then for a
passphrase twice. A stick that the agent has blocked is switched on for it, behind the closed gate.
Its disk is claimed before anything is asked, so that what is wiped is what was shown.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agent import config
from agent.commands.stick_questions import (
    UNCHANGED,
    NotEncrypted,
    agreed,
    losses,
    own_name,
    passphrase,
    word_for,
)
from agent.commands.stop_signals import StopSignals
from collectors import usb as usb_here
from collectors.base import utc_now
from collectors.media.verdict import Verdict
from collectors.usb import Tree, UsbStorageAttached, judged
from collectors.usb_device import UsbDevice, clean
from enforcement import encrypt_usb, usb_release, usb_tree
from enforcement.base import EnforcementError
from enforcement.encrypt_usb import Order, Span, Stick, Wiped
from enforcement.encrypt_usb_linux import missing_tools
from enforcement.held_disk_linux import claimed
from enforcement.usb_gate import Gate

SYSFS = Path("/sys")
LABEL = "VERSLEUTELD"
LONGEST_LABEL = 11
LABEL_SECONDS = 3.0


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
        "--lose", metavar="NAME", help="the stick's name (or serial number), instead of typing it"
    )


def main(arguments: argparse.Namespace) -> int:
    """Make it so; 0 when the probe has called the stick encrypted, 1 otherwise."""
    _check_place(arguments.label)
    gate = config.gate_for(arguments.state)
    name = _usb_name(arguments.device)
    tree = usb_here.this_machine()
    with StopSignals() as signals, _held(gate, name):
        with _told(arguments.device):
            encrypt_usb.bring_on(SYSFS, gate, name)
            _wait_for_label(tree, name)
            _make(arguments, tree, gate, _device(tree, name), signals)
        return _looked_at(tree, name)


def _make(
    arguments: argparse.Namespace, tree: Tree, gate: Gate, device: UsbDevice, signals: StopSignals
) -> None:
    stick = _stick(device)
    with claimed(Path("/dev") / stick.disk, stick.sequence) as disk:
        seen = judged(tree, device, utc_now())
        order = _order(arguments, seen, _mistakable(tree, gate, device))
        signals.only_remember()
        encrypt_usb.confirm(SYSFS, stick)
        encrypt_usb.encrypt(disk, _spans(seen), order, _say, signals.came)


def _order(
    arguments: argparse.Namespace, seen: UsbStorageAttached, mistakable: frozenset[str]
) -> Order:
    """What the person wants, who has seen what it costs. Raises NotEncrypted."""
    device, word = seen.device, word_for(seen.device, mistakable)
    print("\n".join(losses(seen)), flush=True)
    if not arguments.overwrite:
        print("What was on it can perhaps be found again by experts; --overwrite prevents that.")
    if not agreed(word, arguments.lose):
        raise NotEncrypted(f"{UNCHANGED}: that is not what was asked for: {word.question}")
    secret = passphrase(arguments.passphrase_file, device.model, device.label, device.serial)
    return Order(passphrase=secret.encode(), label=arguments.label, whole=arguments.overwrite)


def _looked_at(tree: Tree, name: str) -> int:
    found = judged(tree, _device(tree, name), utc_now()).judgement
    if found.verdict is not Verdict.ENCRYPTED:
        raise NotEncrypted(f"the stick is {found.verdict} ({found.why}); try again, or another one")
    print(f"Done: the stick is encrypted ({found.why}). Pull it out, plug it in, and unlock it.")
    return 0


@contextmanager
def _held(gate: Gate, name: str) -> Iterator[None]:
    """The agent keeps its hands off meanwhile, and judges the stick anew afterwards."""
    if not gate.hold(name, os.getpid()):
        raise NotEncrypted(f"{UNCHANGED}: another `usb encrypt` is at work on {name}")
    try:
        yield
    finally:
        gate.let_go(name)
        usb_release.look_again(SYSFS)


@contextmanager
def _told(device: str) -> Iterator[None]:
    """Every failure says in which state it leaves the stick."""
    try:
        yield
    except Wiped as error:
        state = "it was wiped: nothing is on it, and it cannot be used yet; run this again"
        raise NotEncrypted(f"{device}: {error}; {state}") from error
    except (EnforcementError, OSError) as error:
        raise NotEncrypted(f"{device}: {UNCHANGED}: {error}") from error


def _mistakable(tree: Tree, gate: Gate, device: UsbDevice) -> frozenset[str]:
    """The serial numbers of other sticks that the name could mean.

    What is switched off cannot be asked its label, and so could have the same.
    """
    others = [one for one in tree.devices().values() if one.name != device.name]
    alike = {one.serial for one in others if own_name(one) == own_name(device)}
    return frozenset(alike | {clean(one) for one in encrypt_usb.blocked_serials(SYSFS, gate)})


def _spans(seen: UsbStorageAttached) -> list[Span]:
    """Where volumes begin, by our own reading and by the kernel's."""
    (disk,) = seen.device.disks
    ours = [(volume.offset, volume.size) for volume in seen.volumes]
    return ours + [(part.offset, part.size) for part in disk.parts]


def _stick(device: UsbDevice) -> Stick:
    """Raises NotEncrypted if this is nothing to encrypt."""
    if len(device.disks) != 1:
        raise NotEncrypted(f"it has {len(device.disks)} disks; only sticks with one are encrypted")
    (disk,) = device.disks
    if disk.size == 0:
        raise NotEncrypted("there is no medium in it")
    return Stick(device=device.name, disk=disk.name, sequence=disk.sequence)


def _check_place(label: str) -> None:
    """Raises NotEncrypted where it cannot be done at all."""
    if os.geteuid() != 0:
        raise NotEncrypted("only root can do this: sudo dossierwacht usb encrypt ...")
    if missing := missing_tools():
        raise NotEncrypted(f"install first: {', '.join(missing)}")
    if not label.isascii() or not label.isalnum() or len(label) > LONGEST_LABEL:
        raise NotEncrypted(f"a label has up to {LONGEST_LABEL} letters and digits")


def _usb_name(given: str, sysfs: Path = SYSFS) -> str:
    """The USB device of a disk, or the name itself if there is one. Raises NotEncrypted."""
    for device in usb_here.this_machine().devices().values():
        if given.removeprefix("/dev/") in (disk.name for disk in device.disks):
            return device.name
    if given in usb_tree.names(sysfs):
        return given
    raise NotEncrypted(f"{given} is no whole disk of a USB device; see `dossierwacht usb list`")


def _device(tree: Tree, name: str) -> UsbDevice:
    device = tree.devices().get(name)
    if device is None:
        raise NotEncrypted(f"{name} is not there any more")
    return device


def _wait_for_label(tree: Tree, name: str) -> None:
    """A stick that was switched on has its disk at once, and its label when udev has read it."""
    end = time.monotonic() + LABEL_SECONDS
    while time.monotonic() < end:
        device = tree.devices().get(name)
        if device is None or device.label:
            return
        time.sleep(0.2)


def _say(text: str) -> None:
    """A terminal that was closed is no reason to stop half-way."""
    with suppress(OSError):
        print(f"  {text}", flush=True)

"""Switch a USB storage device off, after what is mounted from it was put away.

The subject is the device's name in the kernel's tree (``1-2.3``); the proof is ``busnum``,
``devnum``, ``vendor`` and ``product``, so that another device in the same port stays on. Pulling
the plug on a mounted volume loses what was not yet written, so volumes are unmounted and unlocked
ones closed first. One that stays busy is detached by force after everything was written out: the
person must not be able to keep a stick usable by keeping a file open.

Its media lose their pass first (``usb_gate``), so that nothing is mounted anew meanwhile. A hub, a
keyboard or a security key is never switched off; of a stick that is also one of the last two only
the storage is.
"""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from enforcement import durable, usb_tree
from enforcement.base import (
    Attempt,
    EnforcementError,
    KeepsNothing,
    Outcome,
    Reason,
    Result,
    Settings,
)
from enforcement.reasons import told

if sys.platform == "linux":
    from enforcement.block_usb_linux import put_away
else:

    def put_away(names: Sequence[str]) -> str:
        raise EnforcementError(Reason.UNSUPPORTED, f"no way to block USB on {sys.platform}")


PATIENCE = 5.0
"""Seconds the kernel may take to remove a device's disks; it took well under one."""
_PAUSE = 0.05


def make(settings: Settings) -> "BlockUsb":
    """Build the action."""
    return BlockUsb(settings)


class BlockUsb(KeepsNothing):
    """Deauthorises one USB storage device."""

    name = "block-usb"

    def __init__(self, settings: Settings, *, patience: float = PATIENCE) -> None:
        self._sysfs = settings.sysfs
        self._gate = settings.gate
        self._patience = patience

    def apply(self, attempt: Attempt) -> Outcome:
        """Block the device ``subject``, if it is still the one in ``proof``."""
        with told(), durable.held(usb_tree.open_device(self._sysfs, attempt.subject)) as device:
            usb_tree.confirm(device, attempt.proof)
            usb_tree.storage_interfaces(device)
            found = usb_tree.blocks(self._sysfs, device)
            if not usb_tree.switched_on(device) and not found:
                return Outcome(result=Result.ALREADY)
            if self._gate.is_held(attempt.subject):
                raise EnforcementError(Reason.IN_USE, "it is being encrypted")
            self._shut_out(device)
            note = put_away(found)
            usb_tree.switch_off(device)
            self._wait(device)
            self._gate.note_blocked(attempt.subject, usb_tree.place(device))
        return Outcome(result=Result.DONE, note=note)

    def _shut_out(self, device: int) -> None:
        """A kernel that does not number its media never gave one a pass."""
        with suppress(EnforcementError):
            self._gate.shut_out(usb_tree.media(self._sysfs, device).values())

    def _wait(self, device: int) -> None:
        end = time.monotonic() + self._patience
        while usb_tree.switched_on(device) or usb_tree.blocks(self._sysfs, device):
            if time.monotonic() >= end:
                note = f"it was switched off, but its disks stay after {self._patience:g} seconds"
                raise EnforcementError(Reason.NOT_CONFIRMED, note)
            time.sleep(_PAUSE)

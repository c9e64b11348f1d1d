"""Let the desktop have a USB storage device: give its media a pass and have udev look again.

The subject and the first part of the proof are those of ``block_usb``; ``media`` in the proof names
the media that were judged, by the kernel's sequence numbers, so that a card changed after the
verdict gets nothing. An encrypted medium may be unlocked and no more. ``read-only`` sets every disk
and part to read-only before it is handed out; the kernel holds to that until the stick is pulled.

A device that the agent had switched off is switched on; its disks come anew and are judged anew.
"""

import sys
from collections.abc import Sequence

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
from enforcement.usb_gate import Pass

if sys.platform == "linux":
    from enforcement.allow_usb_linux import set_read_only
else:

    def set_read_only(names: Sequence[str]) -> None:
        raise EnforcementError(Reason.UNSUPPORTED, f"no way to do so on {sys.platform}")


def make(settings: Settings) -> "AllowUsb":
    """Build the action."""
    return AllowUsb(settings)


class AllowUsb(KeepsNothing):
    """Gives the media of one device a pass."""

    name = "allow-usb"
    read_only = False

    def __init__(self, settings: Settings) -> None:
        self._sysfs = settings.sysfs
        self._gate = settings.gate

    def apply(self, attempt: Attempt) -> Outcome:
        """Let in the device ``subject``, if it is still the one in ``proof``."""
        with told(), durable.held(usb_tree.open_device(self._sysfs, attempt.subject)) as device:
            usb_tree.confirm(device, attempt.proof)
            if not usb_tree.switched_on(device):
                usb_tree.switch_on(self._sysfs, device)
                self._gate.forget_blocked(attempt.subject)
                return Outcome(result=Result.DONE, note="switched on; its disks are judged anew")
            media = usb_tree.media(self._sysfs, device)
            usb_tree.confirm_media(media, attempt.proof)
            if self.read_only:
                set_read_only(usb_tree.blocks(self._sysfs, device))
            how = Pass.UNLOCK if attempt.proof.get("encrypted") else Pass.MOUNT
            self._gate.let_in(media.values(), how)
            usb_tree.announce(self._sysfs, device)
        return Outcome(result=Result.DONE)

"""Bringing USB storage before the judge once more: udev speaks of it anew, blocks are undone."""

import logging
from contextlib import suppress
from pathlib import Path

from enforcement import durable, usb_tree
from enforcement.base import EnforcementError
from enforcement.usb_gate import Gate

log = logging.getLogger(__name__)


def look_again(sysfs: Path) -> None:
    """Have udev speak of every USB disk and part that is there."""
    for name in usb_tree.names(sysfs):
        with suppress(EnforcementError, OSError):
            with durable.held(usb_tree.open_device(sysfs, name)) as device:
                usb_tree.announce(sysfs, device)


def release(sysfs: Path, gate: Gate, only: str | None = None) -> None:
    """Switch on what the agent switched off, and nothing that somebody else did. OSError.

    ``only`` names the one device that is meant, where it is not all of them.
    """
    for name, place in gate.blocked():
        if only not in (None, name):
            continue
        try:
            with durable.held(usb_tree.open_device(sysfs, name)) as device:
                if usb_tree.place(device) == place:
                    usb_tree.switch_on(sysfs, device)
        except (EnforcementError, OSError) as error:
            log.info(
                "a device that was switched off is not there any more: %s", type(error).__name__
            )
        gate.forget_blocked(name)

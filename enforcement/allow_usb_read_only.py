"""Let the desktop read a USB storage device and write nothing to it."""

from enforcement.allow_usb import AllowUsb
from enforcement.base import Settings


def make(settings: Settings) -> "AllowUsbReadOnly":
    """Build the action."""
    return AllowUsbReadOnly(settings)


class AllowUsbReadOnly(AllowUsb):
    """As ``allow-usb``, after the kernel was told to refuse every write."""

    name = "allow-usb-read-only"
    read_only = True

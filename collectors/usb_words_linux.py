"""Linux: what a USB device says of itself, in the kernel's words: numbers, names and functions.

All of it is the device's own claim; whoever builds one can claim anything.
"""

from dataclasses import dataclass
from pathlib import Path

from collectors.sysfs_linux import number, text, word
from collectors.usb_device import clean
from collectors.usb_functions import Interface

_HID, _KEYBOARD = "03", "01"
_LETTER_KEYS = 0x3FF << 16
"""The bits of Q to P in an input device's capabilities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Who a device says that it is, and where it is plugged in."""

    busnum: int
    devnum: int
    vendor: int
    product: int
    serial: str
    model: str


def claim(home: Path) -> Claim | None:
    """The words of the device in a directory; None if it is gone or its numbers make no sense."""
    busnum, devnum = number(home / "busnum"), number(home / "devnum")
    vendor, product = word(home / "idVendor"), word(home / "idProduct")
    if busnum < 0 or devnum < 0 or vendor < 0 or product < 0:
        return None
    makers = (clean(text(home / name)) for name in ("manufacturer", "product"))
    return Claim(
        busnum=busnum,
        devnum=devnum,
        vendor=vendor,
        product=product,
        serial=clean(text(home / "serial")),
        model=clean(" ".join(makers)),
    )


def interfaces(home: Path) -> tuple[Interface, ...]:
    """The functions of a device; none while it is switched off."""
    return tuple(_interface(folder) for folder in sorted(home.glob("*:*")))


def poses_as_keyboard(home: Path) -> bool:
    """By its interface's own word, or by the letters its input device can type."""
    for folder in home.glob("*:*"):
        one = _interface(folder)
        if (one.kind, one.protocol) == (_HID, _KEYBOARD):
            return True
        if one.kind == _HID and any(map(_types_letters, folder.glob("**/capabilities/key"))):
            return True
    return False


def _interface(folder: Path) -> Interface:
    return Interface(
        kind=text(folder / "bInterfaceClass").lower(),
        subclass=text(folder / "bInterfaceSubClass").lower(),
        protocol=text(folder / "bInterfaceProtocol").lower(),
        name=text(folder / "interface"),
        whole=(
            text(folder / "iad_bFunctionClass").lower(),
            text(folder / "iad_bFunctionSubClass").lower(),
            text(folder / "iad_bFunctionProtocol").lower(),
        ),
    )


def _types_letters(capabilities: Path) -> bool:
    """The words stand highest first, each 64 bits in hexadecimal."""
    words = text(capabilities).split()
    try:
        return bool(words) and int(words[-1], 16) & _LETTER_KEYS == _LETTER_KEYS
    except ValueError:
        return False

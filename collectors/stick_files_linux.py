"""Linux: which mounts lie on a USB stick, by the kernel's own tables; no name is believed."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from collectors.stick import Stick
from collectors.usb_device import UsbDevice, device_name
from collectors.usb_linux import UsbTree

TABLE = Path("/proc/self/mountinfo")
MOST_FLOORS = 8
_OCTAL = re.compile(r"\\([0-7]{3})")


class Sticks:
    """The running system; the paths are arguments so that a copied tree can stand in."""

    def __init__(self, sysfs: Path = Path("/sys"), table: Path = TABLE) -> None:
        self.sysfs = sysfs
        self.table = table

    def sticks(self) -> list[Stick]:
        """The USB volumes that are mounted now."""
        found = [(place, self._ground(number)) for number, place in self._mounts()]
        on_usb = [(place, *ground) for place, ground in found if ground is not None]
        if not on_usb:
            return []
        devices = UsbTree(self.sysfs).devices()
        return [_stick(place, devices[n], e) for place, n, e in on_usb if n in devices]

    def _mounts(self) -> Iterator[tuple[str, str]]:
        """Device number and place of each mount; of several views of one, the first."""
        seen = set[str]()
        try:
            lines = self.table.read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            return
        for line in lines:
            _, _, number, _, place, *_ = line.split(" ")
            if number not in seen and not number.startswith("0:"):
                seen.add(number)
                yield number, _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), place)

    def _ground(self, number: str) -> tuple[str, bool] | None:
        """The USB device that a volume lies on, and whether encryption lies between."""
        block, encrypted = (self.sysfs / "dev" / "block" / number).resolve(), False
        for _ in range(MOST_FLOORS):
            encrypted = encrypted or _text(block / "dm" / "uuid").startswith("CRYPT-")
            below = _names(block / "slaves")
            if not below:
                name = device_name(str(block))
                return None if name is None else (name, encrypted)
            block = (block / "slaves" / below[0]).resolve()
        return None


def _stick(place: str, device: UsbDevice, encrypted: bool) -> Stick:
    return Stick(
        path=place,
        device=f"{device.vendor:04x}:{device.product:04x}:{device.serial}",
        serial=device.serial,
        model=device.model,
        label=device.label,
        encrypted=encrypted,
        used=_used(place),
    )


def _used(place: str) -> tuple[int, int]:
    try:
        found = os.statvfs(place)
    except OSError:
        return 0, 0
    return found.f_bfree, found.f_ffree


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []

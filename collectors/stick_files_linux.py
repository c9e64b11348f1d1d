"""Linux: which mounts lie on a USB stick, by the kernel's own tables; no name is believed."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from collectors import mountinfo_linux, sysfs_linux
from collectors.mountinfo_linux import TABLE
from collectors.stick import Stick
from collectors.usb_device import UsbDevice, device_name
from collectors.usb_linux import UsbTree

MOST_FLOORS = 8


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
        with suppress(OSError):
            for row in mountinfo_linux.read(self.table):
                if row.device not in seen and not row.device.startswith("0:"):
                    seen.add(row.device)
                    yield row.device, row.path

    def _ground(self, number: str) -> tuple[str, bool] | None:
        """The USB device that a volume lies on, and whether encryption lies between."""
        block, encrypted = (self.sysfs / "dev" / "block" / number).resolve(), False
        for _ in range(MOST_FLOORS):
            encrypted = encrypted or sysfs_linux.text(block / "dm" / "uuid").startswith("CRYPT-")
            below = sysfs_linux.entries(block / "slaves")
            if not below:
                name = device_name(str(block))
                return None if name is None else (name, encrypted)
            block = below[0].resolve()
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

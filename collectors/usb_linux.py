"""Linux: what is attached (sysfs), that something changed (udev) and what is on it (the probe).

A disk belongs to the first directory above it that has an ``idVendor``. A LUKS volume that was
unlocked is found through ``holders``.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from collectors import disk_linux, sysfs_linux
from collectors.base import Stop
from collectors.media.verdict import Volume
from collectors.udev_linux import CONTROL, Udev, properties
from collectors.usb_device import Disk, UsbDevice, clean, device_name
from collectors.usb_words_linux import claim, poses_as_keyboard


class UsbTree:
    """The running system; the paths are arguments so that a copied tree can stand in."""

    def __init__(
        self, sysfs: Path = Path("/sys"), nodes: Path = Path("/dev"), udev: Path = CONTROL
    ) -> None:
        self.sysfs = sysfs
        self.nodes = nodes
        self.udev = Udev("block", "usb", concerns=_is_usb, control=udev)

    def answers(self) -> bool:
        """Whether udev runs and its messages can be heard."""
        return self.udev.answers()

    def devices(self) -> Mapping[str, UsbDevice]:
        """Every USB device that has a disk now, by its name."""
        found: dict[str, list[Disk]] = {}
        homes: dict[str, Path] = {}
        for block in sysfs_linux.entries(self.sysfs / "block"):
            home = sysfs_linux.usb_home(block, self.sysfs)
            disk = disk_linux.disk(block) if home else None
            if home and disk:
                homes[home.name] = home
                found.setdefault(home.name, []).append(disk)
        pairs = ((name, self._device(homes[name], disks)) for name, disks in found.items())
        return {name: device for name, device in pairs if device is not None}

    def present(self, device: UsbDevice) -> bool:
        """Whether the very same device is still plugged in, blocked or not."""
        home = self.sysfs / "bus" / "usb" / "devices" / device.name
        place = (sysfs_linux.number(home / "busnum"), sysfs_linux.number(home / "devnum"))
        return place == (device.busnum, device.devnum)

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        """What is on a disk; one unreadable volume if that could not be found out."""
        return disk_linux.volumes(self.nodes, disk)

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        """Wait up to ``most`` seconds for a change, then for ``settle`` quiet ones.

        The names of the devices touched; all of them if messages were lost.
        """
        touched = self.udev.wait(stop, settle, most)
        if touched is None:
            return frozenset(self.devices())
        return frozenset(name for place in touched if (name := device_name(place)))

    def boot(self) -> str:
        """The kernel's name of this boot; empty if it does not say."""
        return sysfs_linux.boot()

    def _device(self, home: Path, disks: list[Disk]) -> UsbDevice | None:
        told = claim(home)
        if told is None:
            return None
        return UsbDevice(
            name=home.name,
            busnum=told.busnum,
            devnum=told.devnum,
            vendor=told.vendor,
            product=told.product,
            serial=told.serial,
            model=told.model,
            label=self._label(disks),
            keyboard=poses_as_keyboard(home),
            disks=tuple(sorted(disks, key=lambda disk: disk.name)),
        )

    def _label(self, disks: list[Disk]) -> str:
        """The names udev read from the volumes; a convenience for people, never evidence."""
        if not self.udev.control.exists():
            return ""
        labels = (label for disk in disks for label in _labels(self.sysfs / "block" / disk.name))
        return clean(", ".join(labels))


def _is_usb(place: str) -> bool:
    return device_name(place) is not None


def _labels(block: Path) -> Iterator[str]:
    for folder in (block, *sorted(block.glob(f"{block.name}*"))):
        if label := properties(folder).get("ID_FS_LABEL"):
            yield label

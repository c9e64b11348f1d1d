"""Linux: what is attached (sysfs), that something changed (udev) and what is on it (the probe).

What is there is read from sysfs, which is always true; udev only tells that it is time to look
again, and that it has finished with a device. A disk belongs to the first directory above it that
has an ``idVendor``. A LUKS volume that was unlocked is found through ``holders``.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyudev

from collectors.base import Stop
from collectors.media.probe import ProbeError, probe
from collectors.media.tables import Span
from collectors.media.verdict import Volume, VolumeKind
from collectors.udev_linux import CONTROL, Ear
from collectors.usb_device import Disk, UsbDevice, clean, device_name

SECTOR = 512
"""Bytes: sysfs counts in these whatever the disk's own unit is."""
_KEYBOARD_INTERFACE = ("03", "01")
_LETTER_KEYS = 0x3FF << 16
"""The bits of Q to P in an input device's capabilities."""


class UsbTree:
    """The running system; the paths are arguments so that a copied tree can stand in."""

    def __init__(
        self,
        sysfs: Path = Path("/sys"),
        nodes: Path = Path("/dev"),
        udev: Path = CONTROL,
    ) -> None:
        self.sysfs = sysfs
        self.nodes = nodes
        self.udev = udev
        self._ear = Ear(("block", "usb"), udev)

    def answers(self) -> bool:
        """Whether udev runs and its messages can be heard."""
        return self._ear.hears()

    def devices(self) -> Mapping[str, UsbDevice]:
        """Every USB device that has a disk now, by its name."""
        found: dict[str, list[Disk]] = {}
        homes: dict[str, Path] = {}
        for block in _entries(self.sysfs / "block"):
            home = _usb_home(block, self.sysfs)
            disk = _disk(block) if home else None
            if home and disk:
                homes[home.name] = home
                found.setdefault(home.name, []).append(disk)
        pairs = ((name, self._device(homes[name], disks)) for name, disks in found.items())
        return {name: device for name, device in pairs if device is not None}

    def present(self, device: UsbDevice) -> bool:
        """Whether the very same device is still plugged in, blocked or not."""
        home = self.sysfs / "bus" / "usb" / "devices" / device.name
        place = (_number(home / "busnum"), _number(home / "devnum"))
        return place == (device.busnum, device.devnum)

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        """What is on a disk; one unreadable volume if that could not be found out."""
        if disk.size == 0:
            return ()
        try:
            with open_disk(self.nodes / disk.name, disk.number) as descriptor:
                return probe(descriptor, disk.parts, disk.sector)
        except (OSError, ProbeError):
            return (Volume(offset=0, size=disk.size, kind=VolumeKind.UNREADABLE),)

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        """Wait up to ``most`` seconds for a change, then for ``settle`` quiet ones.

        The names of the devices touched; all of them if messages were lost.
        """
        paths = self._ear.wait(stop, settle, most)
        if paths is None:
            return frozenset(self.devices())
        return frozenset(name for path in paths if (name := device_name(path)))

    def boot(self) -> str:
        """The kernel's name of this boot; empty if it does not say."""
        return _text(Path("/proc/sys/kernel/random/boot_id"))

    def _device(self, home: Path, disks: list[Disk]) -> UsbDevice | None:
        busnum, devnum = _number(home / "busnum"), _number(home / "devnum")
        vendor, product = _hex(home / "idVendor"), _hex(home / "idProduct")
        if busnum < 0 or devnum < 0 or vendor < 0 or product < 0:
            return None
        makers = (clean(_text(home / name)) for name in ("manufacturer", "product"))
        return UsbDevice(
            name=home.name,
            busnum=busnum,
            devnum=devnum,
            vendor=vendor,
            product=product,
            serial=clean(_text(home / "serial")),
            model=clean(" ".join(makers)),
            label=self._label(disks),
            keyboard=_poses_as_keyboard(home),
            disks=tuple(sorted(disks, key=lambda disk: disk.name)),
        )

    def _label(self, disks: list[Disk]) -> str:
        """The names udev read from the volumes; a convenience for people, never evidence."""
        if not self.udev.exists():
            return ""
        labels = (label for disk in disks for label in _labels(self.sysfs, disk.name))
        return clean(", ".join(labels))


@contextlib.contextmanager
def open_disk(node: Path, number: str) -> Iterator[int]:
    """A disk open for reading, proven to be the one of that number. Raises OSError."""
    descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        device = found.st_rdev
        if not stat.S_ISBLK(found.st_mode) or f"{os.major(device)}:{os.minor(device)}" != number:
            raise OSError(f"{node} is not the disk {number}")
        yield descriptor
    finally:
        os.close(descriptor)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _usb_home(block: Path, sysfs: Path) -> Path | None:
    """The directory of the USB device a disk hangs on; None if it hangs on something else."""
    real = block.resolve()
    top = sysfs.resolve()
    for parent in real.parents:
        if parent == top:
            return None
        if (parent / "idVendor").exists():
            return parent
    return None


def _disk(block: Path) -> Disk | None:
    number, size = _text(block / "dev"), _number(block / "size")
    if not number or size < 0 or (block / "partition").exists():
        return None
    folders = [entry for entry in _entries(block) if (entry / "partition").exists()]
    return Disk(
        name=block.name,
        number=number,
        size=size * SECTOR,
        sector=max(SECTOR, _number(block / "queue" / "logical_block_size")),
        sequence=max(0, _number(block / "diskseq")),
        parts=tuple(_span(folder) for folder in folders),
        opened=any(_unlocked(folder / "holders") for folder in (block, *folders)),
    )


def _span(part: Path) -> Span:
    return Span(max(0, _number(part / "start")) * SECTOR, max(0, _number(part / "size")) * SECTOR)


def _unlocked(holders: Path) -> bool:
    return any(_text(one / "dm" / "uuid").startswith("CRYPT-") for one in _entries(holders))


def _poses_as_keyboard(home: Path) -> bool:
    """By its interface's own word, or by the letters its input device can type."""
    for interface in home.glob("*:*"):
        kind = (_text(interface / "bInterfaceClass"), _text(interface / "bInterfaceProtocol"))
        if kind == _KEYBOARD_INTERFACE:
            return True
        if kind[0] == "03" and any(map(_types_letters, interface.glob("**/capabilities/key"))):
            return True
    return False


def _types_letters(capabilities: Path) -> bool:
    """The words stand highest first, each 64 bits in hexadecimal."""
    words = _text(capabilities).split()
    try:
        return bool(words) and int(words[-1], 16) & _LETTER_KEYS == _LETTER_KEYS
    except ValueError:
        return False


def _labels(sysfs: Path, disk: str) -> Iterator[str]:
    context = pyudev.Context()
    for folder in (sysfs / "block" / disk, *sorted((sysfs / "block" / disk).glob(f"{disk}*"))):
        with contextlib.suppress(pyudev.DeviceNotFoundError, OSError, UnicodeDecodeError):
            device = pyudev.Devices.from_path(context, str(folder.resolve()))
            if label := device.properties.get("ID_FS_LABEL"):
                yield str(label)


def _text(file: Path) -> str:
    """An attribute's text, bytes that are no UTF-8 replaced; empty if there is none."""
    try:
        return file.read_bytes().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _number(file: Path) -> int:
    text = _text(file)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _hex(file: Path) -> int:
    text = _text(file)
    return int(text, 16) if len(text) == 4 and all(c in "0123456789abcdef" for c in text) else -1

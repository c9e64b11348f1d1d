"""Linux: what is plugged in besides USB storage, from sysfs alone; udev only says when to look.

    bus/usb/devices/1-2            a telephone, a network adapter, a dock
    block/mmcblk0                  a memory card, below a reader of the laptop's own
    block/nvme1n1                  storage on PCI that can be pulled out, so on Thunderbolt or USB4
    bus/thunderbolt/devices/0-1    a device, or another computer, on Thunderbolt or USB4

The kernel marks PCI devices that can be pulled out (Linux 5.14). Controllers that lie on a card of
their own, with the devices behind the same PCI bridge, are found by that bridge.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from collectors import disk_linux, sysfs_linux
from collectors.base import Stop
from collectors.media.verdict import Volume
from collectors.port_device import PortDevice, What
from collectors.ports_usb_linux import on_usb
from collectors.sysfs_linux import above, entries, sequence, text, usb_home, word
from collectors.udev_linux import CONTROL, Udev
from collectors.usb_device import Disk, clean

_PCI = re.compile(r"\A[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\Z")
_DOMAIN = re.compile(r"\Adomain[0-9]+\Z")
_THUNDERBOLT = re.compile(r"\A[0-9]+-0*[1-9a-f][0-9a-f]*\Z")
"""A domain and the route from it; the laptop's own end has route 0."""


class PortsTree:
    """The running system; the paths are arguments so that a copied tree can stand in."""

    def __init__(
        self, sysfs: Path = Path("/sys"), nodes: Path = Path("/dev"), udev: Path = CONTROL
    ) -> None:
        self.sysfs = sysfs
        self.nodes = nodes
        subsystems = ("usb", "net", "block", "thunderbolt")
        self.udev = Udev(*subsystems, concerns=_is_hardware, control=udev)

    def answers(self) -> bool:
        """Whether udev runs and its messages can be heard."""
        return self.udev.answers()

    def devices(self) -> Mapping[str, PortDevice]:
        """What is plugged in now, by its path."""
        found = (*on_usb(self.sysfs), *_cards(self.sysfs), *_on_thunderbolt(self.sysfs))
        return {device.path: device for device in (*found, *_pulled_out_disks(self.sysfs))}

    def present(self, device: PortDevice) -> bool:
        """Whether the very same device is still plugged in, whatever it does now."""
        return sequence(Path(device.path)) == device.sequence

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        """What is on a disk; one unreadable volume if that could not be found out."""
        return disk_linux.volumes(self.nodes, disk)

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        """Wait up to ``most`` seconds for a change, then for ``settle`` quiet ones.

        The places touched; those of all devices if messages were lost.
        """
        touched = self.udev.wait(stop, settle, most)
        return frozenset(self.devices()) if touched is None else touched

    def boot(self) -> str:
        """The kernel's name of this boot; empty if it does not say."""
        return sysfs_linux.boot()


def _is_hardware(place: str) -> bool:
    return "/devices/virtual/" not in place


def _cards(sysfs: Path) -> Iterator[PortDevice]:
    """Memory cards; those in a reader on USB are USB storage, and a soldered chip is no card."""
    for block in entries(sysfs / "block"):
        home = (block / "device").resolve()
        card = block.name.startswith("mmcblk") and text(home / "type").startswith("SD")
        disk = disk_linux.disk(block) if card and usb_home(block, sysfs) is None else None
        if disk is not None:
            yield PortDevice(
                name=block.name,
                path=str(home),
                sequence=sequence(home),
                what=What.CARD,
                identity=f"card:{text(home / 'cid')}",
                serial=clean(text(home / "serial")),
                model=clean(text(home / "name")),
                disks=(disk,),
            )


def _pulled_out_disks(sysfs: Path) -> Iterator[PortDevice]:
    """Storage on PCI devices that can be pulled out, all disks of one together."""
    found: dict[Path, list[Path]] = {}
    for block in entries(sysfs / "block"):
        home = _pci_home(block, sysfs)
        if home and usb_home(block, sysfs) is None and _can_be_pulled_out(home, sysfs):
            found.setdefault(home, []).append(block)
    for home, blocks in found.items():
        disks = tuple(disk for block in blocks if (disk := disk_linux.disk(block)))
        cards = any(block.name.startswith("mmcblk") for block in blocks)
        if disks and not cards:
            yield _storage(home, blocks[0] / "device", disks)


def _storage(home: Path, controller: Path, disks: tuple[Disk, ...]) -> PortDevice:
    vendor, product = word(home / "vendor"), word(home / "device")
    serial = clean(text(controller / "serial"))
    return PortDevice(
        name=home.name,
        path=str(home),
        sequence=sequence(home),
        what=What.THUNDERBOLT_STORAGE,
        identity=f"{vendor:04x}:{product:04x}:{serial}",
        serial=serial,
        model=clean(text(controller / "model")),
        vendor=vendor,
        product=product,
        disks=disks,
    )


def _pci_home(block: Path, sysfs: Path) -> Path | None:
    """The directory of the PCI device that a disk hangs on."""
    return next((one for one in above(block.resolve(), sysfs) if _PCI.match(one.name)), None)


def _can_be_pulled_out(home: Path, sysfs: Path) -> bool:
    if text(home / "removable") == "removable":
        return True
    bridges = {one for one in above(home, sysfs) if _PCI.match(one.name)}
    domains = (one for one in _thunderbolt(sysfs) if _DOMAIN.match(one.name))
    return any(bridges & set(above(domain, sysfs)) for domain in domains)


def _on_thunderbolt(sysfs: Path) -> Iterator[PortDevice]:
    for home in _thunderbolt(sysfs):
        if _THUNDERBOLT.match(home.name):
            vendor, product = word(home / "vendor"), word(home / "device")
            numbered = vendor >= 0 and product >= 0
            makers = (clean(text(home / name)) for name in ("vendor_name", "device_name"))
            asks = (home / "authorized").exists()
            yield PortDevice(
                name=home.name,
                path=str(home),
                sequence=sequence(home),
                what=What.THUNDERBOLT_DEVICE if asks else What.THUNDERBOLT_COMPUTER,
                identity=f"thunderbolt:{text(home / 'unique_id')}",
                serial=clean(text(home / "unique_id")),
                model=clean(" ".join(makers)),
                vendor=vendor if numbered else None,
                product=product if numbered else None,
            )


def _thunderbolt(sysfs: Path) -> list[Path]:
    return [one.resolve() for one in entries(sysfs / "bus" / "thunderbolt" / "devices")]

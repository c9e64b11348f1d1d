"""Linux: what is plugged in beside storage, read from sysfs.

A network interface below a USB device makes it a network adapter; one that also speaks the
telephone's languages (pictures, media, debugging) shares its connection. A telephone without one is
known by its interfaces. A card's reader says whether what is in it is an SD card. Thunderbolt and
USB4 devices have a bus of their own.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from collectors.base import Stop
from collectors.port_device import Plugged, PortKind
from collectors.udev_linux import CONTROL, Ear
from collectors.usb_device import clean, device_name

SUBSYSTEMS = ("usb", "net", "block", "thunderbolt")
_STILL_IMAGE = "06"
"""Interface class of cameras, and of telephones that hand out pictures and media (PTP, MTP)."""
_DEBUGGING = ("ff", "42", "01")
_TETHERING = ("e0", "01", "03")
_HOSTS = frozenset({"0-0", "1-0", "2-0", "3-0"})
"""The laptop's own ports."""


class Ports:
    """The running system; ``sysfs`` is an argument so that a copied tree can stand in."""

    def __init__(self, sysfs: Path = Path("/sys"), udev: Path = CONTROL) -> None:
        self.sysfs = sysfs
        self._ear = Ear(SUBSYSTEMS, udev)

    def answers(self) -> bool:
        """Whether changes will be told, not only found by looking."""
        return self._ear.hears()

    def plugged(self) -> Mapping[str, Plugged]:
        """What is plugged in now, by the system's name for it."""
        found = (*self._usb(), *self._cards(), *self._thunderbolt())
        return {one.name: one for one in found}

    def wait(self, stop: Stop, settle: float, most: float) -> None:
        """Wait up to ``most`` seconds for a change, then for ``settle`` quiet ones."""
        self._ear.wait(stop, settle, most)

    def _usb(self) -> Iterator[Plugged]:
        with_network = {
            name
            for link in _entries(self.sysfs / "class" / "net")
            if (name := device_name(str(link.resolve())))
        }
        for home in _entries(self.sysfs / "bus" / "usb" / "devices"):
            if device_name(home.name) == home.name:
                what = _kind(_interfaces(home), home.name in with_network)
                if what is not None:
                    yield _plugged(home, what, "idVendor", "idProduct", "serial")

    def _cards(self) -> Iterator[Plugged]:
        for block in _entries(self.sysfs / "block"):
            card = block / "device"
            whole = block.name.startswith("mmcblk") and not (block / "partition").exists()
            if whole and _text(card / "type") == "SD":
                yield Plugged(
                    name=block.name,
                    what=PortKind.CARD,
                    vendor=_hex(card / "manfid"),
                    product=_hex(card / "oemid"),
                    serial=clean(_text(card / "serial")),
                    model=clean(_text(card / "name")),
                )

    def _thunderbolt(self) -> Iterator[Plugged]:
        for home in _entries(self.sysfs / "bus" / "thunderbolt" / "devices"):
            if home.name not in _HOSTS and (home / "unique_id").exists():
                yield _plugged(home, PortKind.THUNDERBOLT, "vendor", "device", "unique_id")


def _kind(interfaces: list[tuple[str, str, str]], network: bool) -> PortKind | None:
    telephone = any(one[0] == _STILL_IMAGE or one == _DEBUGGING for one in interfaces)
    if network:
        tethered = telephone or _TETHERING in interfaces
        return PortKind.TETHERED_PHONE if tethered else PortKind.NETWORK_ADAPTER
    return PortKind.PHONE if telephone else None


def _interfaces(home: Path) -> list[tuple[str, str, str]]:
    """Class, subclass and protocol of each; an interface named MTP counts as one for pictures."""
    found = []
    for folder in sorted(home.glob("*:*")):
        names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
        kind, subclass, protocol = (_text(folder / name) for name in names)
        media = _text(folder / "interface") == "MTP"
        found.append((_STILL_IMAGE if media else kind, subclass, protocol))
    return found


def _plugged(home: Path, what: PortKind, vendor: str, product: str, serial: str) -> Plugged:
    named = {PortKind.THUNDERBOLT: ("vendor_name", "device_name")}
    makers = named.get(what, ("manufacturer", "product"))
    return Plugged(
        name=home.name,
        what=what,
        vendor=_hex(home / vendor),
        product=_hex(home / product),
        serial=clean(_text(home / serial)),
        model=clean(" ".join(_text(home / name) for name in makers)),
        place=f"{_text(home / 'busnum')}/{_text(home / 'devnum')}",
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(file: Path) -> str:
    """An attribute's text; empty if there is none."""
    try:
        return file.read_bytes()[:4096].decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _hex(file: Path) -> int:
    """A number of up to four hexadecimal digits, with or without 0x; 0 if it is none."""
    digits = _text(file).removeprefix("0x")[-4:]
    try:
        return int(digits, 16)
    except ValueError:
        return 0

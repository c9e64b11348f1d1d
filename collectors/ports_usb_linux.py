"""Linux: telephones, network adapters and docks on USB.

What the laptop was built with, such as a mobile modem, is left out where the firmware tells: every
device from it up to the laptop is then ``fixed``. A dock on USB 3 is two hubs, which the kernel
takes for one place by its ports (``peer``): the network adapter hangs on the fast one, and the
rest may hang on the other.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from collectors.port_device import PortDevice, What
from collectors.sysfs_linux import above, entries, sequence, text
from collectors.udev_linux import properties
from collectors.usb_device import device_name
from collectors.usb_functions import HUB, function
from collectors.usb_words_linux import claim, interfaces, poses_as_keyboard

_MEDIA = ("ID_MTP_DEVICE", "ID_GPHOTO2")
"""What udev's rules for telephones and cameras set."""


def on_usb(sysfs: Path) -> Iterator[PortDevice]:
    """The telephones, network adapters and docks that are plugged in now."""
    homes = [one.resolve() for one in entries(sysfs / "bus/usb/devices") if device_name(one.name)]
    found = {home: what for home in homes if (what := _function(home))}
    adapters = {home for home, what in found.items() if what is What.NETWORK_ADAPTER}
    for home in adapters:
        if _built_in(home, sysfs):
            del found[home]
    docks = {hub for home in adapters if (hub := _dock(home, homes, adapters, sysfs))}
    for home, what in (*found.items(), *((hub, What.DOCK) for hub in sorted(docks))):
        if (device := _device(home, what)) is not None:
            yield device


def _function(home: Path) -> What | None:
    if text(home / "bDeviceClass") == HUB:
        return None
    network = any(entries(folder / "net") for folder in home.glob("*:*"))
    noted = properties(home)
    media = any(noted.get(name) == "1" for name in _MEDIA)
    return function(interfaces(home), network=network, media=media)


def _device(home: Path, what: What) -> PortDevice | None:
    told = claim(home)
    if told is None:
        return None
    return PortDevice(
        name=home.name,
        path=str(home),
        sequence=sequence(home),
        what=what,
        identity=f"{told.vendor:04x}:{told.product:04x}:{told.serial}",
        serial=told.serial,
        model=told.model,
        vendor=told.vendor,
        product=told.product,
        keyboard=poses_as_keyboard(home),
    )


def _dock(home: Path, homes: Iterable[Path], adapters: set[Path], sysfs: Path) -> Path | None:
    """The outermost hub that a network adapter is plugged in through, with something else."""
    hubs = [hub for hub in _chain(home, sysfs)[1:] if not _built_in(hub, sysfs)]
    if not hubs:
        return None
    halves = (hubs[-1], (hubs[-1] / "port" / "peer" / "device").resolve())
    others = (one for one in homes if one not in adapters and any(h in one.parents for h in halves))
    return hubs[-1] if any(text(one / "bDeviceClass") != HUB for one in others) else None


def _built_in(home: Path, sysfs: Path) -> bool:
    return all(text(one / "removable") == "fixed" for one in _chain(home, sysfs))


def _chain(home: Path, sysfs: Path) -> list[Path]:
    """A device and the hubs it hangs on, the laptop's own port left out."""
    return [one for one in (home, *above(home, sysfs)) if device_name(one.name)]

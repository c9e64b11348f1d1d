"""A thing that is plugged in and carries files or a network, and is no USB storage."""

from dataclasses import dataclass
from enum import StrEnum

from collectors.usb_device import Disk


class What(StrEnum):
    """What is plugged in."""

    NETWORK_ADAPTER = "network-adapter"
    PHONE = "phone"
    """Hands files over: a telephone, and just as well a tablet, a camera or a player."""
    TETHERED_PHONE = "tethered-phone"
    """A telephone that also offers a network."""
    DOCK = "dock"
    """A hub with a network adapter and something else."""
    CARD = "card"
    """A memory card in a built-in reader."""
    THUNDERBOLT_STORAGE = "thunderbolt-storage"
    THUNDERBOLT_DEVICE = "thunderbolt-device"
    THUNDERBOLT_COMPUTER = "thunderbolt-computer"
    """Another computer at the end of the cable, which makes a network."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PortDevice:
    """One such thing. ``path`` is its directory in sysfs, ``sequence`` the number of that
    directory, which the kernel gives to no other one until the machine is started anew.

    ``identity`` is what the thing is known by and never leaves the laptop readable; ``vendor`` and
    ``product`` are None where it has no such numbers; ``keyboard``: it also poses as one; ``disks``
    are those of a memory card or of storage on Thunderbolt.
    """

    name: str
    path: str
    sequence: int
    what: What
    identity: str
    serial: str
    model: str
    vendor: int | None = None
    product: int | None = None
    keyboard: bool = False
    disks: tuple[Disk, ...] = ()

    def spoken_of(self, places: frozenset[str]) -> bool:
        """Whether a place in sysfs is this device or a part of it."""
        return any(one == self.path or one.startswith(self.path + "/") for one in places)

"""What a USB device is for, told from the classes of its interfaces. Pure.

Networks speak one of a few classes, or a maker's own with a driver of its own: then a network
interface below the device is the sign. Telephones and cameras hand files over by PTP, or by MTP,
which has no class and is known by its name or by udev's word. Androids share their connection by
RNDIS in a class of their own; newer ones give it to the function as a whole, not to its parts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from collectors.port_device import What

Triple = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interface:
    """One interface of a device: class, subclass and protocol in two hexadecimal digits each.

    ``whole`` are the same three of the function that it is a part of; empty if it is one by itself.
    """

    kind: str
    subclass: str = ""
    protocol: str = ""
    name: str = ""
    whole: Triple = ("", "", "")


HUB = "09"
_IMAGE = "06"
_MTP = "MTP"
_DEBUG_BRIDGE = ("ff", "42", "01")
"""What developers reach a telephone by; nothing but an Android has it."""
_ANDROID_RNDIS = ("e0", "01", "03")
_RNDIS = frozenset({("02", "02", "ff"), ("ef", "04", "01"), _ANDROID_RNDIS})
_NETWORK = frozenset({("02", "06"), ("02", "0c"), ("02", "0d"), ("02", "0e")})
"""ECM, EEM, NCM and MBIM."""


def function(
    interfaces: Iterable[Interface], *, network: bool = False, media: bool = False
) -> What | None:
    """What a device is for; None for what carries neither files nor a network by itself.

    ``network``: the kernel made a network interface of it; ``media``: udev takes it for a
    telephone, a camera or a player.
    """
    all_of_them = tuple(interfaces)
    kinds = {(one.kind, one.subclass, one.protocol) for one in all_of_them}
    kinds |= {one.whole for one in all_of_them}
    carries = network or bool(kinds & _RNDIS) or any(kind[:2] in _NETWORK for kind in kinds)
    phone = media or any(one.kind == _IMAGE or one.name == _MTP for one in all_of_them)
    if carries and (phone or kinds & {_ANDROID_RNDIS, _DEBUG_BRIDGE}):
        return What.TETHERED_PHONE
    if phone:
        return What.PHONE
    return What.NETWORK_ADAPTER if carries else None

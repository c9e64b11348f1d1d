"""What can be in a port, as the system describes it."""

from dataclasses import dataclass
from enum import StrEnum


class PortKind(StrEnum):
    """What is plugged in."""

    NETWORK_ADAPTER = "network-adapter"
    PHONE = "phone"
    """A telephone or a camera that hands out pictures or media."""
    TETHERED_PHONE = "tethered-phone"
    """A telephone that shares its connection."""
    CARD = "card"
    THUNDERBOLT = "thunderbolt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plugged:
    """One thing in a port. ``vendor`` and ``product`` as it says itself; 0 where it does not."""

    name: str
    what: PortKind
    vendor: int
    product: int
    serial: str
    model: str
    place: str = ""

"""What the policy says of USB storage: one mode, and the devices it makes an exception of. Pure.

The mode decides where no rule of the policy matched. A device on the list is known by vendor,
product and serial number, which anybody who builds a stick can copy: the list is for people who
follow the rules, and ``docs/limitations.md`` says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from collectors.base import Details, Fact, Observation

KIND = "usb-storage-attached"
ALLOW, READ_ONLY, BLOCK = "allow-usb", "allow-usb-read-only", "block-usb"


class UsbMode(StrEnum):
    """What is done with a storage device that no rule speaks of."""

    REPORT = "report"
    ENCRYPTED_ONLY = "encrypted-only"
    NO_PERSONAL_DATA = "no-personal-data"
    """As ``encrypted-only``, and no pupil file may be copied onto what is let in."""
    READ_ONLY = "read-only"
    ASK = "ask"
    """None but those that IT permitted, each with a purpose and an end."""
    NONE = "none"


_WITH_ENCRYPTED = frozenset({UsbMode.ENCRYPTED_ONLY, UsbMode.NO_PERSONAL_DATA})


class Treat(StrEnum):
    """What a listed device is."""

    ENCRYPTED = "encrypted"
    """Encrypts in its own hardware; its volume looks plain once it is unlocked."""
    OWN = "own"
    """The organisation's own."""
    PERMITTED = "permitted"
    """Allowed as it is, until a day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A device the policy knows. An empty ``serial`` means every one of that product."""

    vendor: int
    product: int
    treat: Treat
    serial: str = ""
    name: str = ""
    purpose: str = ""
    until: date | None = None

    def is_this(self, facts: Mapping[str, Fact], details: Details) -> bool:
        same = (facts.get("vendor"), facts.get("product")) == (self.vendor, self.product)
        return same and self.serial in ("", details.get("serial"))


@dataclass(frozen=True, kw_only=True, slots=True)
class UsbPolicy:
    """The table ``[usb]``."""

    mode: UsbMode = UsbMode.REPORT
    unknown_counts_as_encrypted: bool = False
    boot_parts_count_as_plain: bool = False
    own_only: bool = False
    withhold_while_locked: bool = False
    instead: str = ""
    source: str = ""
    devices: tuple[Listed, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether anything is ever withheld."""
        return self.mode is not UsbMode.REPORT

    @property
    def keeps_pupil_files_off(self) -> bool:
        """Whether what is written to a stick has to be judged first."""
        return self.mode is UsbMode.NO_PERSONAL_DATA

    def decide(self, observation: Observation) -> tuple[str, str] | None:
        """The action and the name of the rule it comes from; None to report and no more."""
        facts, details = observation.facts(), observation.details()
        if observation.kind != KIND or not self.blocks or facts.get("verdict") == "no-medium":
            return None
        listed = [one for one in self.devices if one.is_this(facts, details)]
        if any(_permitted(one, observation.observed_at.date()) for one in listed):
            return ALLOW, "usb-permitted"
        if self.own_only and not any(one.treat is Treat.OWN for one in listed):
            return BLOCK, "usb-own-only"
        declared = any(one.treat is Treat.ENCRYPTED for one in listed)
        return self._by_mode(declared or self._encrypted(facts)), f"usb-{self.mode}"

    def permitted_on(self, day: date) -> frozenset[Listed]:
        """The permissions that hold on a day; when this changes, devices are looked at again."""
        return frozenset(one for one in self.devices if _permitted(one, day))

    def _by_mode(self, encrypted: bool) -> str:
        if self.mode is UsbMode.READ_ONLY:
            return READ_ONLY
        return ALLOW if self.mode in _WITH_ENCRYPTED and encrypted else BLOCK

    def _encrypted(self, facts: Mapping[str, Fact]) -> bool:
        if facts.get("verdict") == "unknown":
            return self.unknown_counts_as_encrypted
        beside = facts.get("why") == "beside-system-part" and self.boot_parts_count_as_plain
        return facts.get("verdict") == "encrypted" and not beside


def _permitted(listed: Listed, day: date) -> bool:
    return listed.treat is Treat.PERMITTED and listed.until is not None and day <= listed.until

"""Reading the table ``[usb]`` of a policy file."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from agent.policy_usb import Listed, Treat, UsbMode, UsbPolicy

Kinds = Mapping[str, type | tuple[type, ...]]
USB: Kinds = {
    "mode": str,
    "unknown": str,
    "boot_parts": str,
    "own_only": bool,
    "while_locked": str,
    "override_minutes": int,
    "override": str,
    "instead": str,
    "source": str,
    "devices": list,
}
DEVICE: Kinds = {
    "vendor": str,
    "product": str,
    "serial": str,
    "treat": str,
    "name": str,
    "purpose": str,
    "until": date,
}
LONGEST_TEXT = 300
"""Characters of what a person is told to do instead."""
LONGEST_OVERRIDE = 480
"""Minutes: a working day."""
WORD = re.compile(r"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
"""A name as it may stand in a policy and in an event."""
_HEX = frozenset("0123456789abcdef")


class Reader(Protocol):
    """The part of ``policy_file`` that knows lines and gathers mistakes."""

    def section(
        self, given: Any, kinds: Kinds, section: str, number: int = 0
    ) -> dict[str, Any]: ...

    def one_of(
        self,
        given: Mapping[str, Any],
        key: str,
        words: tuple[str, ...],
        default: str,
        section: str,
        number: int,
    ) -> str: ...

    def wrong(self, section: str, number: int, key: str, says: str) -> None: ...


def read_usb(reader: Reader, given: Any) -> UsbPolicy:
    """The table as a UsbPolicy; mistakes are told to ``reader``."""
    table = reader.section(given, USB, "usb")

    def word(key: str, words: tuple[str, ...]) -> str:
        return reader.one_of(table, key, words, words[0], "usb", 0)

    return UsbPolicy(
        mode=UsbMode(word("mode", tuple(UsbMode))),
        unknown_counts_as_encrypted=word("unknown", ("plain", "encrypted")) == "encrypted",
        boot_parts_count_as_plain=word("boot_parts", ("ignored", "plain")) == "plain",
        own_only=table.get("own_only", False),
        withhold_while_locked=word("while_locked", ("as-always", "withheld")) == "withheld",
        override_for=timedelta(minutes=_minutes(reader, table)),
        override_writes=word("override", ("read-only", "read-write")) == "read-write",
        instead=_text(reader, table, "instead"),
        source=_text(reader, table, "source"),
        devices=tuple(_devices(reader, table.get("devices", []))),
    )


def _text(reader: Reader, table: Mapping[str, Any], key: str) -> str:
    text = " ".join(str(table.get(key, "")).split())
    if len(text) > LONGEST_TEXT or not text.isprintable():
        reader.wrong("usb", 0, key, f"'{key}' is a sentence of at most {LONGEST_TEXT} characters")
        return ""
    return text


def _minutes(reader: Reader, table: Mapping[str, Any]) -> int:
    minutes = int(table.get("override_minutes", 0))
    if 0 <= minutes <= LONGEST_OVERRIDE:
        return minutes
    says = f"give 'override_minutes' as a whole number from 0 to {LONGEST_OVERRIDE}"
    reader.wrong("usb", 0, "override_minutes", says)
    return 0


def _devices(reader: Reader, given: list[Any]) -> Iterator[Listed]:
    for number, entry in enumerate(given):
        told = reader.section(entry, DEVICE, "usb.devices", number)
        words = tuple(Treat)
        treat = Treat(reader.one_of(told, "treat", words, Treat.ENCRYPTED, "usb.devices", number))
        if treat is Treat.PERMITTED:
            _check_permission(reader, told, number)
        until = told.get("until")
        yield Listed(
            vendor=_id(reader, told, "vendor", number),
            product=_id(reader, told, "product", number),
            treat=treat,
            serial=told.get("serial", ""),
            name=told.get("name", ""),
            purpose=told.get("purpose", ""),
            until=None if isinstance(until, datetime) else until,
        )


def _check_permission(reader: Reader, told: Mapping[str, Any], number: int) -> None:
    """A permission names who, what for and until when, or it is none."""
    for key in ("name", "purpose", "until"):
        if not told.get(key) or isinstance(told[key], datetime):
            says = f"a permitted device needs '{key}'"
            says += ", a date without quotes such as 2027-07-31" if key == "until" else ""
            reader.wrong("usb.devices", number, key, says)


def _id(reader: Reader, told: Mapping[str, Any], key: str, number: int) -> int:
    text = str(told.get(key, "")).lower()
    if len(text) == 4 and set(text) <= _HEX:
        return int(text, 16)
    says = f"give '{key}' as four hexadecimal digits, as `dossierwacht usb list` shows them"
    reader.wrong("usb.devices", number, key, says)
    return -1

"""Reading the section about lost laptops from a policy's TOML."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from agent.policy import LostPolicy
from agent.policy_usb_file import Kinds, Reader
from agent.wire import orders

LOST: Kinds = {"silent_days": int, "keys": list, "two_signers": list}
SHORTEST, LONGEST = 7, 365
"""Days; a holiday is no theft."""


def read_lost(reading: Reader, given: Any) -> LostPolicy:
    """The section; what cannot be is told to ``reading``."""
    table = reading.section(given, LOST, "lost")
    days = int(table.get("silent_days", 0))
    if days and not SHORTEST <= days <= LONGEST:
        says = f"give 'silent_days' as 0 or as a whole number from {SHORTEST} to {LONGEST}"
        reading.wrong("lost", 0, "silent_days", says)
        days = 0
    keys = [key for key in table.get("keys", []) if _is_key(key)]
    if len(keys) != len(table.get("keys", [])):
        says = "'keys' are those that 'dossierwacht order key' prints, in quotes"
        reading.wrong("lost", 0, "keys", says)
    two = tuple(_two_signers(reading, table.get("two_signers", []), len(set(keys))))
    return LostPolicy(silent_days=days, keys=tuple(keys), two_signers=two)


def _two_signers(reading: Reader, given: list[Any], keys: int) -> Iterator[str]:
    """The kinds of orders that two people must sign; with fewer than two keys nobody could."""
    if given and keys < 2:
        says = "'two_signers' needs the keys of two people in 'keys', or no such order is followed"
        reading.wrong("lost", 0, "two_signers", says)
    for kind in map(str, given):  # whatever a list of TOML can hold
        if kind in orders.NEEDED:
            yield kind
        else:
            says = f"'two_signers' names kinds of orders, and '{kind}' is none of them"
            reading.wrong("lost", 0, "two_signers", f"{says}: {', '.join(orders.NEEDED)}")


def _is_key(key: object) -> bool:
    try:
        return len(base64.b64decode(str(key), validate=True)) == 32
    except (binascii.Error, ValueError):
        return False

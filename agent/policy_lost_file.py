"""Reading the section about lost laptops from a policy's TOML."""

import base64
import binascii
from typing import Any

from agent.policy import LostPolicy
from agent.policy_usb_file import Kinds, Reader

LOST: Kinds = {"silent_days": int, "keys": list}
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
    return LostPolicy(silent_days=days, keys=tuple(keys))


def _is_key(key: object) -> bool:
    try:
        return len(base64.b64decode(str(key), validate=True)) == 32
    except (binascii.Error, ValueError):
        return False

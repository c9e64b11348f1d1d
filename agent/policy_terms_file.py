"""Reading the terms of a rule, and the section about sealing, from a policy's TOML."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from agent.policy_usb_file import Kinds, Reader
from agent.terms import Terms

LONGEST: Mapping[str, int] = {"grace_hours": 24 * 60, "unused_days": 365, "keep_days": 3650}
"""The most that each may be. What is to be kept for longer has no ``keep_days``."""
SHORTEST_KEPT = 7
"""Days: whoever is away for a week can still ask for a file that was sealed."""
TERMS: Kinds = {
    "grace_hours": int,
    "unused_days": int,
    "at_close": bool,
    "keep_days": int,
    "hand_over": bool,
}
SEALING: Kinds = {"close": time, "at_once_on_plain_disk": bool}


def read_terms(reading: Reader, rule: Mapping[str, Any], number: int) -> Terms:
    """The terms of one rule; what cannot be is told to ``reading``."""
    given = {name: rule[name] for name in TERMS if name in rule}
    for name in [name for name, most in LONGEST.items() if not 0 <= given.get(name, 0) <= most]:
        says = f"give '{name}' as a whole number from 0 to {LONGEST[name]}"
        reading.wrong("rules", number, name, says)
        del given[name]
    if 0 < given.get("keep_days", 0) < SHORTEST_KEPT:
        says = f"what was sealed is kept for {SHORTEST_KEPT} days at least; 0 keeps it for good"
        reading.wrong("rules", number, "keep_days", says)
    _only_for_sealing(reading, rule, given, number)
    return Terms(**given)


def _only_for_sealing(
    reading: Reader, rule: Mapping[str, Any], given: Mapping[str, Any], number: int
) -> None:
    """A term that nothing looks at would promise what does not happen."""
    if rule.get("action") == "seal-file":
        return
    for name in given:
        says = f"'{name}' means something only where the action is 'seal-file'"
        reading.wrong("rules", number, name, says)

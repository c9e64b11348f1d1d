"""Reading an organisation's own rules from a policy, and whether they go with those of the program.

Apart from ``own``, which says what such a rule may be, because this needs every other rule at hand.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from collectors.recognise.rules import joined, load, own, schema

_FOLDER = Path(__file__).parent


def own_rules(settings: Mapping[str, Any]) -> own.OwnRules:
    """The own rules in a section of a policy. Raises schema.RuleError, which names the key."""
    found = own.read_own(settings)
    if found:
        joined(load(_FOLDER), found)
    return found


def own_faults(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with them, each mistake with its key."""
    wrong = list(own.faults(settings))
    yield from wrong
    if not wrong:
        try:
            own_rules(settings)
        except schema.RuleError as error:
            yield str(error).partition(":")[0].strip("'"), str(error)

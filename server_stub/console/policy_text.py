"""A policy's text as a page shows it: rules with their sources, and the tables beside them. Pure.

The text is data by people elsewhere. It was checked where it was signed, and every laptop checks it
again; here anything that TOML can say is shown as text, and nothing is gone by.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECTIONS = ("report", "clocks", "files", "usb", "notice", "contact", "lost", "sealing")
"""The tables of a policy that are shown, in this order."""
TERMS = ("grace_hours", "unused_days", "at_close", "keep_days", "hand_over")
MOST_LINES = 400
"""Lines of a difference that are shown."""
_CONTEXT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleText:
    """One rule. ``when`` and ``terms`` are pairs of a key and its value."""

    name: str
    kind: str
    action: str
    when: tuple[tuple[str, Any], ...]
    terms: tuple[tuple[str, str], ...]
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyText:
    """What a policy says. ``sections`` has for each table its pairs and the sentence it is from."""

    name: str
    mode: str
    language: str
    rules: tuple[RuleText, ...]
    sections: Mapping[str, tuple[tuple[tuple[str, str], ...], str]]


def read(text: str) -> PolicyText | None:
    """What a text says; None if it is no TOML."""
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    rules = given.get("rules")
    tables = {name: table for name in SECTIONS if isinstance(table := given.get(name), dict)}
    return PolicyText(
        name=said(given.get("name", "")),
        mode=said(given.get("mode", "")),
        language=said(given.get("language", "")),
        rules=tuple(_rule(one) for one in rules if isinstance(one, dict))
        if isinstance(rules, list)
        else (),
        sections={name: _section(table) for name, table in tables.items()},
    )


def difference(before: str, after: str) -> list[str]:
    """The lines that differ, each with its sign, and a few around them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_CONTEXT)
    return list(lines)[2:][:MOST_LINES]  # without the two lines that name the files


def said(value: object) -> str:
    """A value as people write it. Of a list of tables (devices, say) only how many there are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        tables = sum(isinstance(one, dict) for one in value)
        return str(tables) if tables else ", ".join(str(one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {said(one)}" for key, one in value.items())
    return str(value)


def _rule(given: Mapping[str, Any]) -> RuleText:
    when = given.get("when")
    return RuleText(
        name=said(given.get("name", "")),
        kind=said(given.get("kind", "")),
        action=said(given.get("action", "")),
        when=tuple(when.items()) if isinstance(when, dict) else (),
        terms=tuple((key, said(given[key])) for key in TERMS if given.get(key)),
        source=said(given.get("source", "")),
    )


def _section(table: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], str]:
    pairs = tuple((key, said(one)) for key, one in table.items() if key != "source")
    return tuple((key, one) for key, one in pairs if one), said(table.get("source", ""))

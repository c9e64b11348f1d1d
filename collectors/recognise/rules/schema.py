"""Checks on the rule files. A mistake in one is named with its file, table and word.

A rule that is misspelt would otherwise only be a file that is never found. Nothing here knows what
the rules are for; ``rules`` says which tables a file has.
"""

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any


class RuleError(ValueError):
    """A rule file is not what it must be; the text says where and what."""


def table(path: Path, keys: Collection[str]) -> dict[str, Any]:
    """A rule file that has exactly these keys. Raises RuleError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuleError(f"{path.name}: cannot be read: {error}") from error
    exactly(path.name, content, keys)
    return content


def exactly(where: str, content: object, keys: Collection[str]) -> Mapping[str, Any]:
    """A table that has exactly these keys. Raises RuleError."""
    if not isinstance(content, Mapping):
        raise RuleError(f"{where}: is no table")
    for key in content:
        if key not in keys:
            raise RuleError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(keys))}")
    for key in keys:
        if key not in content:
            raise RuleError(f"{where}: {key!r} is missing")
    return content


def words(where: str, content: object) -> tuple[str, ...]:
    """A list of words or phrases in small letters, none twice, none empty. Raises RuleError."""
    if not isinstance(content, list) or not content:
        raise RuleError(f"{where}: must be a list of words")
    seen: set[str] = set()
    for word in content:
        term(where, word)
        if word in seen:
            raise RuleError(f"{where}: {word!r} stands there twice")
        seen.add(word)
    return tuple(content)


def weights(where: str, content: object, most: float) -> dict[str, float]:
    """Words with a weight above 0. Raises RuleError."""
    if not isinstance(content, Mapping) or not content:
        raise RuleError(f"{where}: must be a table of words and weights")
    return {
        term(where, word): number(f"{where}: {word!r}", weight, most)
        for word, weight in content.items()
    }


def number(where: str, value: object, most: float) -> float:
    """A number above 0 and not above ``most``. Raises RuleError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise RuleError(f"{where}: must be a number above 0 and at most {most:g}, not {value!r}")
    return float(value)


def term(where: str, word: object) -> str:
    """A word or phrase as rules are written. Raises RuleError."""
    if not isinstance(word, str) or not word.strip():
        raise RuleError(f"{where}: {word!r} is no word")
    if word != word.lower():
        raise RuleError(f"{where}: {word!r} must be in small letters")
    if not any(letter.isalpha() for letter in word):
        raise RuleError(f"{where}: {word!r} has no letter")
    return word

"""The rules on lists of passwords: heads, titles and values that are no passwords, from a file."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from collectors.recognise.rules import schema
from collectors.recognise.words import all_words, spelled

_FILE = Path(__file__).with_name("passwords.toml")
_SHORT = 3
_TELLING = 9
"""Letters from which the word for an account is one that few other texts have."""
_KEYS = ("users", "passwords", "places", "weak", "titles", "none")


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordWords:
    """How a list of passwords speaks; see passwords.toml. ``needles`` are what must stand in a
    text for any of it to be there."""

    users: frozenset[str]
    passwords: frozenset[str]
    places: frozenset[str]
    weak: frozenset[str]
    titles: frozenset[str]
    none: frozenset[str]
    needles: tuple[bytes, ...]
    telling: frozenset[bytes]
    """The last words of those of which one stands in every text with a password."""
    in_cells: frozenset[bytes]
    """Short or common ones, which tell something as the head of a column only."""


@cache
def password_words() -> PasswordWords:
    """The rules that come with this version."""
    return load(_FILE)


def load(path: Path) -> PasswordWords:
    """The rules in a file. Raises schema.RuleError."""
    content = schema.table(path, _KEYS)
    lists = {key: schema.words(f"{path.name}: {key}", content[key]) for key in _KEYS}
    stray = next((word for word in lists["weak"] if word not in lists["passwords"]), None)
    if stray is not None:
        raise schema.RuleError(f"{path.name}: weak: {stray!r} does not stand in passwords")
    told = {*lists["passwords"], *lists["titles"]}
    told |= {word for word in lists["users"] if len(word) >= _TELLING and " " not in word}
    return PasswordWords(
        **{key: frozenset(words) for key, words in lists.items()},
        telling=_telling(word for word in told if not _in_cells_only(word, lists["weak"])),
        in_cells=_telling(word for word in told if _in_cells_only(word, lists["weak"])),
        needles=_shortest(_needle(word, _in_cells_only(word, lists["weak"])) for word in told),
    )


def _in_cells_only(word: str, weak: Collection[str]) -> bool:
    return word in weak or len(word) <= _SHORT


def _telling(words: Iterable[str]) -> frozenset[bytes]:
    """The last word of each, and how a program writes it as one: "login_password"."""
    pieces = [all_words(word) for word in words]
    return frozenset([*(each[-1] for each in pieces), *map(b"_".join, pieces)])


def _needle(word: str, in_cells_only: bool) -> bytes:
    """What to look for; a short or common word stands in too many others, so as a cell only."""
    return spelled(f"\t{word}" if in_cells_only else word)


def _shortest(words: Iterable[bytes]) -> tuple[bytes, ...]:
    """Those words in which no other of them stands: to look for these is to look for all."""
    every = set(words)
    return tuple(sorted(w for w in every if not any(o in w for o in every if o != w)))

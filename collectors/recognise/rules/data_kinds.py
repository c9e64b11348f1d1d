"""The rules on kinds of data: fields, words, evidence and columns that tell of each, from a file.

They are read apart from the rules that decide what a pupil file is, since they only describe one.
A word that ends in ``*`` is the beginning of words.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from collectors.recognise.category import Category
from collectors.recognise.rules import schema
from collectors.recognise.verdict import Evidence
from collectors.recognise.vocabulary import Vocabulary, vocabulary

_FILE = Path(__file__).with_name("data-kinds.toml")
_LISTS = ("nothing", "phone-words", "street-endings")
_KEYS = ("evidence", "columns", "fields", "words")


@dataclass(frozen=True, kw_only=True, slots=True)
class KindsOfData:
    """``fields`` are labels and column heads and what they hold, ``nothing`` the values that say
    that there is nothing to be told."""

    evidence: Mapping[Category, frozenset[Evidence]]
    columns: Mapping[str, Category]
    fields: Mapping[str, Category]
    words: Mapping[Category, Vocabulary]
    nothing: frozenset[str]
    phone_words: tuple[str, ...]
    street_endings: tuple[str, ...]


@cache
def kinds_of_data() -> KindsOfData:
    """The rules that come with this version."""
    return load(_FILE)


def load(path: Path) -> KindsOfData:
    """The rules in a file. Raises schema.RuleError."""
    content = schema.table(path, (*_LISTS, *Category))
    listed = {key: schema.words(f"{path.name}: {key}", content[key]) for key in _LISTS}
    tables = {one: _table(f"{path.name}: {one}", content[one]) for one in Category}
    return KindsOfData(
        evidence={
            one: frozenset(_evidence(path.name, word) for word in table["evidence"])
            for one, table in tables.items()
        },
        columns=_turned(path.name, tables, "columns"),
        fields=_turned(path.name, tables, "fields"),
        words={one: vocabulary(table["words"]) for one, table in tables.items()},
        nothing=frozenset(listed["nothing"]),
        phone_words=listed["phone-words"],
        street_endings=listed["street-endings"],
    )


def _table(where: str, content: Any) -> dict[str, tuple[str, ...]]:
    """The lists of one kind; one that is left out is empty."""
    given = dict.fromkeys(_KEYS, ()) | content if isinstance(content, dict) else content
    table = schema.exactly(where, given, _KEYS)
    return {key: schema.words(f"{where}.{key}", table[key]) if table[key] else () for key in _KEYS}


def _turned(
    name: str, tables: Mapping[Category, Mapping[str, Iterable[str]]], key: str
) -> dict[str, Category]:
    turned: dict[str, Category] = {}
    for one, table in tables.items():
        for word in table[key]:
            if turned.setdefault(word, one) is not one:
                raise schema.RuleError(f"{name}: {word!r} is both {turned[word]} and {one}")
    return turned


def _evidence(name: str, word: str) -> Evidence:
    if word not in tuple(Evidence):
        raise schema.RuleError(f"{name}: {word!r} is no kind of evidence")
    return Evidence(word)

"""The rules on exchange formats: by which structure each is known, from a file.

A format is a kind of evidence of its own, so its name is a closed word that may leave the laptop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from collectors.recognise.rules import schema
from collectors.recognise.verdict import Evidence
from collectors.recognise.words import spelled

FORMATS = (
    Evidence.EDEXML,
    Evidence.OSO,
    Evidence.UWLR,
    Evidence.PARNASSYS,
    Evidence.MAGISTER,
    Evidence.AMN,
    Evidence.UNI_LOGIN,
    Evidence.SKOLA24,
)
_FILE = Path(__file__).with_name("exchange.toml")
_KEYS = ("marks", "persons", "heads", "names", "bare")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bare:
    """A table without heads: its columns, that of the number, and those of the name."""

    columns: int
    number: int
    names: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExchangeFormat:
    """How one format is known; see exchange.toml."""

    evidence: Evidence
    marks: tuple[tuple[bytes, ...], ...]
    persons: frozenset[str]
    heads: tuple[frozenset[str], ...]
    names: tuple[str, ...]
    bare: Bare | None


@cache
def exchange_formats() -> tuple[ExchangeFormat, ...]:
    """The rules that come with this version."""
    return load(_FILE)


def load(path: Path) -> tuple[ExchangeFormat, ...]:
    """The rules in a file. Raises schema.RuleError."""
    content = schema.table(path, FORMATS)
    return tuple(_format(f"{path.name}: {one}", one, content[one]) for one in FORMATS)


def _format(where: str, evidence: Evidence, content: Any) -> ExchangeFormat:
    given = dict.fromkeys(_KEYS) | content if isinstance(content, dict) else content
    table = schema.exactly(where, given, _KEYS)
    if not (table["marks"] or table["heads"] or table["bare"]):
        raise schema.RuleError(f"{where}: says nothing to know it by")
    return ExchangeFormat(
        evidence=evidence,
        marks=tuple(tuple(map(spelled, marks)) for marks in _lists(f"{where}.marks", table)),
        persons=frozenset(_words(f"{where}.persons", table)),
        heads=tuple(map(frozenset, _lists(f"{where}.heads", table))),
        names=_words(f"{where}.names", table),
        bare=_bare(f"{where}.bare", table["bare"]),
    )


def _words(where: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    given = table[where.rpartition(".")[2]]
    return schema.words(where, given) if given is not None else ()


def _lists(where: str, table: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    given = table[where.rpartition(".")[2]]
    if given is None:
        return ()
    if not isinstance(given, list) or not given:
        raise schema.RuleError(f"{where}: must be a list of lists of words")
    return tuple(schema.words(where, words) for words in given)


def _bare(where: str, given: Any) -> Bare | None:
    if given is None:
        return None
    table = schema.exactly(where, given, ("columns", "number", "names"))
    numbers = (table["columns"], table["number"], *table["names"])
    if not all(isinstance(one, int) and 0 <= one <= table["columns"] for one in numbers):
        raise schema.RuleError(f"{where}: holds whole numbers up to the number of columns")
    return Bare(columns=table["columns"], number=table["number"], names=tuple(table["names"]))

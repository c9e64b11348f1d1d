"""The rules as data: words, column heads and given names, read once when first asked for.

The files beside this module hold every word that recognition goes by, in Dutch, Danish and
English. Code holds how the words are used, never a word itself, so that a language or a
profession is added without touching it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

WORD = re.compile(r"[^\W_][\w'-]*")
"""A word of a text, as terms are looked up by it."""

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """Weighted terms: single words, and phrases by the word they begin with."""

    words: Mapping[str, float]
    phrases: Mapping[str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Counter:
    """A list of words that speak against; ``weight`` is what it takes away at most."""

    weight: float
    terms: Terms


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """How a text speaks of a child and of an adult; see people.toml."""

    child_labels: frozenset[str]
    name_labels: frozenset[str]
    birth_labels: frozenset[str]
    number_labels: frozenset[str]
    bsn_words: tuple[str, ...]
    cpr_words: tuple[str, ...]
    number_veto: frozenset[str]
    child_nouns: frozenset[str]
    adult_titles: frozenset[str]
    adult_lines: frozenset[str]
    class_words: frozenset[str]
    class_links: frozenset[str]
    relations: frozenset[str]
    relation_words: frozenset[str]
    list_words: tuple[str, ...]
    situation: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """All rules. ``heads`` maps a column head to its meaning."""

    topics: Mapping[str, Terms]
    counter: Mapping[str, Counter]
    people: People
    heads: Mapping[str, str]
    given_names: frozenset[str]


@cache
def rules() -> Rules:
    """The rules that come with this version."""
    return Rules(
        topics={topic: _terms(words) for topic, words in _toml("topics.toml").items()},
        counter={
            name: Counter(
                weight=float(table["weight"]), terms=_terms(dict.fromkeys(table["terms"], 1.0))
            )
            for name, table in _toml("counter.toml").items()
        },
        people=_people(_toml("people.toml")),
        heads={head: group for group, heads in _toml("heads.toml").items() for head in heads},
        given_names=_names(),
    )


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _terms(weights: Mapping[str, float]) -> Terms:
    single: dict[str, float] = {}
    phrases: dict[str, tuple[tuple[str, float], ...]] = {}
    for term, weight in weights.items():
        (first, *_) = WORD.findall(term)
        if WORD.fullmatch(term):
            single[term] = float(weight)
        else:
            phrases[first] = (*phrases.get(first, ()), (term, float(weight)))
    return Terms(words=single, phrases=phrases)


def _people(table: Mapping[str, Any]) -> People:
    return People(
        child_labels=frozenset(table["child-labels"]),
        name_labels=frozenset(table["name-labels"]),
        birth_labels=frozenset(table["birth-labels"]),
        number_labels=frozenset(table["number-labels"]),
        bsn_words=tuple(table["bsn-words"]),
        cpr_words=tuple(table["cpr-words"]),
        number_veto=frozenset(table["number-veto"]),
        child_nouns=frozenset(table["child-nouns"]),
        adult_titles=frozenset(table["adult-titles"]),
        adult_lines=frozenset(table["adult-lines"]),
        class_words=frozenset(table["class-words"]),
        class_links=frozenset(table["class-links"]),
        relations=frozenset(table["relations"]),
        relation_words=frozenset(table["relation-words"]),
        list_words=tuple(table["list-words"]),
        situation={name: tuple(stems) for name, stems in table["situation"].items()},
    )


def _names() -> frozenset[str]:
    lines = (_FOLDER / "given-names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(
        name.casefold() for line in lines if not line.startswith("#") for name in line.split()
    )

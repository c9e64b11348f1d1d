"""The rules as data: words, column heads and given names, read once when first asked for.

The files beside this module hold every word that recognition goes by, in Dutch, Danish and
English. Code holds how the words are used, never a word itself, so that a language or a
profession is added without touching it. ``load`` reads them from another folder.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from collectors.recognise.rules import own, password_words, schema
from collectors.recognise.words import all_words, spelled

_FOLDER = Path(__file__).parent
_MOST_WEIGHT = 5.0

TOPICS = ("care", "safety", "progress", "school")
COUNTERS = (
    "anonymous", "policy", "blank-form", "teaching", "research", "finance", "goods", "staff",
    "sample", "code", "news",
)  # fmt: skip
HEADS = (
    "child", "name", "birth", "national_id", "pupil_no", "class", "guardian", "address", "contact",
    "gender", "mentor", "scores", "attendance", "care", "baby", "origin", "staff", "goods",
    "member",
)  # fmt: skip
LANGUAGES = ("nl", "da", "en")
SITUATIONS = ("family", "trouble", "support", "learning", "setting", "somebody")
_PEOPLE = (
    "child-labels", "name-labels", "birth-labels", "number-labels", "bsn-words", "cpr-words",
    "number-veto", "child-nouns", "adult-titles", "adult-lines", "class-words", "class-links",
    "relations", "relation-words", "list-words", "sum-words",
    "salutations", "closings", "family-words", "school-roles", "kin-words",
    "year-words", "no-names", "greetings", "about-words",
    "one-of-kin", "room-words",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """A term that is more than a word. ``words`` are those that must stand in a text for it."""

    form: bytes
    words: frozenset[bytes]
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """Weighted terms: single words, and phrases by their first word."""

    words: Mapping[bytes, float]
    phrases: Mapping[bytes, tuple[Phrase, ...]]


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
    sum_words: frozenset[str]
    salutations: frozenset[str]
    closings: frozenset[str]
    family_words: frozenset[str]
    school_roles: frozenset[str]
    kin_words: frozenset[str]
    year_words: frozenset[str]
    no_names: frozenset[str]
    greetings: frozenset[str]
    about_words: frozenset[str]
    one_of_kin: frozenset[str]
    room_words: frozenset[str]
    situation: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """All rules. ``heads`` maps a column head to its meaning, ``known`` holds the words by which
    a text is searched at all."""

    topics: Mapping[str, Terms]
    counter: Mapping[str, Counter]
    people: People
    heads: Mapping[str, str]
    given_names: frozenset[str]
    little_words: tuple[frozenset[bytes], ...]
    one_of_kin: frozenset[bytes]
    known: frozenset[bytes]
    shapes: tuple[str, ...] = ()
    """Of the organisation's own pupil numbers."""


_adopted = [own.NONE]


@cache
def rules() -> Rules:
    """The rules that come with this version, and the organisation's own if a worker has any."""
    return joined(load(_FOLDER), _adopted[-1])


def adopt(rules_of_the_organisation: own.OwnRules) -> None:
    """Go by these too, in this process. Before the first file: much is worked out once."""
    if rules.cache_info().currsize:
        raise RuntimeError("own rules come before the first use of any rule")
    _adopted.append(rules_of_the_organisation)


def joined(built_in: Rules, added: own.OwnRules) -> Rules:
    """The rules with an organisation's own. Raises schema.RuleError if a word says two things."""
    if not added:
        return built_in
    blank, terms = built_in.counter["blank-form"], added.terms
    people = built_in.people
    labels = people.number_labels.union(added.number_words)
    heads = _heads_with(built_in, added.number_words)
    against = _more(blank.terms, dict.fromkeys(added.not_terms, 1.0))
    words = [*added.number_words, *added.not_terms, *(t for topic in terms.values() for t in topic)]
    return replace(
        built_in,
        topics={name: _more(old, terms.get(name, {})) for name, old in built_in.topics.items()},
        counter={**built_in.counter, "blank-form": replace(blank, terms=against)},
        people=replace(people, number_labels=labels),
        heads=heads,
        known=built_in.known.union(word for term in words for word in all_words(term)),
        shapes=added.shapes,
    )


def _heads_with(built_in: Rules, words: Iterable[str]) -> dict[str, str]:
    people, heads = built_in.people, dict(built_in.heads)
    taken = people.child_labels | people.name_labels | people.birth_labels
    for word in words:
        head = re.sub(r"[\W_]+", " ", word).strip()
        if word in taken or heads.setdefault(head, "pupil_no") != "pupil_no":
            says = f"{word!r} already says something else in the rules of the program"
            raise schema.RuleError(f"'pupil_number_words': {says}")
    return heads


def _more(terms: Terms, added: Mapping[str, float]) -> Terms:
    """Terms with others; of a term that is there already, the added weight counts."""
    new = _terms(added)
    phrases = dict(terms.phrases)
    for first, listed in new.phrases.items():
        forms = {phrase.form for phrase in listed}
        kept = (old for old in phrases.get(first, ()) if old.form not in forms)
        phrases[first] = (*kept, *listed)
    return Terms(words={**terms.words, **new.words}, phrases=phrases)


def load(folder: Path) -> Rules:
    """The rules in a folder. Raises schema.RuleError, which says what is wrong and where."""
    topics = schema.table(folder / "topics.toml", TOPICS)
    weights = {
        topic: schema.weights(f"topics.toml: {topic}", topics[topic], _MOST_WEIGHT)
        for topic in TOPICS
    }
    counter = _counter(folder / "counter.toml")
    people = _people(folder / "people.toml")
    heads = _heads(folder / "heads.toml")
    little = _little_words(folder / "languages.toml")
    passwords = password_words.password_words()
    return Rules(
        topics={topic: _terms(words) for topic, words in weights.items()},
        counter={name: Counter(weight=w, terms=_terms(t)) for name, (w, t) in counter.items()},
        people=people,
        heads=heads,
        given_names=_names(folder / "given-names.txt"),
        little_words=little,
        one_of_kin=frozenset(map(spelled, people.one_of_kin)),
        known=_known([*weights.values(), *(t for _, t in counter.values())], people, heads).union(
            *little, passwords.telling, passwords.in_cells
        ),
    )


def _counter(path: Path) -> dict[str, tuple[float, dict[str, float]]]:
    found = {}
    for name, content in schema.table(path, COUNTERS).items():
        where = f"{path.name}: {name}"
        table = schema.exactly(where, content, ("weight", "terms"))
        weight = schema.number(f"{where}: weight", table["weight"], _MOST_WEIGHT)
        found[name] = (weight, dict.fromkeys(schema.words(where, table["terms"]), 1.0))
    return found


def _heads(path: Path) -> dict[str, str]:
    heads: dict[str, str] = {}
    for group, content in schema.table(path, HEADS).items():
        for head in schema.words(f"{path.name}: {group}", content):
            if heads.setdefault(head, group) != group:
                raise schema.RuleError(f"{path.name}: {head!r} is both {heads[head]} and {group}")
    return heads


def _little_words(path: Path) -> tuple[frozenset[bytes], ...]:
    table = schema.table(path, LANGUAGES)
    lists = (schema.words(f"{path.name}: {key}", table[key]) for key in LANGUAGES)
    return tuple(frozenset(map(spelled, words)) for words in lists)


def _terms(weights: Mapping[str, float]) -> Terms:
    single: dict[bytes, float] = {}
    phrases: dict[bytes, tuple[Phrase, ...]] = {}
    for term, weight in weights.items():
        words, form = all_words(term), spelled(term)
        if words == (form,):
            single[form] = weight
        else:
            phrase = Phrase(form=form, words=frozenset(words), weight=weight)
            phrases[words[0]] = (*phrases.get(words[0], ()), phrase)
    return Terms(words=single, phrases=phrases)


def _people(path: Path) -> People:
    table = schema.table(path, (*_PEOPLE, "situation"))
    lists = {
        key.replace("-", "_"): schema.words(f"{path.name}: {key}", table[key]) for key in _PEOPLE
    }
    where = f"{path.name}: situation"
    situation = schema.exactly(where, table["situation"], SITUATIONS)
    return People(
        situation={name: schema.words(f"{where}.{name}", situation[name]) for name in SITUATIONS},
        bsn_words=lists.pop("bsn_words"),
        cpr_words=lists.pop("cpr_words"),
        list_words=lists.pop("list_words"),
        **{name: frozenset(words) for name, words in lists.items()},
    )


def _known(
    weighted: Iterable[Mapping[str, float]], people: People, heads: Mapping[str, str]
) -> frozenset[bytes]:
    known = {word for terms in weighted for term in terms for word in all_words(term)}
    for words in (
        people.child_labels, people.name_labels, people.birth_labels, people.number_labels,
        people.bsn_words, people.cpr_words, people.child_nouns, people.relations,
        people.list_words, people.salutations, people.closings, people.kin_words,
        people.class_words, people.year_words, people.no_names,
        people.about_words,
    ):  # fmt: skip
        known.update(word for term in words for word in all_words(term))
    for head in heads:
        known.update(all_words(head))
    return frozenset(known - {b""})


def _names(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise schema.RuleError(f"{path.name}: cannot be read: {error}") from error
    words = [word for line in lines if not line.startswith("#") for word in line.split()]
    for word in words:
        if not word[0].isupper():
            raise schema.RuleError(f"{path.name}: {word!r} must begin with a capital")
    if not words:
        raise schema.RuleError(f"{path.name}: holds no name")
    return frozenset(map(str.casefold, words))

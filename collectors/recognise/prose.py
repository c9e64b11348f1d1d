"""Sentences: a named child of whom something is told.

Most pupil files are no lists: a note, a letter, a mail. What makes them so is a person's name
close to words that say this is a child (a noun, a class, a date of birth) or to what happens to
children who need help: family, trouble, support. Names of teachers, parents and signatories are
set apart by what stands beside them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from collectors.recognise.findings import Findings
from collectors.recognise.names import (
    CAPITALISED,
    Found,
    find_dates,
    find_names,
    is_given,
    is_young,
    key_of,
    names_present,
)
from collectors.recognise.rules import rules
from collectors.recognise.verdict import Evidence

_LONG_LINE = 1200
_BEFORE = re.compile(r"([\w'’.-]+)[\s,:]*$")
_TOKEN = re.compile(r"[^\W\d_][\w'-]*", re.UNICODE)
_GAP = 40
"""How many characters may stand between a name and the birth date that belongs to it."""
_LIST = 5
"""From so many names on a list is a list."""
_MOST_NAMES = 5000
_UNLABELLED = 2.0
"""Years. A date without a label that is younger than this may be any date of a letter."""


@dataclass(slots=True)
class _Told:
    """What a text says about one name."""

    child: float = 0.0
    """3 where the name is said to be a child's."""
    group: float = 0.0
    """1 where the name shares a sentence with a class."""
    situation: float = 0.0

    def points(self) -> float:
        """0 to 9. What is told weighs nothing alone until there is more of it than one word."""
        if self.situation >= 2:
            return self.child + self.group + min(5.5, 1.5 * self.situation - 0.5)
        return self.child + (self.group + self.situation if self.child else 0.0)

    def join(self, other: "_Told") -> None:
        """Take over what is told under a shorter name."""
        self.child = max(self.child, other.child)
        self.group = max(self.group, other.group)
        self.situation = max(self.situation, other.situation)


def read_prose(text: str, today: date, schooled: bool, findings: Findings) -> None:
    """Look at every line of a text for named children.

    Only where a text speaks of school or care at all, ``schooled``, is a word behind "pupil" taken
    for an unusual name.
    """
    told: dict[str, _Told] = {}
    full_names: set[str] = set()
    present = names_present(text)
    labelled = _has_birth_label(text)
    if present or schooled:
        lines = [line for line in text.splitlines() if line.strip()]
        for index, line in enumerate(lines):
            names = _names(line[:_LONG_LINE], present, schooled)
            if names and len(told) < _MOST_NAMES:
                full_names.update(key_of(name.text) for name in names if " " in name.text)
                _pair_births(line, names, today, labelled, findings)
                _mentions(lines, index, names, told)
    _weigh(told, findings)
    if labelled:
        _lone_births(text, today, findings)
    _name_list(text, full_names, findings)


def _names(line: str, present: set[str], schooled: bool) -> list[Found]:
    words = set(CAPITALISED.findall(line))
    if not words:
        return []
    known = [] if words.isdisjoint(present) else list(find_names(line))
    return known + list(_behind_noun(line)) if schooled else known


def _lone_births(text: str, today: date, findings: Findings) -> None:
    """A date that a word calls a birth date counts without a name beside it: "she was born on"."""
    for found in find_dates(text):
        before = text[max(0, found.start - 24) : found.start].lower()
        label = any(before.rstrip(" :(").endswith(word) for word in rules().people.birth_labels)
        if label and is_young(found.day, today):
            findings.add(Evidence.BIRTH_DATE, 3.0)


def _has_birth_label(text: str) -> bool:
    lower = text.lower()
    return any(label in lower for label in rules().people.birth_labels if len(label) > 3)


def _pair_births(
    line: str, names: list[Found], today: date, labelled: bool, findings: Findings
) -> None:
    for found in find_dates(line):
        near = [name for name in names if 0 <= found.start - name.end <= _GAP]
        if not near or not is_young(found.day, today, 0.0 if labelled else _UNLABELLED):
            continue
        between = line[near[-1].end : found.start].lower()
        label = any(word in between for word in rules().people.birth_labels)
        if _is_adult(line, near[-1]) and not label:
            continue
        known = findings.groups.get(Evidence.BIRTH_DATE, set())
        points = (4.0 if label else 1.0) + min(5.0, 1.0 + len(known))
        findings.add(Evidence.BIRTH_DATE, points, found.day.isoformat())


def _mentions(lines: list[str], index: int, names: list[Found], told: dict[str, _Told]) -> None:
    """Note for each name of a line what says that it is a child's, and what is told of it."""
    line = lines[index]
    if _names_adults(line) or _is_signature(lines, index, names):
        return
    own = _situation(line[:_LONG_LINE])
    breath = _situation(" ".join(lines[max(0, index - 1) : index + 2])[:_LONG_LINE])
    for name in names:
        if _is_adult(line, name):
            continue
        person = told.setdefault(key_of(name.text), _Told())
        person.join(_Told(*_said_to_be_child(line, name), max(own, breath - 1 if own else 0)))


def _weigh(told: dict[str, _Told], findings: Findings) -> None:
    """Join "Sanne" to "Sanne de Vries", then weigh each."""
    for key, person in told.items():
        first = told.get(key.split(" ")[0])
        if first is not None and first is not person:
            person.join(first)
    for key, person in told.items():
        if points := person.points():
            findings.add(Evidence.MENTION, points, key if person.child else "")
            findings.maybe.update(() if person.child else (key,))


def _is_signature(lines: list[str], index: int, names: list[Found]) -> bool:
    """Whether a line is a name under a greeting."""
    rest = len(lines[index]) - sum(name.end - name.start for name in names)
    before = lines[index - 1].split() if index else []
    return rest < 30 and bool(before) and before[-1].strip(" ,.!").lower() in _titles()


def _situation(text: str) -> float:
    """How much is told of family, trouble and support: 0 to about 6."""
    tokens = set(_TOKEN.findall(text.lower()))
    counts = {
        kind: float(min(3, sum(token.startswith(stems) for token in tokens)))
        for kind, stems in rules().people.situation.items()
    }
    kinds = sum(count > 0 for count in counts.values())
    told = kinds >= 2 or counts["trouble"] >= 2
    return sum(counts.values()) if told else min(1.0, counts["trouble"])


def _names_adults(line: str) -> bool:
    head = line.lower().lstrip(" -•*\t").partition(":")[0][:30].strip()
    return ":" in line[:40] and head in rules().people.adult_lines


def _titles() -> frozenset[str]:
    return rules().people.adult_titles


def _is_adult(line: str, name: Found) -> bool:
    titles = _titles()
    before = _BEFORE.search(line[: name.start])
    if before and before.group(1).lower().strip(".,'") in titles:
        return True
    after = line[name.end : name.end + 30].lower()
    words = re.findall(r"^\s*[,(-]+\s*(?:de |the )?([\w'-]+)", after)
    return bool(words) and (words[0] in titles or words[0] in rules().people.adult_lines)


def _said_to_be_child(line: str, name: Found) -> tuple[float, float]:
    """Points for a noun, a relation or a class right beside a name, and for a class further on."""
    before = [word.strip(".,:()").lower() for word in line[: name.start].split()[-3:]]
    people = rules().people
    after = line[name.end : name.end + 160].lower().partition(". ")[0]
    group = 1.0 if _class_pattern().search(after) else 0.0
    if any(word in people.child_nouns for word in before[-2:]) or _class_pattern().match(after):
        return 3.0, group
    related = len(before) >= 2 and before[-1] in people.relation_words
    return (3.0 if related and before[-2] in people.relations else 0.0), group


def _behind_noun(line: str) -> Iterator[Found]:
    """A capitalised word right behind "pupil" or "parents of": a name, though an unusual one."""
    for match in _noun_pattern().finditer(line):
        word = match.group(1)
        if not is_given(word) and not word.isupper() and word.lower() not in rules().heads:
            yield Found(match.start(1), match.end(1), word)


@cache
def _noun_pattern() -> re.Pattern[str]:
    people = rules().people
    nouns = "|".join(map(re.escape, sorted(people.child_nouns)))
    relations = "|".join(map(re.escape, sorted(people.relations, key=len, reverse=True)))
    links = "|".join(sorted(people.relation_words))
    return re.compile(
        rf"\b(?:(?i:{nouns})|(?i:{relations}) (?:{links}))"
        r"[ ,]{1,2}([A-ZÆØÅÇŞ][a-zæøåéëïöüçşğı'-]{2,}(?: (?:(?:van|de|der|den|el|al) )*"
        r"[A-Z][\w-]+)?)"
    )


@cache
def _class_pattern() -> re.Pattern[str]:
    words = "|".join(map(re.escape, sorted(rules().people.class_words)))
    link = "|".join(map(re.escape, sorted(rules().people.class_links, key=len, reverse=True)))
    return re.compile(
        rf"[\s,(]*\b(?:(?:{link})\s+)?\(?(?:(?:{words})\s*\d{{1,2}}[a-zæøå]?\b"
        rf"|\d{{1,2}}\s?[.-]?\s?[a-zæøåx]\b(?!\w)|\d{{1,2}}\. (?:{words})\b)"
    )


def _name_list(text: str, names: set[str], findings: Findings) -> None:
    """A page that is little but names, under a word that says whose they are."""
    if len(names) < _LIST:
        return
    lower = text[:3000].lower()
    if not any(re.search(rf"\b{re.escape(word)}\b", lower) for word in rules().people.list_words):
        return
    letters = sum(letter.isalpha() for letter in text)
    share = sum(len(name) for name in names) / max(1, letters)
    if share >= 0.35:
        findings.add(Evidence.NAME_LIST, 6.0, *names)

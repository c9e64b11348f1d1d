"""How a school class is written: "group 5", "3.b", "2. class", "H4b", "P6"."""

import re
from functools import cache

from collectors.recognise.names import OLDEST_PUPIL
from collectors.recognise.rules import rules
from collectors.recognise.words import find_word, spelled

_SECONDARY = r"(?!h2o\b|b2b\b)[abghkmotv]{1,2}\d[a-z]\d?\b"
_STREAM = r"\d(?:(?:vmbo|mavo|havo|vwo|gym|hv|mh|kb|bb|bk|gt|tl|kt|ha|vw)\d?[a-z]?|[mhvkbgt]\d)\b"
_BRITISH = r"[psy]\d{1,2}\b(?!\d)"
_ROOM = r"på (?:[a-zæøå]+erne|[a-zæøå]+stuen)\b"
_BARE = r"(?:uit|fra) \d{1,2}(?=\s*(?:[-–.,;:)]|$))"


def speaks_of_class(text: str) -> bool:
    """Whether a class stands somewhere in a small text in small letters."""
    return any(char.isdigit() for char in text) and _anywhere().search(text) is not None


def is_title(text: str) -> bool:
    """Whether a line in small letters is one above a list of pupils: it names a class or them."""
    named = any(char.isdigit() for char in text) and _in_title().search(text) is not None
    return named or any(find_word(spelled(text), word) >= 0 for word in title_words())


@cache
def title_words() -> tuple[bytes, ...]:
    """Words for lists of pupils, as they are looked for."""
    return tuple(map(spelled, rules().people.list_words))


def is_class(cell: str) -> bool:
    """Whether a cell holds a class and nothing else."""
    return len(cell) <= 24 and _whole().fullmatch(cell.strip().lower()) is not None


def class_follows(text: str) -> bool:
    """Whether a class stands right behind a name, with the words that may link the two."""
    return _behind_name().match(text) is not None


@cache
def _in_title() -> re.Pattern[str]:
    """A class without a word for it counts above names only in its usual form: versions of
    programs and ordinals ("2e") look much the same."""
    return re.compile(rf"(?<![\w.,])(?:{_said()}|\d{{1,2}}(?:[a-d]|\. ?[a-zæøå])\b)")


@cache
def _shape() -> str:
    return rf"(?:{_said()}|\d{{1,2}}\s?[.-]?\s?[a-zæøåx]\b)"


@cache
def _said() -> str:
    words = "|".join(map(re.escape, sorted(rules().people.class_words, key=len, reverse=True)))
    return (
        rf"(?:(?:{words})\.?\s*\d{{1,2}}(?:[\s.-]?[a-zæøå]\b|[a-z]\d\b)?(?!\w)"
        rf"|\d{{1,2}}\. ?(?:{words})\b|(?:(?:{words})\.?\s*)?{_STREAM}"
        rf"|{_SECONDARY}|{_BRITISH})"
    )


@cache
def _anywhere() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_shape()}|{_BARE})")


@cache
def _whole() -> re.Pattern[str]:
    return re.compile(rf"{_shape()}|\d{{1,2}}")


@cache
def _behind_name() -> re.Pattern[str]:
    link = "|".join(map(re.escape, sorted(rules().people.class_links, key=len, reverse=True)))
    rooms = "|".join(map(re.escape, sorted(rules().people.room_words)))
    return re.compile(
        rf"[\s,(-]*\b(?:{_BARE}|{_ROOM}|(?:(?:{link})\s+)?\(?{_shape()})|\s*\((?:{rooms})\)"
    )


def age_follows(text: str) -> bool:
    """Whether the age of a child stands right behind a name."""
    found = _age().match(text)
    return found is not None and int(found["bare"] or found["said"]) <= OLDEST_PUPIL - 2


@cache
def _age() -> re.Pattern[str]:
    years = "|".join(map(re.escape, sorted(rules().people.year_words, key=len, reverse=True)))
    return re.compile(
        rf"\s*(?:\(\s*(?P<bare>\d{{1,2}})\s*\)|[,(]?\s*(?P<said>\d{{1,2}}) ?(?:{years})\b)"
    )

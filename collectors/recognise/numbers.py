"""Numbers that identify a person: BSN and onderwijsnummer (NL), CPR number (DK).

One in eleven random nine-digit numbers passes the elfproef and three in a hundred random ten-digit
numbers begin with a date, so a number alone is no evidence: it needs a word beside it, a hyphen in
the right place or a column that agrees.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from collectors.recognise.names import is_young
from collectors.recognise.rules import rules

WINDOW = 60
"""How many characters before a number may hold the word that says what it is."""

_NEAR = 24
_BSN = re.compile(
    r"(?<![\w.,/-])(?:\d{9}|\d{4}\.\d{2}\.\d{3}|\d{3}[ .-]\d{3}[ .-]\d{3})(?![\w]|[.,/-]\d)",
    re.ASCII,
)
_CPR = re.compile(
    r"(?<![\w.,/+-])([0-7]\d|[89][01])(0[1-9]|1[0-2])(\d{2})([- ]?)(\d{4})(?![\w]|[.,/-]\d)",
    re.ASCII,
)
_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_CPR_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_WORDS = re.compile(r"[\w.'-]+")
REPLACEMENT_DAY = 60
"""Replacement CPR numbers carry the day of birth plus sixty."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that identifies a person. ``young`` says whether it is known to be a child's."""

    digits: str
    young: bool


def passes_elfproef(digits: str) -> bool:
    """Whether nine digits are a BSN (remainder 0) or an onderwijsnummer (10..., remainder 5)."""
    if len(digits) != 9 or len(set(digits)) == 1:
        return False
    rest = _weighted(digits, _BSN_WEIGHTS) % 11
    return rest == 0 or (rest == 5 and digits.startswith("10"))


def passes_mod_11(digits: str) -> bool:
    """Whether ten digits pass the CPR check. Numbers given out since 2007 need not."""
    return _weighted(digits, _CPR_WEIGHTS) % 11 == 0


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def born(digits: str) -> date | None:
    """The day of birth in a CPR number, or None if there is no such day."""
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    day -= REPLACEMENT_DAY if day > REPLACEMENT_DAY else 0
    try:
        return date(_century(int(digits[6]), year) + year, month, day)
    except ValueError:
        return None


def _century(seventh: int, year: int) -> int:
    if seventh <= 3:
        return 1900
    if seventh in (4, 9):
        return 2000 if year <= 36 else 1900
    return 2000 if year <= 57 else 1800


def cell_bsn(cell: str) -> str | None:
    """The BSN in a cell of a column that is said to hold them; a lost leading zero is put back."""
    digits = re.sub(r"[ .-]", "", cell)
    if not re.fullmatch(r"\d{8,9}", digits, re.ASCII):
        return None
    digits = digits.zfill(9)
    return digits if passes_elfproef(digits) else None


def cell_cpr(cell: str) -> str | None:
    """The CPR number in a cell of a column that is said to hold them."""
    digits = re.sub(r"[ -]", "", cell)
    if re.fullmatch(r"\d{9}", digits, re.ASCII):
        digits = f"0{digits}"
    if not re.fullmatch(r"\d{10}", digits, re.ASCII):
        return None
    return digits if born(digits) else None


def find_bsn(text: str) -> Iterator[Number]:
    """Every BSN that a word before it names as one."""
    words = rules().people.bsn_words
    for match in _BSN.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if passes_elfproef(digits) and _named(text, match.start(), words):
            yield Number(digits, False)


def find_cpr(text: str, today: date) -> Iterator[Number]:
    """CPR numbers: written with a hyphen, or named as one by a word before it."""
    words = rules().people.cpr_words
    for match in _CPR.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        day = born(digits)
        if day is None or day > today:
            continue
        named = _named(text, match.start(), words)
        hyphen = match.group(4) == "-" and not _vetoed(text, match.start())
        if named or (hyphen and passes_mod_11(digits)):
            yield Number(digits, is_young(day, today))


def _named(text: str, start: int, words: tuple[str, ...]) -> bool:
    before = text[max(0, start - WINDOW) : start].lower()
    place = max(_last_word(before, word) for word in words)
    return place >= 0 and not _vetoed(text, start, WINDOW - place)


def _last_word(before: str, word: str) -> int:
    place = before.rfind(word)
    if place > 0 and before[place - 1].isalpha():
        return -1
    return place


def _vetoed(text: str, start: int, reach: int = _NEAR) -> bool:
    near = text[max(0, start - min(reach, _NEAR)) : start].lower()
    veto = rules().people.number_veto
    return any(word.strip(".-'") in veto for word in _WORDS.findall(near))

"""Numbers that identify a person: BSN and onderwijsnummer (NL), CPR number (DK).

One in eleven random nine-digit numbers passes the elfproef and three in a hundred random ten-digit
numbers begin with a date, so a number alone is no evidence: it needs a word beside it, a hyphen in
the right place or a column that agrees.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from operator import mul

from collectors.recognise.names import is_young
from collectors.recognise.reading import Reading
from collectors.recognise.rules import rules
from collectors.recognise.words import spelled

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
_NUMBER_CELL = re.compile(r"\d[\d .-]{7,12}", re.ASCII)
_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_CPR_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_BSN_SHAPES = (b"0" * 9, b"0000.00.000", b"000 000 000", b"000.000.000", b"000-000-000")
_CPR_SHAPES = (b"000000-0000", b"000000 0000", b"0" * 10)
_ISBN = re.compile(rb"(?<![\d-])97[89]-?\d(?:-?\d){9}(?![\d-])")
_LONG_AGO = re.compile(rb"(?<![\d.,/-])1(?:[5-8]\d\d|9[0-3]\d)(?![\d.,/-])")
_YEARS = 3
_NAME_NEAR = 160
_LONGEST = 16
"""Characters of the longest number and of what must not follow it."""
_MOST_LOOKED_AT = 20_000
"""Numbers of one text that are looked at: twice the persons that a verdict can name."""
_WORDS = re.compile(r"[\w.'-]+")
REPLACEMENT_DAY = 60
"""Replacement CPR numbers carry the day of birth plus sixty."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that identifies a person and where it stands. ``young`` says whether it is known
    to be a child's."""

    digits: str
    young: bool
    start: int


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
    return sum(map(mul, map(int, digits), weights))


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
    if not _NUMBER_CELL.fullmatch(cell):
        return None
    digits = re.sub(r"[ .-]", "", cell)
    if not 8 <= len(digits) <= 9:
        return None
    digits = digits.zfill(9)
    return digits if passes_elfproef(digits) else None


def cell_cpr(cell: str) -> str | None:
    """The CPR number in a cell of a column that is said to hold them."""
    if not _NUMBER_CELL.fullmatch(cell):
        return None
    digits = re.sub(r"[ -]", "", cell)
    digits = f"0{digits}" if len(digits) == 9 else digits
    return digits if len(digits) == 10 and digits.isdigit() and born(digits) else None


def find_bsn(reading: Reading) -> Iterator[Number]:
    """Every BSN that a word before it names as one."""
    text, words = reading.text, rules().people.bsn_words
    if not _has_shape(reading, _BSN_SHAPES):
        return
    for match in _behind(reading, words, _BSN):
        digits = re.sub(r"\D", "", match.group())
        if passes_elfproef(digits) and _named(text, match.start(), words):
            yield Number(digits, False, match.start())


def find_cpr(reading: Reading, today: date) -> Iterator[Number]:
    """CPR numbers: written with a hyphen, or named as one by a word before it."""
    text, words = reading.text, rules().people.cpr_words
    if not _has_shape(reading, _CPR_SHAPES):
        return
    matches = {match.start(): match for match in _behind(reading, words, _CPR)}
    matches.update((match.start(), match) for match in _hyphened(reading))
    for match in matches.values():
        digits = re.sub(r"\D", "", match.group())
        day = born(digits)
        if day is None or day > today:
            continue
        hyphen = match.group(4) == "-" and passes_mod_11(digits)
        hyphen = hyphen and _beside_a_name(reading, match.start())
        if (hyphen and not _vetoed(text, match.start())) or _named(text, match.start(), words):
            yield Number(digits, is_young(day, today), match.start())


def _beside_a_name(reading: Reading, place: int) -> bool:
    """Whether a name stands in the same line or the one before: meters have such numbers, too."""
    span = reading.line(place)
    start = max(reading.line_before(span)[0], place - _NAME_NEAR)
    first = bisect_left(reading.names, start)
    return first < len(reading.names) and reading.names[first] < min(span[1], place + _NAME_NEAR)


def count_isbn(reading: Reading) -> int:
    """How many numbers of books of thirteen digits stand in a text."""
    if b"978" not in reading.low and b"979" not in reading.low:
        return 0
    return len(_ISBN.findall(reading.low))


def tells_of_the_past(reading: Reading) -> bool:
    """Whether several years stand in a text in which nobody lived who is a pupil's parent now."""
    return len(set(_LONG_AGO.findall(reading.low))) >= _YEARS


def _has_shape(reading: Reading, shapes: tuple[bytes, ...]) -> bool:
    """Whether a text has digits in one of these forms at all."""
    return any(shape in reading.forms for shape in shapes)


def _behind(
    reading: Reading, words: tuple[str, ...], shape: re.Pattern[str]
) -> Iterator[re.Match[str]]:
    """The numbers of a shape that stand close behind one of the words."""
    places = sorted(place for word in words for place in _places(reading.low, spelled(word)))
    done = 0
    for place in places:
        start, end = max(done, place), place + WINDOW
        if start < end:
            for match in shape.finditer(reading.text, start, end + _LONGEST):
                if match.start() <= end:
                    yield match
                    done = match.end()
        done = max(done, end)


def _hyphened(reading: Reading) -> Iterator[re.Match[str]]:
    for place in _places(reading.forms, _CPR_SHAPES[0]):
        match = _CPR.match(reading.text, place)
        if match is not None:
            yield match


def _places(low: bytes, needle: bytes) -> Iterator[int]:
    place = low.find(needle)
    for _ in range(_MOST_LOOKED_AT):
        if place < 0:
            return
        yield place
        place = low.find(needle, place + len(needle))


def _named(text: str, start: int, words: tuple[str, ...]) -> bool:
    before = text[max(0, start - WINDOW) : start].lower()
    place = max(_last_word(before, word) for word in words)
    return place >= 0 and not _vetoed(text, start, len(before) - place)


def _last_word(before: str, word: str) -> int:
    place = before.rfind(word)
    if place > 0 and before[place - 1].isalpha():
        return -1
    return place


def _vetoed(text: str, start: int, reach: int = _NEAR) -> bool:
    near = text[max(0, start - min(reach, _NEAR)) : start].lower()
    veto = rules().people.number_veto
    return any(word.strip(".-'") in veto for word in _WORDS.findall(near))

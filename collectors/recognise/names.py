"""Names and dates in a text: what looks like a person's name, and which dates are a young birth."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from collectors.recognise.rules import rules

OLDEST_PUPIL = 22
"""Years. Pupils and clients of schools and youth care are younger."""

CAPITAL = r"[A-ZÀ-ÖØ-ÞĀŁŚŞŽÇİ]"
_WORD = CAPITAL + r"(?>[^\W\d_]*(?:['’-][^\W\d_]+)*)['’]?(?:(?<![^\W\d_]{3})\.)?(?!\w)"
"""A capitalised word; a full stop belongs to it only if it is an initial or nearly."""
_PARTICLE = r"(?:van|de|der|den|ter|ten|te|het|'t|el|al|von|bin|la|le|du|da|af|op|in|die|dos|ben)"
_NAME = re.compile(rf"\b{_WORD}(?:[ \u00a0](?:{_PARTICLE}[ \u00a0]){{0,3}}{_WORD}){{0,3}}")
_CELL_WORD = r"['’]?[^\W\d_][^\W\d_'’.-]*(?:['’.-][^\W\d_]*)*"
_CELL_NAME = re.compile(rf"[\s,]*{_CELL_WORD}(?:[\s,]+{_CELL_WORD}){{0,6}}[\s,]*")
_DMY = r"(?P<d>0?[1-9]|[12]\d|3[01])[-/. ](?P<m>0?[1-9]|1[0-2])[-/. ](?P<y>(?:19|20)\d\d)"
_ISO = r"(?P<y2>(?:19|20)\d\d)[-/.](?P<m2>0[1-9]|1[0-2])[-/.](?P<d2>0[1-9]|[12]\d|3[01])"
_MONTHS = (
    ("jan", 1), ("feb", 2), ("maa", 3), ("mrt", 3), ("mar", 3), ("apr", 4), ("mei", 5), ("maj", 5),
    ("may", 5), ("jun", 6), ("jul", 7), ("aug", 8), ("sep", 9), ("okt", 10), ("oct", 10),
    ("nov", 11), ("dec", 12),
)  # fmt: skip
_LONG = (
    r"(?P<d3>\d{1,2})\.? (?P<m3>(?:" + "|".join(name for name, _ in _MONTHS) + r")[a-zæ]*)\.? "
    r"(?P<y3>(?:19|20)\d\d)"
)
_MONTH_FIRST = (
    r"(?P<m4>(?:" + "|".join(name for name, _ in _MONTHS) + r")[a-z]*)\.? "
    r"(?P<d4>\d{1,2})(?:st|nd|rd|th)?,? (?P<y4>(?:19|20)\d\d)"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_AHEAD = 22
"""So many characters before a year may belong to its date: "30. september"."""
_BEHIND = 8
"""So many behind it: "-12-31" and what must not follow a date."""
_DATE = re.compile(rf"(?<![\d.,/-])(?:{_DMY}|{_ISO}|{_LONG}|{_MONTH_FIRST})(?![\d]|[-/.]\d)", re.I)

_COMPACT = re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])")
_SHORT = re.compile(
    r"(?<![\d.,/-])(?P<d>0?[1-9]|[12]\d|3[01])[-/.'](?P<m>0?[1-9]|1[0-2])(?:[-/.'])"
    r"(?P<y>\d\d)(?!\d|[-/.]\d)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A name or a date at its place in the text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Dated:
    """A date at its place in the text."""

    start: int
    end: int
    day: date


def is_given(word: str) -> bool:
    """Whether a word is a usual given name, or a double name that begins with one."""
    names = rules().given_names
    word = word.casefold().rstrip(".")
    return word in names or ("-" in word and word.partition("-")[0] in names)


def opens_a_name(word: str) -> bool:
    """Whether a capitalised word is a given name; of "Sannes" or "Sanne's" the name counts."""
    names, small = rules().given_names, word.casefold()
    if small in names:
        return word[0].isupper()
    if small[-1:] == "s" and small[:-1].rstrip("'") in names:
        return word[0].isupper()
    return "-" in small and small.partition("-")[0] in names and word[0].isupper()


def name_at(text: str, start: int) -> Found | None:
    """The name that begins with the word at ``start``, which is known to open one."""
    match = _NAME.match(text, start)
    if match is None:
        return None
    name = " ".join(_one_person(match.group().split(" ")))
    return Found(start, start + len(name), name)


def _one_person(words: list[str]) -> list[str]:
    """Names that stand side by side, as in the columns of a page, without those of the next
    person: "Sanne de Vries Bilal Demir". A given name behind a surname begins another."""
    surnames = 0
    for place, word in enumerate(words[1:-1], 1):
        known = opens_a_name(word)
        if known and surnames and not opens_a_name(words[place - 1]):
            return words[:place]
        surnames += word[0].isupper() and not known
    return words


def looks_like_name(cell: str) -> bool:
    """Whether a cell or the value of a field has the shape of a person's name, known or not."""
    if not 2 <= len(cell) <= 60 or not _CELL_NAME.fullmatch(cell):
        return False
    words = cell.replace(",", " ").split()
    return words[-1][0].isupper() or is_given(words[0])


def begins_with_given(cell: str) -> bool:
    """Whether a cell holds a usual given name: first, or behind the comma of "Jansen, Sanne"."""
    words = cell.replace(",", " , ").split()
    if not words:
        return False
    if is_given(words[0]):
        return True
    if "," in words:
        after = words[words.index(",") + 1 :]
        return bool(after) and is_given(after[0])
    return False


def find_dates(text: str) -> Iterator[Dated]:
    """Every date of the text that exists. Only what surrounds a year is looked at."""
    done = 0
    for year in _YEAR.finditer(text):
        if year.start() < done:
            continue
        match = _DATE.search(text, max(done, year.start() - _AHEAD), year.end() + _BEHIND)
        if match is None:
            continue
        done = match.end()
        day = _day(match)
        if day is not None:
            yield Dated(match.start(), match.end(), day)


def first_date(text: str) -> Dated | None:
    """The first date of a text, or None."""
    return next(find_dates(text), None)


def birth_in(text: str, today: date) -> Dated | None:
    """The first date of a text that is said to hold a birth date; there its year may be short."""
    found = first_date(text)
    if found is not None:
        return found
    match = _SHORT.search(text) or _COMPACT.fullmatch(text.strip())
    if match is None:
        return None
    if match.re is _COMPACT:
        return _compact(match)
    day, month, year = (int(match[part]) for part in "dmy")
    century = 2000 if 2000 + year <= today.year else 1900
    try:
        return Dated(match.start(), match.end(), date(century + year, month, day))
    except ValueError:
        return None


def _compact(match: re.Match[str]) -> Dated | None:
    try:
        return Dated(0, match.end(), date(*(int(match[part]) for part in "ymd")))
    except ValueError:
        return None


def date_at(text: str, start: int) -> Dated | None:
    """The date that begins at ``start``, or None."""
    match = _DATE.match(text, start, start + _AHEAD + _BEHIND)
    day = _day(match) if match else None
    return Dated(match.start(), match.end(), day) if match and day else None


def _day(match: re.Match[str]) -> date | None:
    year, month, day = (_piece(match, part) for part in "ymd")
    try:
        return date(int(year), _month(month), int(day))
    except ValueError:
        return None


def _piece(match: re.Match[str], part: str) -> str:
    return match[part] or match[f"{part}2"] or match[f"{part}3"] or match[f"{part}4"]


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return next(number for name, number in _MONTHS if text.lower().startswith(name))


def age_on(born: date, today: date) -> float:
    """Age in years; negative for a day that is still to come."""
    return (today - born).days / 365.25


def is_young(born: date, today: date, least: float = 0.0) -> bool:
    """Whether somebody born on that day may be a pupil or client today."""
    return least <= age_on(born, today) <= OLDEST_PUPIL


def key_of(name: str) -> str:
    """A name in the form under which two mentions count as one person."""
    return " ".join(name.casefold().replace(",", " ").split())

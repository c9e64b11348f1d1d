"""Numbers of the organisation's own shape: a pupil or client number as its policy describes it.

One alone says little, since an invoice may look so too. A word that names it, the head of its
column, or a column full of them says much. A shape without a letter is only ever believed by name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from collectors.recognise.findings import Findings
from collectors.recognise.heads import cells, meaning
from collectors.recognise.reading import Reading
from collectors.recognise.rules import rules
from collectors.recognise.rules.own import DIGIT, LETTER, is_bare
from collectors.recognise.verdict import Evidence

SEVERAL = 3
"""Different numbers in a column that nothing names."""
_NEAR = 48
_MOST = 20_000
"""Numbers of one text that are looked at: twice the persons that a verdict can name."""
_WEAK = 1.0
_LEAST_STRONG, _MOST_STRONG = 3.0, 9.0
_AGAINST = ("staff", "goods", "member")
_WORDS = re.compile(r"[\w.'-]+")


@dataclass(slots=True)
class _Numbers:
    """``strong`` numbers are said to be pupils'; ``other`` are said to be something else."""

    strong: set[str] = field(default_factory=set)
    weak: set[str] = field(default_factory=set)
    other: set[str] = field(default_factory=set)
    spots: list[str] = field(default_factory=list)


def read_own_numbers(reading: Reading, findings: Findings) -> None:
    """Look for numbers of the shapes in the policy, if it has any."""
    shapes = _present(reading)
    if not shapes:
        return
    found = _Numbers()
    _columns(reading.text, shapes, found)
    _running(reading, shapes, found)
    if found.strong:
        points = min(_MOST_STRONG, _LEAST_STRONG + len(found.strong))
        spots, times = found.spots[:3], len(found.strong)
        findings.add(Evidence.PUPIL_NUMBER, points, *found.strong, times=times, spots=spots)
    elif found.weak - found.other:
        findings.add(Evidence.PUPIL_NUMBER, _WEAK, spots=found.spots[:3])


def _present(reading: Reading) -> tuple[str, ...]:
    """The shapes whose longest row of digits stands in a text at all."""
    if not rules().shapes:
        return ()
    return tuple(shape for shape in rules().shapes if _digits(shape) in reading.forms)


@cache
def _digits(shape: str) -> bytes:
    runs = re.findall(f"{DIGIT}+", shape)
    return b"0" * max(map(len, runs))


@cache
def _pattern(shapes: tuple[str, ...]) -> re.Pattern[str]:
    """Each shape spelled out, place by place: of fixed length, so it cannot run away."""
    longest_first = sorted(shapes, key=len, reverse=True)
    either = "|".join("".join(map(_place, shape)) for shape in longest_first)
    return re.compile(rf"(?<!\w)(?<!\w[-./])(?:{either})(?!\w|[-./]\w)", re.I)


def _place(place: str) -> str:
    return {DIGIT: "[0-9]", LETTER: "[a-z]"}.get(place, re.escape(place))


def _running(reading: Reading, shapes: tuple[str, ...], found: _Numbers) -> None:
    """Numbers wherever they stand; those that a word before them on their line names count."""
    bare = _pattern_of(tuple(filter(is_bare, shapes)))
    for match, _ in zip(_pattern(shapes).finditer(reading.text), range(_MOST), strict=False):
        number = match.group().casefold()
        start = reading.line(match.start())[0]
        before = reading.text[max(start, match.start() - _NEAR) : match.start()].casefold()
        if _vetoed(before):
            found.other.add(number)
        elif _named(before):
            found.strong.add(number)
            found.spots.append(reading.around(match.start()))
        elif not (bare and bare.fullmatch(match.group())):
            found.weak.add(number)


def _pattern_of(shapes: tuple[str, ...]) -> re.Pattern[str] | None:
    return _pattern(shapes) if shapes else None


def _named(before: str) -> bool:
    """Whether a label stands in the text before a number, as a word of its own."""
    for label in rules().people.number_labels:
        place = before.rfind(label)
        around = before[:place][-1:] + before[place + len(label) :][:1]
        if place >= 0 and not any(map(str.isalpha, around)):
            return True
    return False


def _vetoed(before: str) -> bool:
    """Whether the word right before a number says that it is something else."""
    words = _WORDS.findall(before)
    return bool(words) and words[-1].strip(".-'") in rules().people.number_veto


def _columns(text: str, shapes: tuple[str, ...], found: _Numbers) -> None:
    whole = _pattern(shapes)
    named_only = _pattern_of(tuple(filter(is_bare, shapes)))
    for heads, columns in _tables(text, whole):
        against = any(group in _AGAINST for group in heads.values())
        for place, numbers in columns.items():
            if heads.get(place) == "pupil_no":
                found.strong |= numbers
            elif against:
                found.other |= numbers
            elif len(telling := _telling(numbers, named_only)) >= SEVERAL:
                found.strong |= telling
            found.spots += sorted(numbers)[:SEVERAL]


def _telling(numbers: set[str], named_only: re.Pattern[str] | None) -> set[str]:
    if named_only is None:
        return numbers
    return {number for number in numbers if not named_only.fullmatch(number)}


def _tables(
    text: str, whole: re.Pattern[str]
) -> Iterator[tuple[dict[int, str], dict[int, set[str]]]]:
    """The cells that are such a number and nothing else, by column, with the heads above."""
    heads, columns, left = dict[int, str](), dict[int, set[str]](), _MOST
    for line in text.split("\n"):
        row = cells(line)
        hits = [(place, cell) for place, cell in enumerate(row) if whole.fullmatch(cell)]
        for place, cell in hits[:left]:
            columns.setdefault(place, set()).add(cell.casefold())
        left -= len(hits[:left])
        if hits:
            continue
        above = {place: group for place, cell in enumerate(row) if (group := meaning(cell))}
        if above or "\t" not in line:
            yield heads, columns
            heads, columns = above, {}
    yield heads, columns

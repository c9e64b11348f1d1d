"""Tables that lost their columns on the way to plain text, as in most PDFs.

A line of heads is left, and below it lines that begin with a name. Which cell is which can no
longer be told, but for the name and for what has a shape of its own: a date, a number.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from collectors.recognise.heads import MOST_ROWS, Table, meaning
from collectors.recognise.names import CAPITAL, Found, birth_in, first_date, is_young
from collectors.recognise.numbers import born
from collectors.recognise.reading import LONG_LINE, Reading, Span
from collectors.recognise.rules import rules
from collectors.recognise.words import all_words, spelled

_NO_HEADS = re.compile(r"[\d:.!?]")
_LONGEST_LINE = 200
_SILENT = 12
"""So many lines a row may take in which no name stands, where its cells were broken up."""
_CPR = re.compile(r"(?<!\d)(\d{6})-(\d{4})(?!\d)")
_TWO_CAPITALS = re.compile(
    rf"(?:\d{{1,3}}[.)]? )?({CAPITAL}[^\W\d_]+(?: (?:van|de|der|den|el|al|af|von))*"
    rf" {CAPITAL}[^\W\d_]+(?:-[^\W\d_]+)?\.?) \S"
)


def flattened(reading: Reading) -> Iterator[tuple[Table, list[Span]]]:
    """Tables that a PDF shows as plain lines: a line of heads, then lines with a name in front.

    Beside each stand the lines below its head, up to the next head.
    """
    heads = dict(_head_lines(reading))
    if not heads:
        return
    names, places = reading.name_lines(), sorted(heads)
    for place, span in enumerate(places):
        end = places[place + 1][0] if place + 1 < len(places) else len(reading.text)
        below = list(_lines_below(reading, span, end, names))
        rows = [_flat_row(reading.text[slice(*each)], name, heads[span])
                for each, name in _named_rows(reading, below, names)]  # fmt: skip
        yield Table(heads[span], rows), below


def _lines_below(
    reading: Reading, head: Span, end: int, names: dict[Span, list[int]]
) -> Iterator[Span]:
    """The lines of a table: until the next head, or until for a while none names anybody."""
    span, silent = reading.line_after(head), 0
    for _ in range(MOST_ROWS):
        if span[0] >= end or silent > _SILENT:
            return
        silent = 0 if span in names or _TWO_CAPITALS.match(reading.text, *span) else silent + 1
        yield span
        span = reading.line_after(span)


def _named_rows(
    reading: Reading, lines: list[Span], names: dict[Span, list[int]]
) -> Iterator[tuple[Span, Found]]:
    """The lines that begin with a name. Right below another row an unusual name counts too."""
    beside = True
    for span in lines:
        line = reading.text[slice(*span)]
        found = names.get(span, [])
        known = reading.names_at(span, found[:1]) if found and found[0] - span[0] <= 8 else []
        name = known[0] if known else _unusual(line) if beside else None
        beside = name is not None and "\t" not in line
        if name is not None and beside:
            yield span, name


def _unusual(line: str) -> Found | None:
    match = _TWO_CAPITALS.match(line)
    return Found(*match.span(1), match.group(1)) if match else None


def _head_lines(reading: Reading) -> Iterator[tuple[Span, dict[int, str]]]:
    needles = [needle for needle, words in _name_needles() if words <= reading.words]
    for start, end in reading.lines_with(needles)[:MOST_ROWS]:
        line = reading.text[start : min(end, start + _LONGEST_LINE)]
        if end - start < _LONGEST_LINE and "\t" not in line and (found := _flat_heads(line)):
            yield (start, end), found


@cache
def _name_needles() -> tuple[tuple[bytes, frozenset[bytes]], ...]:
    """How each head is spelled, and the words that must stand in a text for it to be there."""
    return tuple((spelled(head), frozenset(all_words(head))) for head in sorted(_name_heads()))


@cache
def _name_heads() -> frozenset[str]:
    named = ("child", "name")
    return frozenset(head for head, group in rules().heads.items() if group in named)


def _flat_heads(line: str) -> dict[int, str]:
    words = line.split()
    if not 3 <= len(words) <= 20 or _name_heads().isdisjoint(line.lower().split()):
        return {}
    if _NO_HEADS.search(line):
        return {}
    groups = [group for word in words if len(word) > 2 and (group := meaning(word))]
    named = [group for group in groups if group in ("child", "name")]
    if not named or len(set(groups)) < 2 or len(groups) * 5 < len(words) * 2:
        return {}
    return dict(enumerate(dict.fromkeys(groups)))


def _flat_row(line: str, name: Found, columns: dict[int, str]) -> str:
    """A row with the cells that can be told apart: the name and, where there is one, a date."""
    day = first_date(line)
    found = {"child": name.text, "name": name.text, "birth": "", "national_id": ""}
    if day is not None:
        found["birth"] = line[day.start : day.end]
    return "\t".join(found.get(group, "-") for group in columns.values())


def numbered_rows(reading: Reading, lines: list[Span], today: date) -> Iterator[str]:
    """The lines that hold one young birth date or CPR number; each stands for one person."""
    for start, end in lines:
        line = reading.text[start : min(end, start + LONG_LINE)]
        found = birth_in(line, today)
        number = _CPR.search(line)
        day = found.day if found else born(number[1] + number[2]) if number else None
        if day is not None and is_young(day, today):
            yield f"line {start}"

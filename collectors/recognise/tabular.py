"""Tables in a text: runs of lines with cells, parted at their rows of heads."""

import re
from collections.abc import Iterator
from functools import cache

from collectors.recognise.heads import MOST_ROWS, Table, cells, meaning
from collectors.recognise.reading import Reading
from collectors.recognise.rules import rules
from collectors.recognise.words import all_words

_FOUR_DIGITS = re.compile(r"\d{4}")
_LIKE_A_HEAD = re.compile(r"(?:[^\W\d_][^\d:]{0,23})?$")
_LONGEST_TITLE = 160
_ALONE = {"child", "staff"}
"""Heads that say alone whom a table is about."""


def may_have_heads(reading: Reading) -> bool:
    """Whether a word that stands in heads stands in a text at all."""
    return not reading.words.isdisjoint(_head_words())


@cache
def _head_words() -> frozenset[bytes]:
    return frozenset(word for head in rules().heads for word in all_words(head))


def blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Runs of lines with at least two cells, and the line above each."""
    place = text.find("\t")
    while place >= 0:
        start = text.rfind("\n", 0, place) + 1
        end = _end_of_block(text, place)
        above = text[max(0, start - _LONGEST_TITLE) : max(0, start - 1)].rpartition("\n")[2]
        yield above, text[start:end].split("\n", MOST_ROWS)[:MOST_ROWS]
        place = text.find("\t", end)


def _end_of_block(text: str, place: int) -> int:
    while place >= 0:
        end = text.find("\n", place)
        if end < 0:
            return len(text)
        after = text.find("\n", end + 1)
        place = text.find("\t", end + 1, after if after >= 0 else len(text))
    return end


def split_at_heads(above: str, lines: list[str], headed: bool) -> Iterator[Table]:
    """Each head row begins a table; rows above the first head are judged by their content."""
    current, title = Table({}, [], above), above
    for line in lines:
        columns = _columns(line) if headed else {}
        if columns:
            yield current
            current = Table(columns, [], title)
        elif not line.isspace():
            current.lines.append(line)
        title = line[:_LONGEST_TITLE] if line.strip() else title
    yield current


def _columns(line: str) -> dict[int, str]:
    """The meanings of a line's cells if the line is a head, else nothing."""
    if _FOUR_DIGITS.search(line):
        return {}
    row = cells(line)
    filled = sum(map(bool, row))
    if filled < 2:
        return {}
    found = {place: group for place, cell in enumerate(row) if (group := meaning(cell))}
    groups = set(found.values())
    enough = len(groups) >= 2 and len(found) * 2 >= filled
    enough = enough or bool(groups & _ALONE and filled >= 3 and all(map(_LIKE_A_HEAD.match, row)))
    return found if enough or (len(groups) >= 3 and len(found) * 3 >= filled) else {}

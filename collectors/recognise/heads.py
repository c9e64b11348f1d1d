"""Column heads and what they mean, and tables that lost their columns on the way to plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from collectors.recognise.names import Found, first_date
from collectors.recognise.reading import Reading, Span
from collectors.recognise.rules import rules
from collectors.recognise.words import all_words, spelled

Row = list[str]

_NO_HEADS = re.compile(r"[\d:.!?]")
_LONGEST_HEAD = 80
_LONGEST_LINE = 200
MOST_ROWS = 20_000
"""Rows of one table that are looked at: twice the persons that a verdict can name."""
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the meaning of each column by place, and the lines below the head."""

    columns: dict[int, str]
    lines: list[str]

    def rows(self, most: int) -> list[Row]:
        """At most that many rows, from all over the table."""
        step = -(-len(self.lines) // most) or 1
        return [cells(line) for line in self.lines[::step]]


def cells(line: str) -> Row:
    """The cells of a line."""
    return [cell.strip().strip('"') for cell in line.split("\t")]


def meaning(head: str) -> str | None:
    """What a column head says its column holds, or None."""
    return _meaning(head) if len(head) <= _LONGEST_HEAD else None


@lru_cache(4096)
def _meaning(head: str) -> str | None:
    heads = rules().heads
    plain = _NOT_WORD.sub(" ", head.lower()).strip()
    if not plain or len(plain) > 40:
        return None
    if plain in heads:
        return heads[plain]
    stripped = plain.rstrip(" 0123456789")
    if stripped in heads:
        return heads[stripped]
    words = [heads[word] for word in stripped.split() if word in heads]
    for group in ("national_id", "guardian", "birth", "staff", "goods"):
        if group in words:
            return group
    return words[0] if words and len(stripped.split()) <= 3 else None


def flattened(reading: Reading) -> Iterator[Table]:
    """Tables that a PDF shows as plain lines: a line of heads, then lines with a name in front."""
    heads = dict(_head_lines(reading))
    if not heads:
        return
    text, columns, rows = reading.text, dict[int, str](), list[str]()
    names = reading.name_lines()
    for span in sorted({*heads, *names}):
        if span in heads:
            yield Table(columns, rows)
            columns, rows = heads[span], []
        elif columns and names[span][0] - span[0] <= 8 and len(rows) < MOST_ROWS:
            line = text[slice(*span)]
            if "\t" not in line and (found := reading.names_at(span, names[span][:1])):
                rows.append(_flat_row(line, found[0], columns))
    yield Table(columns, rows)


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
    groups = [group for word in words if (group := meaning(word))]
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

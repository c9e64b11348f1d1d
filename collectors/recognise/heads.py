"""Column heads and what they mean, and tables that lost their columns on the way to plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from collectors.recognise.names import Found, find_dates, find_names
from collectors.recognise.rules import rules

Row = list[str]

_NO_HEADS = re.compile(r"[\d:.!?]")
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the meaning of each column by place, and the rows below the head."""

    columns: dict[int, str]
    rows: list[Row]


def meaning(head: str) -> str | None:
    """What a column head says its column holds, or None."""
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


def flattened(text: str) -> Iterator[Table]:
    """Tables that a PDF shows as plain lines: a line of heads, then lines with a name in front."""
    columns: dict[int, str] = {}
    rows: list[Row] = []
    for line in text.splitlines():
        if "\t" in line or not line.strip():
            continue
        found = _flat_heads(line)
        if found:
            yield Table(columns, rows)
            columns, rows = found, []
        elif columns and (name := next(find_names(line), None)) and name.start <= 8:
            rows.append(_flat_row(line, name, columns))
    yield Table(columns, rows)


@cache
def _name_heads() -> frozenset[str]:
    named = ("child", "name")
    return frozenset(head for head, group in rules().heads.items() if group in named)


def _flat_heads(line: str) -> dict[int, str]:
    words = line.split() if len(line) < 200 else []
    if not 3 <= len(words) <= 20 or _name_heads().isdisjoint(line.lower().split()):
        return {}
    if _NO_HEADS.search(line):
        return {}
    groups = [group for word in words if (group := meaning(word))]
    named = [group for group in groups if group in ("child", "name")]
    if not named or len(set(groups)) < 2 or len(groups) * 5 < len(words) * 2:
        return {}
    return dict(enumerate(dict.fromkeys(groups)))


def _flat_row(line: str, name: Found, columns: dict[int, str]) -> Row:
    """A row with the cells that can be told apart: the name and, where there is one, a date."""
    day = next(find_dates(line), None)
    cells = {"child": name.text, "name": name.text, "birth": "", "national_id": ""}
    if day is not None:
        cells["birth"] = line[day.start : day.end]
    return [cells.get(group, "-") for group in columns.values()]

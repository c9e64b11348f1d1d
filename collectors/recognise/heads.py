"""Column heads and what they mean."""

import re
from dataclasses import dataclass
from functools import lru_cache

from collectors.recognise.rules import rules

Row = list[str]

_LONGEST_HEAD = 80
MOST_ROWS = 20_000
"""Rows of one table that are looked at: twice the persons that a verdict can name."""
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the meaning of each column by place, the lines below the head, and the line above
    it."""

    columns: dict[int, str]
    lines: list[str]
    title: str = ""

    def rows(self, most: int) -> list[Row]:
        """At most that many rows, from all over the table."""
        step = -(-len(self.lines) // most) or 1
        return [cells(line) for line in self.lines[::step]]


def cells(line: str) -> Row:
    """The cells of a line."""
    return [cell.strip().strip('"') for cell in line.split("\t")]


def without_signs(label: str) -> str:
    """A head, label or cell in small letters, its words a space apart and nothing else in it."""
    return _NOT_WORD.sub(" ", label.lower()).strip()


def meaning(head: str) -> str | None:
    """What a column head says its column holds, or None."""
    return _meaning(head) if len(head) <= _LONGEST_HEAD else None


@lru_cache(4096)
def _meaning(head: str) -> str | None:
    heads = rules().heads
    plain = without_signs(head)
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

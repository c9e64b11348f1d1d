"""Columns of a table: their cells, and what they hold where no head says it."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import date

from collectors.recognise.classes import is_class
from collectors.recognise.heads import Row
from collectors.recognise.names import begins_with_given, first_date, is_young, looks_like_name
from collectors.recognise.numbers import cell_bsn, cell_cpr

_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_CLASS = re.compile(r"(?:groep |klas |\w{0,3})?\d{0,2}[ ./-]?[A-Za-zÅØÆ]?\d?", re.I)


def column_of(rows: Sequence[Row], place: int) -> list[str]:
    return [row[place] for row in rows if place < len(row) and row[place]]


def mostly(column: Sequence[str], test: Callable[[str], object], share: float) -> bool:
    """Whether a test holds for that share of a column's cells; stops when it no longer can."""
    misses = len(column) - math.ceil(share * len(column))
    for cell in column:
        if not test(cell):
            misses -= 1
            if misses < 0:
                return False
    return bool(column)


def guess_columns(rows: Sequence[Row], today: date) -> dict[int, str]:
    """Columns of a table without a head, by what the cells hold. Without a column of names or
    numbers of persons nothing else is looked for."""
    if len(rows) < 4:
        return {}
    places = {place: column_of(rows, place) for place in range(max(map(len, rows)))}
    filled = {place: column for place, column in places.items() if len(column) * 2 >= len(rows)}
    who = {place: group for place, column in filled.items() if (group := _guess_who(column))}
    if not who:
        return {}
    rest = {place: group for place in filled.keys() - who.keys()
            if (group := _guess_more(filled[place], today))}  # fmt: skip
    return who | rest if len({*who.values(), *rest.values()}) >= 2 else {}


def _guess_who(column: list[str]) -> str | None:
    if sum(cell[0].isdigit() for cell in column[:10]) * 2 < len(column[:10]):
        # A list has each person once; a log has the same names again and again.
        named = len(set(column)) * 2 > len(column) and mostly(column, _named, 0.5)
        return "name" if named else None
    if len(column) < 5:
        return None
    if mostly(column, cell_cpr, 0.8):
        return "national_id"
    bsn = mostly(column, lambda cell: len(cell) == 9 and cell_bsn(cell), 0.8)
    return "national_id" if bsn else None


def _guess_more(column: list[str], today: date) -> str | None:
    if mostly(column, lambda cell: _young_date(cell, today), 0.8):
        return "birth"
    shaped = mostly(column, _is_class, 0.8)
    return "class" if shaped and len(set(column)) * 2 <= len(column) else None


def _is_class(cell: str) -> bool:
    if not _DIGIT.search(cell) or not _LETTER.search(cell):
        return False
    return is_class(cell) or _CLASS.fullmatch(cell) is not None


def _named(cell: str) -> bool:
    return begins_with_given(cell) and looks_like_name(cell)


def _young_date(cell: str, today: date) -> bool:
    found = first_date(cell) if len(cell) < 20 else None
    return found is not None and is_young(found.day, today, 2.0)

"""Rosters: tables whose columns together only a list of pupils or clients has.

A table is a run of lines with cells. Its head row gives each column a meaning; the cells then have
to bear it out (a birth date column must hold dates, and dates of the young). Columns of staff,
goods and club members speak against the whole table.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from collectors.recognise.classes import is_class, is_title
from collectors.recognise.columns import column_of, guess_columns, mostly
from collectors.recognise.findings import Findings
from collectors.recognise.flattened import flattened, numbered_rows
from collectors.recognise.heads import MOST_ROWS, Row, Table, cells, meaning
from collectors.recognise.names import (
    begins_with_given,
    birth_in,
    is_young,
    key_of,
    looks_like_name,
)
from collectors.recognise.numbers import born, cell_bsn, cell_cpr
from collectors.recognise.reading import Reading
from collectors.recognise.rules import rules
from collectors.recognise.tabular import blocks, may_have_heads, split_at_heads
from collectors.recognise.verdict import Evidence

_POINTS = {
    "child": 3.0,
    "birth": 4.0,
    "pupil_no": 3.0,
    "guardian": 3.0,
    "age": 2.0,
    "class": 2.0,
    "classes": 3.5,
    "baby": 3.5,
    "scores": 2.0,
    "attendance": 2.0,
    "care": 2.0,
    "mentor": 1.5,
    "origin": 1.0,
    "gender": 0.5,
    "address": 0.5,
    "contact": 0.3,
}
_AGAINST = {"staff": 3.0, "goods": 4.0, "member": 4.0}
_MOST_AGAINST = 7.0
_SHOWN = {"age": "birth", "classes": "class"}
"""What a head says where its cells say more."""
ENOUGH = 4.0
"""Points at which a table with a name column is a roster."""
_TITLED, _MANY_MARKS, _GIVEN = 2.0, 2.0, 0.5
_FEW_GIVEN = 4
_FIRST_ROWS = 3
_SUBJECTS = 3
_FEWEST_GIVEN = 0.3
"""Share of cells that must begin with a usual given name in a column headed just "name"."""
_SAMPLE = 200
"""Rows by which the columns of a long table are told."""
_LETTERS = re.compile(r"\W?[^\W\d_]{2}[^\d]*$")


def read_tables(reading: Reading, today: date, findings: Findings) -> None:
    """Look for rosters in every table of a text."""
    headed = may_have_heads(reading)
    for above, lines in blocks(reading.text):
        _across(above, lines, findings)
        for table in split_at_heads(above, lines, headed):
            _judge(table, today, findings)
    for table, below in flattened(reading):
        _judge(table, today, findings)
        if {"birth", "national_id"} & set(table.columns.values()):
            findings.rows |= set(numbered_rows(reading, below, today))


def _across(above: str, lines: list[str], findings: Findings) -> None:
    """A table that stands on its side: the names in its first row, a person to each column."""
    for line in lines[:_FIRST_ROWS]:
        row = cells(line)
        names = [cell for cell in row[1:] if begins_with_given(cell) and looks_like_name(cell)]
        filled = sum(map(bool, row[1:]))
        if len(names) < _FEW_GIVEN or len(names) * 5 < filled * 4 or len(lines) < _FIRST_ROWS:
            continue
        if meaning(row[0]) in ("child", "name") or is_title(above.lower()):
            persons = (key_of(name) for name in row[1:] if name)
            findings.add(Evidence.ROSTER, 6.0, *persons, times=len(names), spots=names[:3])
            return


def _judge(table: Table, today: date, findings: Findings) -> None:
    """Judge a table by its heads; where no name stands below them, they may be shifted."""
    if not _judged(table, today, findings) and table.columns and not findings.adults:
        _judged(replace(table, columns={}), today, findings)


def _judged(table: Table, today: date, findings: Findings) -> bool:
    """Whether its columns are what their heads say; what it lists is noted."""
    sample = table.rows(_SAMPLE)
    columns = table.columns or guess_columns(sample, today)
    if not columns or not sample:
        return True
    against = min(_MOST_AGAINST, sum(_AGAINST.get(group, 0) for group in set(columns.values())))
    points, confirmed = _weigh(columns, sample, today)
    points += _beside(table, columns, confirmed)
    if against and against >= points - 4:
        findings.adults = max(findings.adults, against)
        return True
    rows = table.rows(MOST_ROWS) if len(table.lines) > len(sample) else sample
    _identifiers(columns, sample, rows, today, findings)
    if points - against >= ENOUGH:
        sure = confirmed > {"child"} or points >= 2 * ENOUGH
        names = _names(columns, sample, rows, sure)
        _roster(names, points - against, confirmed, findings)
        return bool(names)
    return bool(confirmed & {"child", "name"} and _names(columns, sample, sample, True))


def _beside(table: Table, columns: dict[int, str], confirmed: set[str]) -> float:
    """Points for what only a list of pupils is: a class above the table, marks for each subject."""
    titled = not confirmed & {"class", "classes"} and is_title(table.title.lower())
    named = [place for place, group in columns.items() if group in ("child", "name")]
    given = _GIVEN if "classes" in confirmed and _mostly_given(table, named) else 0.0
    subjects = sum(group == "scores" for group in columns.values()) >= _SUBJECTS
    return _TITLED * titled + given + _MANY_MARKS * (subjects and "scores" in confirmed)


def _mostly_given(table: Table, places: list[int]) -> bool:
    rows = table.rows(_SAMPLE)
    return sum(_any_given(row, places) for row in rows) * 2 >= max(len(rows), 2 * _FEW_GIVEN)


def _roster(names: set[str], points: float, confirmed: set[str], findings: Findings) -> None:
    least = 1 if confirmed & {"birth", "age", "pupil_no", "child"} else 3
    if len(names) >= least:
        few = 2.0 if len(names) < 3 else 0.0
        rows, points = len(names), min(9.0, 2.0 + points) - few
        findings.add(Evidence.ROSTER, points, *names, times=rows, spots=sorted(names)[:3])
        findings.columns |= {_SHOWN.get(group, group) for group in confirmed}
        if "pupil_no" in confirmed:
            findings.add(Evidence.PUPIL_NUMBER, 1.0, times=rows)
        if "birth" in confirmed:
            findings.add(Evidence.BIRTH_DATE, 1.0, times=rows)


def _weigh(columns: dict[int, str], rows: Sequence[Row], today: date) -> tuple[float, set[str]]:
    """Points of the columns that their cells bear out, and which groups those are."""
    confirmed: set[str] = set()
    penalty = 0.0
    for place, group in columns.items():
        column = column_of(rows, place)
        if not column:
            continue
        if group == "birth":
            young, old = _births(column, today)
            penalty += 4.0 if old > young else 0.0
            if young <= old:
                continue
            group = "birth" if any(birth_in(cell, today) for cell in column[:5]) else "age"
        if group == "child" and not mostly(column, looks_like_name, 0.5):
            continue
        if group == "class":
            if sum(len(cell) <= 24 for cell in column) < 0.8 * len(column):
                continue
            # A class has many pupils, but few teachers.
            shared = len(set(column)) * 2 <= len(column)
            group = "classes" if shared and mostly(column, is_class, 0.8) else "class"
        confirmed.add(group)
    # A sum over a set of strings would depend on its order, and a verdict must not.
    return sum(_POINTS.get(group, 0.0) for group in sorted(confirmed)) - penalty, confirmed


def _births(column: list[str], today: date) -> tuple[int, int]:
    """How many cells tell of somebody young, and how many of somebody older."""
    young = old = 0
    for cell in column:
        found = birth_in(cell, today)
        if found is not None:
            yes = is_young(found.day, today)
        elif re.fullmatch(r"\d{1,2}(?:[.,;:]\d+)?(?: ?(?:jaar|år|years?|jr))?", cell):
            yes = int(re.split(r"\D", cell)[0]) <= 22
        elif re.fullmatch(r"(?:19|20)\d\d", cell):
            yes = 0 <= today.year - int(cell) <= 22
        else:
            continue
        young, old = young + yes, old + (not yes)
    return young, old


def _names(
    columns: dict[int, str], sample: Sequence[Row], rows: Sequence[Row], sure: bool
) -> set[str]:
    """The persons of the name columns. Two rows with the same name are one person."""
    places = [p for p, g in columns.items() if g == "child"]
    places = places or [p for p, g in columns.items() if g == "name"]
    full = _all_names(sample, places)
    shaped = sum(map(looks_like_name, full))
    if not shaped or shaped * 2 < len(full):
        return set()
    if not sure and sum(_any_given(row, places) for row in sample) < _FEWEST_GIVEN * shaped:
        return set()
    every = full if rows is sample else _all_names(rows, places)
    # Where nearly all cells are names, the others are too: unusual ones, or spoilt on the way.
    test = _LETTERS.match if shaped * 5 >= len(full) * 4 else looks_like_name
    return {key_of(name) for name in set(every) if test(name)}


def _all_names(rows: Sequence[Row], places: list[int]) -> list[str]:
    """The names of a table's rows, but for rows that add up."""
    sums = rules().people.sum_words
    names = (_full_name(row, places) for row in rows)
    return [name for name in names if name and name.split()[0].casefold().strip(":.") not in sums]


def _full_name(row: Row, places: list[int]) -> str:
    return " ".join(row[p] for p in places if p < len(row) and row[p])


def _any_given(row: Row, places: list[int]) -> bool:
    return any(begins_with_given(row[place]) for place in places if place < len(row))


def _identifiers(
    columns: dict[int, str],
    sample: Sequence[Row],
    rows: Sequence[Row],
    today: date,
    findings: Findings,
) -> None:
    for place in (p for p, group in columns.items() if group == "national_id"):
        tried = set(column_of(sample, place))
        for number_in, evidence in ((cell_bsn, Evidence.BSN), (cell_cpr, Evidence.CPR)):
            if sum(number_in(cell) is not None for cell in tried) * 5 >= max(1, len(tried)) * 4:
                found = {n for cell in set(column_of(rows, place)) if (n := number_in(cell))}
                if evidence is Evidence.BSN or _mostly_young(found, today):
                    findings.columns.add("national_id")
                    points, spots = min(12.0, 5.0 + 2 * len(found)), sorted(found)[:3]
                    findings.add(evidence, points, *found, times=len(found), spots=spots)
                break


def _mostly_young(numbers: set[str], today: date) -> bool:
    days = [day for number in numbers if (day := born(number))]
    return sum(is_young(day, today) for day in days) * 2 >= len(days)

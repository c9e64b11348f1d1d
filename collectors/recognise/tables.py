"""Rosters: tables whose columns together only a list of pupils or clients has.

A table is a run of lines with cells. Its head row gives each column a meaning; the cells then have
to bear it out (a birth date column must hold dates, and dates of the young). Columns of staff,
goods and club members speak against the whole table.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

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
from collectors.recognise.verdict import Evidence
from collectors.recognise.words import all_words

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
_ALONE = {"child", "staff"}
"""Heads that say alone whom a table is about."""
_SHOWN = {"age": "birth", "classes": "class"}
"""What a head says where its cells say more."""
ENOUGH = 4.0
"""Points at which a table with a name column is a roster."""
_TITLED, _MANY_MARKS, _GIVEN = 2.0, 2.0, 0.5
_FEW_GIVEN = 4
_FIRST_ROWS = 3
_SUBJECTS = 3
_LONGEST_TITLE = 160
_FEWEST_GIVEN = 0.3
"""Share of cells that must begin with a usual given name in a column headed just "name"."""
_SAMPLE = 200
"""Rows by which the columns of a long table are told."""
_FOUR_DIGITS = re.compile(r"\d{4}")
_LIKE_A_HEAD = re.compile(r"(?:[^\W\d_][^\d:]{0,23})?$")
_LETTERS = re.compile(r"\W?[^\W\d_]{2}[^\d]*$")


def read_tables(reading: Reading, today: date, findings: Findings) -> None:
    """Look for rosters in every table of a text."""
    headed = not reading.words.isdisjoint(_head_words())
    for above, lines in _blocks(reading.text):
        _across(above, lines, findings)
        for table in _split_at_heads(above, lines, headed):
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


@cache
def _head_words() -> frozenset[bytes]:
    return frozenset(word for head in rules().heads for word in all_words(head))


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
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


def _split_at_heads(above: str, lines: list[str], headed: bool) -> Iterator[Table]:
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


def _judge(table: Table, today: date, findings: Findings) -> None:
    sample = table.rows(_SAMPLE)
    columns = table.columns or guess_columns(sample, today)
    if not columns or not sample:
        return
    against = min(_MOST_AGAINST, sum(_AGAINST.get(group, 0) for group in set(columns.values())))
    points, confirmed = _weigh(columns, sample, today)
    points += _beside(table, columns, confirmed)
    if against and against >= points - 4:
        findings.adults = max(findings.adults, against)
        return
    rows = table.rows(MOST_ROWS) if len(table.lines) > len(sample) else sample
    _identifiers(columns, sample, rows, today, findings)
    if points - against >= ENOUGH:
        sure = confirmed > {"child"} or points >= 2 * ENOUGH
        names = _names(columns, sample, rows, sure)
        _roster(names, points - against, confirmed, findings)


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

"""Rosters: tables whose columns together only a list of pupils or clients has.

A table is a run of lines with cells. Its head row gives each column a meaning; the cells then have
to bear it out (a birth date column must hold dates, and dates of the young). Columns of staff,
goods and club members speak against the whole table.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from collectors.recognise.findings import Findings
from collectors.recognise.heads import Row, Table, flattened, meaning
from collectors.recognise.names import (
    begins_with_given,
    find_dates,
    is_young,
    key_of,
    looks_like_name,
)
from collectors.recognise.numbers import born, cell_bsn, cell_cpr
from collectors.recognise.verdict import Evidence

_POINTS = {
    "child": 3.0,
    "birth": 4.0,
    "pupil_no": 3.0,
    "guardian": 3.0,
    "class": 2.0,
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
ENOUGH = 4.0
"""Points at which a table with a name column is a roster."""
_FEWEST_GIVEN = 0.3
"""Share of cells that must begin with a usual given name in a column headed just "name"."""
_CLASS = re.compile(r"(?:groep |klas |\w{0,3})?\d{0,2}[ ./-]?[A-Za-zÅØÆ]?\d?", re.I)


def read_tables(text: str, today: date, findings: Findings) -> None:
    """Look for rosters in every table of a text."""
    for block in _blocks(text):
        for table in _split_at_heads(block):
            _judge(table, today, findings)
    for table in flattened(text):
        _judge(table, today, findings)


def _blocks(text: str) -> Iterator[list[Row]]:
    """Runs of lines with at least two cells; an empty line does not end one."""
    block: list[Row] = []
    for line in text.splitlines():
        if "\t" in line:
            block.append([cell.strip().strip('"') for cell in line.split("\t")])
        elif line.strip() and block:
            yield block
            block = []
    if block:
        yield block


def _split_at_heads(block: list[Row]) -> Iterator[Table]:
    """Each head row begins a table; rows above the first head are judged by their content."""
    current = Table({}, [])
    for row in block:
        columns = _columns(row)
        if columns:
            yield current
            current = Table(columns, [])
        elif any(row):
            current.rows.append(row)
    yield current


def _columns(row: Row) -> dict[int, str]:
    """The meanings of a row's cells if the row is a head, else nothing."""
    cells = [cell for cell in row if cell]
    if len(cells) < 2 or any(re.search(r"\d{4}", cell) for cell in cells):
        return {}
    found = {place: group for place, cell in enumerate(row) if (group := meaning(cell))}
    groups = set(found.values())
    enough = len(groups) >= 2 and len(found) * 2 >= len(cells)
    return found if enough or (len(groups) >= 3 and len(found) * 3 >= len(cells)) else {}


def _judge(table: Table, today: date, findings: Findings) -> None:
    columns = table.columns or _guess(table.rows, today)
    if not columns or not table.rows:
        return
    against = min(_MOST_AGAINST, sum(_AGAINST.get(group, 0) for group in set(columns.values())))
    points, confirmed = _weigh(columns, table.rows, today)
    if against and against >= points - 4:
        findings.adults = max(findings.adults, against)
        return
    names = _names(columns, table.rows, "child" in confirmed or points >= 2 * ENOUGH)
    _identifiers(columns, table.rows, today, findings)
    if not names or points - against < ENOUGH:
        return
    least = 1 if confirmed & {"birth", "pupil_no", "child"} else 3
    if len(names) >= least:
        few = 2.0 if len(names) < 3 else 0.0
        findings.add(Evidence.ROSTER, min(9.0, 2.0 + points - against) - few, *names)
        if "pupil_no" in confirmed:
            findings.add(Evidence.PUPIL_NUMBER, 1.0)
        if "birth" in confirmed:
            findings.add(Evidence.BIRTH_DATE, 1.0)


def _weigh(columns: dict[int, str], rows: Sequence[Row], today: date) -> tuple[float, set[str]]:
    """Points of the columns that their cells bear out, and which groups those are."""
    confirmed: set[str] = set()
    penalty = 0.0
    for place, group in columns.items():
        cells = _cells(rows, place)
        if not cells:
            continue
        if group == "birth":
            young, old = _births(cells, today)
            penalty += 4.0 if old > young else 0.0
            if young <= old:
                continue
        if group == "child" and not _mostly_names(cells):
            continue
        if group == "class" and sum(len(cell) <= 24 for cell in cells) < 0.8 * len(cells):
            continue
        confirmed.add(group)
    return sum(_POINTS.get(group, 0.0) for group in confirmed) - penalty, confirmed


def _births(cells: list[str], today: date) -> tuple[int, int]:
    """How many cells tell of somebody young, and how many of somebody older."""
    young = old = 0
    for cell in cells:
        found = next(find_dates(cell), None)
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


def _names(columns: dict[int, str], rows: Sequence[Row], sure: bool) -> set[str]:
    """The persons of the name columns. Two rows with the same name are one person."""
    places = [p for p, g in columns.items() if g == "child"]
    places = places or [p for p, g in columns.items() if g == "name"]
    if not places:
        return set()
    full = [" ".join(row[p] for p in places if p < len(row) and row[p]) for row in rows]
    shaped = [name for name in full if looks_like_name(name)]
    given = sum(_any_given(row, places) for row in rows)
    if len(shaped) * 2 < len([name for name in full if name]):
        return set()
    if not sure and given < _FEWEST_GIVEN * len(shaped):
        return set()
    return {key_of(name) for name in shaped}


def _any_given(row: Row, places: list[int]) -> bool:
    return any(begins_with_given(row[place]) for place in places if place < len(row))


def _mostly_names(cells: list[str]) -> bool:
    return sum(looks_like_name(cell) for cell in cells) * 2 >= len(cells)


def _identifiers(
    columns: dict[int, str], rows: Sequence[Row], today: date, findings: Findings
) -> None:
    for place in (p for p, group in columns.items() if group == "national_id"):
        cells = _cells(rows, place)
        bsn = {number for cell in cells if (number := cell_bsn(cell))}
        cpr = {number for cell in cells if (number := cell_cpr(cell))}
        if bsn and len(bsn) * 5 >= len(set(cells)) * 4:
            findings.add(Evidence.BSN, min(12.0, 5.0 + 2 * len(bsn)), *bsn)
        elif cpr and len(cpr) * 5 >= len(set(cells)) * 4:
            days = [day for number in cpr if (day := born(number))]
            if sum(is_young(day, today) for day in days) * 2 >= len(days):
                findings.add(Evidence.CPR, min(12.0, 5.0 + 2 * len(cpr)), *cpr)


def _guess(rows: Sequence[Row], today: date) -> dict[int, str]:
    """Columns of a table without a head, by what the cells hold."""
    if len(rows) < 4:
        return {}
    columns: dict[int, str] = {}
    for place in range(max(map(len, rows))):
        cells = _cells(rows, place)
        if len(cells) * 2 >= len(rows) and (group := _guess_column(cells, today)):
            columns[place] = group
    return columns if len(set(columns.values())) >= 2 else {}


def _guess_column(cells: list[str], today: date) -> str | None:
    share = 0.8 * len(cells)
    if sum(cell_cpr(cell) is not None for cell in cells) >= share and len(cells) >= 5:
        return "national_id"
    if sum(len(cell) == 9 and cell_bsn(cell) is not None for cell in cells) >= share >= 4:
        return "national_id"
    if sum(begins_with_given(cell) and looks_like_name(cell) for cell in cells) * 2 >= len(cells):
        return "name"
    dates = [found.day for cell in cells if len(cell) < 20 for found in find_dates(cell)]
    if len(dates) >= share and sum(is_young(day, today, 2.0) for day in dates) >= share:
        return "birth"
    shaped = [cell for cell in cells if re.search(r"\d", cell) and _CLASS.fullmatch(cell)]
    return "class" if len(shaped) >= share and len(set(cells)) * 2 <= len(cells) else None


def _cells(rows: Sequence[Row], place: int) -> list[str]:
    return [row[place] for row in rows if place < len(row) and row[place]]

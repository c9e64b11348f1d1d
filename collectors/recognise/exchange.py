"""Exports of pupil systems, known by their structure: XML by its marks, tables by their heads.

Nobody keeps such a file who is not about to hand pupils to another system, so one with a record in
it is a pupil file even where its columns are called what no other list calls them. A schema has
the words of a format and no record, and is none.
"""

import re
from collections.abc import Iterator
from datetime import date

from collectors.recognise.findings import Findings
from collectors.recognise.heads import cells, without_signs
from collectors.recognise.names import is_young, key_of, looks_like_name
from collectors.recognise.reading import Reading
from collectors.recognise.rules.exchange_formats import Bare, ExchangeFormat, exchange_formats
from collectors.recognise.verdict import Evidence

_POINTS = 6.0
"""Makes a pupil file by itself."""
_FIRST_LINES = 12
"""Lines among which the heads of an export stand."""
_MOST_ROWS = 20_000
_FEWEST_BARE = 3
_NUMBER = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)[-+]?\d{4}")
_RECORDS = (Evidence.RECORD, Evidence.NAME_LABEL, Evidence.ROSTER)


def read_exchange(reading: Reading, today: date, findings: Findings) -> None:
    """Note which exchange format a text is, and whom its records are about."""
    lines = reading.text.split("\n", _MOST_ROWS)[:_MOST_ROWS]
    xml = reading.text.startswith("<")
    first = [_plain_cells(line) for line in lines[:_FIRST_LINES] if not xml and "\t" in line]
    for one in exchange_formats():
        if xml and any(all(mark in reading.low for mark in marks) for marks in one.marks):
            _note(one, _in_elements(lines, one), findings)
        for heads in first:
            if any(wanted <= set(heads) for wanted in one.heads):
                _note(one, _in_columns(lines, heads, one), findings)
                break
        if one.bare and first and (persons := set(_in_bare(lines, one.bare, today))):
            _note(one, persons, findings)


def _note(one: ExchangeFormat, persons: set[str], findings: Findings) -> None:
    """Records found here weigh; records found before only get the name of their format."""
    if not persons and not any(kind in findings.points for kind in _RECORDS):
        return
    points = _POINTS if persons else 0.0
    findings.add(Evidence.EXCHANGE_FORMAT, points, *persons, times=max(1, len(persons)))
    findings.add(one.evidence, 0.0)


def _in_elements(lines: list[str], one: ExchangeFormat) -> set[str]:
    pairs = (line.partition(": ") for line in lines)
    return {value for label, _, value in pairs if value and label.lower() in one.persons}


def _in_columns(lines: list[str], heads: list[str], one: ExchangeFormat) -> set[str]:
    """The names below the heads, if most rows hold one."""
    places = [heads.index(name) for name in one.names if name in heads]
    rows = [cells(line) for line in lines if "\t" in line]
    full = [_joined(row, places) for row in rows if without_signs(row[0]) != heads[0]]
    named = {key_of(name) for name in full if looks_like_name(name)}
    return named if sum(map(looks_like_name, full)) * 2 > len(full) else set()


def _in_bare(lines: list[str], bare: Bare, today: date) -> Iterator[str]:
    """The names of a table whose every row has a young person's number at its place."""
    rows = [cells(line) for line in lines if line]
    if len(rows) < _FEWEST_BARE:
        return
    for row in rows:
        name = _joined(row, list(bare.names)) if len(row) == bare.columns else ""
        if not looks_like_name(name) or not _is_number_of_young(row[bare.number], today):
            return
    yield from (key_of(_joined(row, list(bare.names))) for row in rows)


def _is_number_of_young(cell: str, today: date) -> bool:
    """Whether a cell holds a date of birth and four digits of which the last proves the others."""
    found = _NUMBER.fullmatch(cell)
    if found is None:
        return False
    digits = [int(digit) for digit in re.sub(r"\D", "", cell)[2:]]
    doubled = [
        digit * 2 - 9 * (digit > 4) if n % 2 == 0 else digit for n, digit in enumerate(digits)
    ]
    try:
        day = date(*map(int, found.groups()))
    except ValueError:
        return False
    return sum(doubled) % 10 == 0 and is_young(day, today)


def _joined(row: list[str], places: list[int]) -> str:
    return " ".join(row[place] for place in places if place < len(row) and row[place])


def _plain_cells(line: str) -> list[str]:
    return [without_signs(cell) for cell in cells(line)]

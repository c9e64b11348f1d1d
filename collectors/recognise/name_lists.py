"""Lists of names without a table: a page of photos, a seating plan, groups for a trip.

What makes them a list of pupils is a title that names a class, or pupils, above names and little
else, or above names that stand one to a line.
"""

import re

from collectors.recognise.classes import is_title
from collectors.recognise.findings import Findings
from collectors.recognise.names import CAPITAL, key_of
from collectors.recognise.reading import Reading, Span
from collectors.recognise.verdict import Evidence

_LIST = 5
"""From so many names on a list is a list."""
_POINTS = 6.0
_SHARE = 0.35
"""Share of the letters of a page that names make up where it holds little else."""
_LONGEST_ROW, _GAP_LINES = 90, 2
_UNUSUAL = re.compile(
    rf"\W*(?:\w+ ?\d+[:.)]?|\d+[.)]?)?\W*({CAPITAL}[^\W\d_]+(?: (?:van|de|der|den|el|al|af|von))*"
    rf" {CAPITAL}[^\W\d_]+(?:-[^\W\d_]+)?)\b"
)
_MARKER = re.compile(
    r"\W*(?:\w+ ?\d+[:.)]?|\d+[.)]?)?\W*"
    rf"(?:(?:{CAPITAL}[\w'-]+ ?){{1,3}}(?:(?:van|de|der|den|el) ?)*, )?"
)
_FIRST_LINES, _LINES_ABOVE = 4, 4
_LONGEST_TITLE, _MOST_DIGITS = 120, 8


def read_name_list(reading: Reading, names: set[str], older: set[str], findings: Findings) -> None:
    """A page that is little but names, under a title that says whose they are or names a class."""
    adults = findings.adults > 0 or len(older) * 2 >= len(names)
    if len(names) < _LIST or adults:
        return
    starts = _row_starts(reading)
    rows = _unusual_too(reading, starts) if len(starts) >= _LIST else set[str]()
    little_else = sum(map(len, names)) >= _SHARE * max(1, reading.letters())
    if (little_else or rows) and _titled(reading, min(starts, default=(0, 0))):
        everybody = names | rows
        # Where a roster names parents too, the names of the page are not the children.
        children = set[str]() if "guardian" in findings.columns else everybody
        count, spots = len(everybody), sorted(everybody)[:3]
        findings.add(Evidence.NAME_LIST, _POINTS, *children, times=count, spots=spots)


def _unusual_too(reading: Reading, known: dict[Span, str]) -> set[str]:
    """The names of a list that stands line by line, with the unusual ones among them."""
    found: set[str] = set()
    for span, name in known.items():
        found.add(key_of(name))
        beside = reading.line_after(span)
        for _ in range(_GAP_LINES):
            if beside in known or beside[0] >= beside[1]:
                break
            match = _UNUSUAL.match(reading.text, *beside)
            if match and beside[1] - beside[0] <= _LONGEST_ROW:
                found.add(key_of(match.group(1)))
            beside = reading.line_after(beside)
    return found


def _row_starts(reading: Reading) -> dict[Span, str]:
    """The lines of the longest run in which each line begins with a usual name."""
    best: dict[Span, str] = {}
    run: dict[Span, str] = {}
    last = -1
    for span, places in reading.name_lines().items():
        head = reading.text[span[0] : places[0]]
        if span[1] - span[0] > _LONGEST_ROW or not _MARKER.fullmatch(head):
            continue
        gap = reading.text.count("\n", last, span[0]) if last >= 0 else 0
        run = run if gap <= _GAP_LINES + 1 else {}
        found = reading.names_at(span, places[:1])
        run[span], last = found[0].text if found else "", span[1]
        best = run if len(run) > len(best) else best
    return best


def _titled(reading: Reading, list_at: Span) -> bool:
    """Whether a line above a list, or one of the first of the text, speaks of pupils or a class."""
    spans = [reading.line(0)]
    for _ in range(_FIRST_LINES):
        spans.append(reading.line_after(spans[-1]))
    above = list_at
    for _ in range(_LINES_ABOVE):
        above = reading.line_before(above)
        spans.append(above)
    return any(
        _may_be_title(reading.low[start:end]) and is_title(reading.text[start:end].lower())
        for start, end in spans
    )


def _may_be_title(line: bytes) -> bool:
    digits = sum(48 <= code <= 57 for code in line[:_LONGEST_TITLE])
    return len(line) <= _LONGEST_TITLE and b"\t" not in line and digits <= _MOST_DIGITS

"""Fields: filled-in forms, records of exports and forms that nobody filled in.

A field is a label and a value: "Label: value", two cells of a row, an element of XML, or, where a
PDF has lost its table, a line that begins with a label.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from collectors.recognise.findings import Findings
from collectors.recognise.heads import meaning
from collectors.recognise.names import (
    age_on,
    begins_with_given,
    find_dates,
    is_young,
    key_of,
    looks_like_name,
)
from collectors.recognise.rules import rules
from collectors.recognise.verdict import Evidence

Field = tuple[str, str]

_PIECE = re.compile(r"\s{3,}|\s*\|\s*")
_PAIR = re.compile(r"\s*[-*•·–]?\s*([^:]{2,44}?)\s*:\s*(.*)")
_BLANK = re.compile(
    r"[\s._…\-–—/\\\[\](){}<>«»|;:*x☐□]*|\[.*\]|<.*>|«.*»|\{.*\}|(?:[dmjyå]{1,4}[-/. ]?)+", re.I
)
_PLAIN = re.compile(r"[^\w'/()\s.-]+")
_RECORD = re.compile(
    r"<(?:leerling|elev|barn|student|pupil|kind|client|clienten|jeugdige|child)>", re.I
)
_MANY_BLANKS = 3


def read_fields(text: str, today: date, findings: Findings) -> float:
    """Look at every field of a text. Returns the weight of its blank fields (0 to 5)."""
    blank = filled = 0
    name = ""
    for label, value in _fields(text):
        kind = _kind(label)
        if kind is None:
            continue
        if _BLANK.fullmatch(value):
            blank += 1
            continue
        filled += 1
        name = _filled(kind, value, name, today, findings)
    records = len(_RECORD.findall(text))
    if records and Evidence.NAME_LABEL in findings.points:
        findings.add(Evidence.RECORD, 4.0)
    return 5.0 if blank >= _MANY_BLANKS and blank > filled else 0.0


def _filled(kind: str, value: str, name: str, today: date, findings: Findings) -> str:
    """Weigh one filled field; returns the name that the fields after it speak of."""
    if kind == "child" and (found := _name_in(value)):
        known = begins_with_given(found)
        findings.add(Evidence.NAME_LABEL, 4.0 if known else 3.0, key_of(found))
        return found
    if kind == "name" and begins_with_given(value) and (found := _name_in(value)):
        findings.add(Evidence.NAME_LABEL, 1.0, key_of(found))
        return found
    if kind == "birth":
        _birth(value, name, today, findings)
    elif kind == "number" and re.search(r"\d{3}", value):
        findings.add(Evidence.PUPIL_NUMBER, 2.0)
    return name


def _birth(value: str, name: str, today: date, findings: Findings) -> None:
    found = next(find_dates(value[:40]), None)
    if found is None:
        return
    if is_young(found.day, today):
        findings.add(Evidence.BIRTH_DATE, 4.0, found.day.isoformat())
    elif age_on(found.day, today) > 0:
        findings.adults = max(findings.adults, 1.0)


def _name_in(value: str) -> str | None:
    """The name a value begins with: "Sanne de Vries (geb. 2014), groep 5" names Sanne de Vries."""
    head = re.split(r"[(\t\d;:]|,(?! ?[A-Z][a-z]+$)|\s-\s|\s/\s", value.strip())[0].strip(" ,.-")
    if not head or head.lower() in rules().people.child_nouns:
        return None
    return head if looks_like_name(head) else None


def _kind(label: str) -> str | None:
    people = rules().people
    for table, kind in (
        (people.child_labels, "child"),
        (people.birth_labels, "birth"),
        (people.number_labels, "number"),
        (people.name_labels, "name"),
    ):
        if label in table:
            return kind
    return None


def _fields(text: str) -> Iterator[Field]:
    for line in text.splitlines():
        if not line or len(line) > 400:
            continue
        if "\t" in line:
            yield from _cell_fields([cell.strip(" \"'") for cell in line.split("\t")])
            continue
        for piece in _PIECE.split(line) if "   " in line or "|" in line else (line,):
            pair = _PAIR.fullmatch(piece) if ":" in piece else None
            if pair:
                yield _normal(pair.group(1)), pair.group(2).strip(" \"'")
            elif len(piece) <= 90 and (unmarked := _unmarked(piece)):
                yield unmarked


def _cell_fields(cells: list[str]) -> Iterator[Field]:
    """Label and value in neighbouring cells. Two labels side by side are the head of a table."""
    labels = [_normal(cell.rstrip(" :")) for cell in cells]
    for place, label in enumerate(labels[:-1]):
        if _kind(label) and not _kind(labels[place + 1]) and not meaning(cells[place + 1]):
            yield label, cells[place + 1]
    for cell in cells:
        if ":" in cell and (pair := _PAIR.fullmatch(cell)):
            yield _normal(pair.group(1)), pair.group(2)


def _normal(label: str) -> str:
    return " ".join(_PLAIN.sub(" ", label.lower()).split())


@cache
def _first_words() -> frozenset[str]:
    people = rules().people
    return frozenset(label.split()[0] for label in people.child_labels | people.birth_labels)


def _unmarked(line: str) -> Field | None:
    """A field whose table was lost: "Naam leerling Sanne de Vries"."""
    words = line.split(None, 9)
    if len(words) < 2 or words[0].lower().rstrip(":") not in _first_words():
        return None
    for length in (4, 3, 2, 1):
        label = _normal(" ".join(words[:length]))
        if len(words) > length and (kind := _kind(label)):
            value = " ".join(words[length:])
            if kind == "child" and begins_with_given(value) and len(words) - length <= 5:
                return label, value
            if kind == "birth" and next(find_dates(value[:24]), None):
                return label, value
            return None
    return None

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
    birth_in,
    first_date,
    is_young,
    key_of,
    looks_like_name,
)
from collectors.recognise.reading import Reading
from collectors.recognise.rules import rules
from collectors.recognise.verdict import MOST_PERSONS, Evidence
from collectors.recognise.words import all_words, spelled

Field = tuple[str, str]

_PIECE = re.compile(r"\s{3,}|\s*\|\s*")
_PAIR = re.compile(r"\s*[-*•·–]?\s*([^:]{2,44}?)\s*:\s*(.*)")
_BLANK = re.compile(
    r"[\s._…\-–—/\\\[\](){}<>«»|;:*x☐□]*|\[.*\]|<.*>|«.*»|\{.*\}|[dmjyå][dmjyå\-/. ]*", re.I
)
_PLAIN = re.compile(r"[^\w'/()\s.-]+")
_RECORD = re.compile(
    rb"(?m)^<(?:leerling|elev|barn|student|pupil|kind|client|clienten|jeugdige|child)>$"
)
_MANY_BLANKS = 3
_LIST = 3
"""Birth dates from which on a text is a list of persons."""
_LONGEST_LINE = 400
_MOST_LINES = 20_000
"""Lines of one text that are looked at: twice the persons that a verdict can name."""


def read_fields(reading: Reading, today: date, findings: Findings) -> float:
    """Look at every field of a text. Returns the weight of its blank fields (0 to 5)."""
    blank = filled = 0
    for label, value in _fields(reading):
        kind = _kinds().get(label)
        if kind is None:
            continue
        if _BLANK.fullmatch(value):
            blank += 1
            continue
        filled += 1
        _filled(kind, value, today, findings)
    births = len(findings.groups.get(Evidence.BIRTH_DATE, ()))
    if births >= _LIST:
        findings.add(Evidence.BIRTH_DATE, min(8.0, 4.0 + 0.5 * births), times=0)
    if Evidence.NAME_LABEL in findings.points and (records := _records(reading)):
        numbers = (f"record {number}" for number in range(1, records + 1))
        findings.add(Evidence.RECORD, 4.0, *numbers, times=records)
    return 5.0 if blank >= _MANY_BLANKS and blank > filled else 0.0


def _records(reading: Reading) -> int:
    found = len(_RECORD.findall(reading.low)) if b"<" in reading.low else 0
    return min(found, MOST_PERSONS)


def _filled(kind: str, value: str, today: date, findings: Findings) -> None:
    """Weigh one filled field."""
    if kind == "birth":
        _birth(value, today, findings)
    elif kind == "number":
        if re.search(r"\d{3}", value):
            _add(findings, Evidence.PUPIL_NUMBER, 2.0, value)
    elif found := _name_in(value):
        known = begins_with_given(found)
        if kind == "child":
            _add(findings, Evidence.NAME_LABEL, 4.0 if known else 3.0, value, key_of(found))
        elif begins_with_given(value):
            _add(findings, Evidence.NAME_LABEL, 1.0, value, key_of(found))


def _add(
    findings: Findings, evidence: Evidence, points: float, value: str, person: str = ""
) -> None:
    findings.add(evidence, points, person, spots=(value,))


def _birth(value: str, today: date, findings: Findings) -> None:
    found = birth_in(value[:40], today)
    if found is None:
        return
    if is_young(found.day, today):
        _add(findings, Evidence.BIRTH_DATE, 4.0, value, found.day.isoformat())
    elif age_on(found.day, today) > 0:
        findings.adults = max(findings.adults, 1.0)


def _name_in(value: str) -> str | None:
    """The name a value begins with: "Sanne de Vries (geb. 2014), groep 5" names Sanne de Vries."""
    head = re.split(r"[(\t\d;:]|,(?! ?[A-Z][a-z]+$)|\s-\s|\s/\s", value.strip())[0].strip(" ,.-")
    if not head or head.split()[0].lower() in rules().people.child_nouns:
        return None
    return head if looks_like_name(head) else None


@cache
def _kinds() -> dict[str, str]:
    """What the field with a label holds."""
    people = rules().people
    return {
        label: kind
        for labels, kind in (
            (people.name_labels, "name"),
            (people.number_labels, "number"),
            (people.birth_labels, "birth"),
            (people.child_labels, "child"),
        )
        for label in labels
    }


@cache
def _needles() -> tuple[tuple[bytes, frozenset[bytes]], ...]:
    """How each label begins, and the words that must stand in a text for it to be there."""
    return tuple((spelled(label.split()[0]), frozenset(all_words(label))) for label in _kinds())


def _fields(reading: Reading) -> Iterator[Field]:
    needles = {needle for needle, words in _needles() if words <= reading.words}
    for start, end in reading.lines_with(needles)[:_MOST_LINES]:
        if end - start <= _LONGEST_LINE:
            yield from _line_fields(reading.text[start:end])


def _line_fields(line: str) -> Iterator[Field]:
    if "\t" in line:
        yield from _cell_fields([cell.strip(" \"'") for cell in line.split("\t")])
        return
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
        after = labels[place + 1]
        if label in _kinds() and after not in _kinds() and not meaning(cells[place + 1]):
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
        if len(words) > length and (kind := _kinds().get(label)):
            value = " ".join(words[length:])
            if kind == "child" and begins_with_given(value) and len(words) - length <= 5:
                return label, value
            if kind == "birth" and first_date(value[:24]):
                return label, value
            return None
    return None

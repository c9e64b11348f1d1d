"""Which system a pupil's document comes out of, as its properties, its sender or a line in it say.

A letter mentions a system in passing; an export names it in its head or foot, alone or beside a
word such as "printed". A mention must not count, since the person is told to delete an export.
"""

from collections.abc import Iterator

from collectors.recognise.findings import Findings
from collectors.recognise.reading import Reading
from collectors.recognise.rules.origins import Origin, origins
from collectors.recognise.verdict import Evidence
from collectors.recognise.words import encoded, find_word, small, spaced

_LONGEST_LINE = 90
_MOST_WORDS = 10
_ALONE = 4
"""Words of a line that is nothing but the name of a system and a number or a title."""
_TRIES = 20
_RECORDS = (
    Evidence.NAME_LABEL,
    Evidence.RECORD,
    Evidence.ROSTER,
    Evidence.PUPIL_NUMBER,
    Evidence.BIRTH_DATE,
    Evidence.BSN,
)


def read_origin(reading: Reading, made_by: str, findings: Findings) -> None:
    """Note the system of a text with a record of a pupil. ``made_by`` are the document's
    properties and sender."""
    if not any(kind in findings.points for kind in _RECORDS):
        return
    made = small(encoded(made_by))
    for one in origins():
        if _named(made, one.names) or _named(made, one.domains) or _says_so(reading, one):
            findings.add(one.evidence, 0.0)


def _named(low: bytes, names: tuple[bytes, ...]) -> bool:
    return any(find_word(low, name) >= 0 for name in names)


def _says_so(reading: Reading, one: Origin) -> bool:
    return any(_is_source(line, name, one) for name in one.names for line in _lines(reading, name))


def _lines(reading: Reading, name: bytes) -> Iterator[bytes]:
    place = find_word(reading.low, name)
    for _ in range(_TRIES):
        if place < 0:
            return
        start, end = reading.line(place)
        if end - start <= _LONGEST_LINE:
            yield reading.low[start:end]
        place = find_word(reading.low, name, end)


def _is_source(line: bytes, name: bytes, one: Origin) -> bool:
    """Whether a short line says where the document comes from."""
    words = spaced(line).split()
    if len(words) > _MOST_WORDS:
        return False
    if any(domain in line for domain in one.domains) or not one.beside.isdisjoint(words):
        return True
    sentence = line.rstrip().endswith((b".", b"!", b"?", b","))
    return words[:1] == [name] and len(words) <= _ALONE and not sentence

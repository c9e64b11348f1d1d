"""Which kinds of data a pupil file holds: from its evidence, its fields, its tables and its words.

Asked only for a text that was found to be a pupil file, so a word about health here stands beside
a pupil. A field that nobody filled in, a column without a value and an answer such as "none" tell
of nothing.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

from collectors.recognise.category import Category
from collectors.recognise.contacts import contact_kinds
from collectors.recognise.findings import Findings
from collectors.recognise.heads import without_signs
from collectors.recognise.reading import Reading
from collectors.recognise.rules import rules
from collectors.recognise.rules.data_kinds import kinds_of_data
from collectors.recognise.vocabulary import distinct_words
from collectors.recognise.words import find_word

_TOPICS = (
    ("care", 3.0, Category.CARE),
    ("safety", 3.0, Category.YOUTH_PROTECTION),
    ("progress", 2.0, Category.GRADES_AND_PROGRESS),
)
"""From which weight on a topic alone tells of a kind: where it gives a file its class."""
_MOST_LINES = 5000
_MOST_CELLS = 100
_LONGEST_LABEL = 60
_LONGEST_LINE = 400
_TRIES = 5
"""Places at which a word is looked at before it counts as untold."""
_PAIR = re.compile(r"\s*[-*•·–]?\s*([^:]{2,44}?)\s*:\s*(.*)")
_OPEN = re.compile(r"[\w'/() -]{0,40}[:\t][\s:]*([^\t]{0,80})")
_BLANK = re.compile(r"[\s._…\-–—/\\\[\](){}<>«»|;:*x☐□]*", re.I)


def read_categories(
    reading: Reading, findings: Findings, topics: Mapping[str, float]
) -> tuple[Category, ...]:
    """The kinds of data in a text that is a pupil file, in the order of the list."""
    kinds = kinds_of_data()
    found = {one for one, told in kinds.evidence.items() if told & findings.points.keys()}
    found |= {kinds.columns[one] for one in findings.columns if one in kinds.columns}
    found |= {one for name, least, one in _TOPICS if topics.get(name, 0.0) >= least}
    found |= {Category.NAME} if reading.names else set()
    found |= {*contact_kinds(reading.text), *_by_fields(reading.text), *_by_words(reading)}
    return tuple(one for one in Category if one in found)


def _by_fields(text: str) -> Iterator[Category]:
    """Kinds that a label or a column head names and a value bears out."""
    heads: dict[int, Category] = {}
    for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]:
        if "\t" not in line:
            heads = {}
            pair = _PAIR.fullmatch(line[:_LONGEST_LINE].strip()) if ":" in line else None
            if pair and (kind := _kind(pair.group(1))) and not _says_nothing(pair.group(2)):
                yield kind
            continue
        cells = [cell.strip(" \"'") for cell in line.split("\t", _MOST_CELLS)]
        if _is_head(cells):
            heads = {place: kind for place, cell in enumerate(cells) if (kind := _kind(cell))}
        else:
            yield from _in_cells(cells, heads)


def _in_cells(cells: list[str], heads: Mapping[int, Category]) -> Iterator[Category]:
    for place, kind in heads.items():
        if place < len(cells) and not _says_nothing(cells[place]):
            yield kind
    for label, value in pairwise(cells):
        if (own := _kind(label.rstrip(" :"))) and not _says_nothing(value):
            yield own


def _is_head(cells: list[str]) -> bool:
    """Whether a row holds the heads of columns: two or more that are known, side by side."""
    known = [_is_known(cell) for cell in cells]
    beside = any(one and other for one, other in pairwise(known))
    return beside and sum(known) * 3 >= sum(map(bool, cells))


def _is_known(cell: str) -> bool:
    return len(cell) <= _LONGEST_LABEL and _known(cell)[0]


def _kind(label: str) -> Category | None:
    return _known(label)[1] if len(label) <= _LONGEST_LABEL else None


@lru_cache(4096)
def _known(label: str) -> tuple[bool, Category | None]:
    """Whether a label is one at all, and the kind of data it stands for."""
    fields = kinds_of_data().fields
    plain = without_signs(label)
    kind = fields.get(plain) or fields.get(plain.rstrip(" 0123456789"))
    return kind is not None or plain in rules().heads, kind


def _says_nothing(value: str) -> bool:
    return bool(_BLANK.fullmatch(value)) or without_signs(value) in kinds_of_data().nothing


def _by_words(reading: Reading) -> Iterator[Category]:
    distinct = distinct_words(reading.plain)
    for kind, listed in kinds_of_data().words.items():
        if any(_is_told(reading, form) for form in listed.found(distinct, reading.low)):
            yield kind


def _is_told(reading: Reading, form: bytes) -> bool:
    """Whether a word stands somewhere but in a blank field or in the head of a table."""
    place = find_word(reading.low, form)
    for _ in range(_TRIES):
        if place < 0:
            return False
        start, end = reading.line(place)
        line = reading.text[start : min(end, place + _LONGEST_LINE)]
        behind = _OPEN.fullmatch(line[place - start + len(form) :])
        head = "\t" in line and _is_head([cell.strip(" \"'") for cell in line.split("\t")])
        if not head and not (behind and _says_nothing(behind.group(1))):
            return True
        place = find_word(reading.low, form, place + 1)
    return False

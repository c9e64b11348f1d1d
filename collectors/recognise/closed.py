"""Closed dossiers: a file about one or a few pupils that says since when its case is closed.

Such a file belongs in the archive and with few people, so it is a class of its own. It takes a day
that has passed: "the file is closed after a year" and "will be closed on" close nothing. A list is
no closed dossier because one of its pupils left; only its title can make it one.
"""

from collections.abc import Iterator
from datetime import date

from collectors.recognise.findings import Findings
from collectors.recognise.names import find_dates
from collectors.recognise.reading import Reading, Span
from collectors.recognise.rules.closing import closing
from collectors.recognise.words import find_word

_FEW = 3
"""Persons that a dossier is about at most."""
_TOP = 12
"""Lines among which a title stands."""
_LONGEST_TITLE = 40
"""Characters a title may have beside its words."""
_TRIES = 20


def is_closed(reading: Reading, today: date, findings: Findings) -> bool:
    """Whether a text that is a pupil file is a closed dossier."""
    few = findings.persons()[0] <= _FEW
    return (few and _closed_on_a_day(reading, today)) or _titled(reading, today)


def _closed_on_a_day(reading: Reading, today: date) -> bool:
    """Whether a phrase has a day that has passed on its line or at the start of the next."""
    return any(
        _has_past_day(reading.text[slice(*line)], today)
        or (not any(find_dates(reading.text[slice(*line)])) and _below(reading, line, end, today))
        for line, end in _lines(reading, closing().phrases)
    )


def _below(reading: Reading, line: Span, end: int, today: date) -> bool:
    """Whether the phrase ends its line and the next line is the day, as in a form."""
    if reading.text[end : line[1]].strip(" :\t"):
        return False
    below = reading.text[slice(*reading.line_after(line))].strip()
    return any(
        day.start == 0 and day.end >= len(below) - 1 and day.day < today
        for day in find_dates(below)
    )


def _titled(reading: Reading, today: date) -> bool:
    top = 0
    for _ in range(_TOP):
        top = reading.text.find("\n", top) + 1 or len(reading.text)
    for (start, stop), end in _lines(reading, closing().titles):
        if start < top and len(reading.text[start:stop].strip()) <= (end - start) + _LONGEST_TITLE:
            alone = "\t" not in reading.text[start:stop].strip()
            if alone and not reading.text[start:stop].rstrip().endswith("."):
                return _has_past_day(reading.text[: 1 << 16], today)
    return False


def _lines(reading: Reading, phrases: tuple[bytes, ...]) -> Iterator[tuple[Span, int]]:
    """The lines with one of these phrases, each with the place behind it."""
    for phrase in phrases:
        place = find_word(reading.low, phrase)
        for _ in range(_TRIES):
            if place < 0:
                break
            end = place + len(phrase)
            behind = reading.low[end : end + 1]
            if not behind.isalnum() and behind != b"-":
                yield reading.line(place), end
            place = find_word(reading.low, phrase, end)


def _has_past_day(text: str, today: date) -> bool:
    return any(found.day < today for found in find_dates(text))

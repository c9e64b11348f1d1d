"""What is told of a name: its own sentence, and those after it that go on about the same person.

A text on care is full of sentences about care. Those count for a child only if they are about it:
"he", "she", "her mother", or right behind the words that say that this is a child.
"""

import re

from collectors.recognise.names import Found
from collectors.recognise.reading import Reading, Span
from collectors.recognise.rules import rules
from collectors.recognise.told import Situation, situation

_END = re.compile(r"[.!?;][\"')]*\s+(?=[\"'(]?[A-ZÀ-ÖØ-Þ])")
_REACH = 300
"""Characters of a sentence before or behind a name."""
_MORE = 4
"""Sentences that may go on about the same person."""


def told_about(reading: Reading, span: Span, name: Found, child: bool) -> Situation:
    """What is told of a name that stands in a line. Of a child the next sentence counts anyway."""
    first = _sentence(reading, span, name)
    pieces = [first]
    for place, (start, end) in enumerate(_after(reading, span, first[1])):
        if not ((child and place == 0) or _goes_on(reading.plain[start:end])):
            break
        pieces.append((start, end))
    return situation(*(reading.plain[start:end] for start, end in pieces))


def _sentence(reading: Reading, span: Span, name: Found) -> Span:
    begin, end = span[0] + name.start, span[0] + name.end
    start = max(span[0], begin - _REACH)
    for found in _END.finditer(reading.text, start, begin + 1):
        start = found.end()
    stop = _END.search(reading.text, end, min(span[1], end + _REACH))
    return start, stop.end() if stop else min(span[1], end + _REACH)


def _after(reading: Reading, span: Span, place: int) -> list[Span]:
    """The sentences after a place: of its line, then of the next one."""
    found: list[Span] = []
    for start, end in ((place, span[1]), reading.line_after(span)):
        while start < end and len(found) < _MORE:
            stop = _END.search(reading.text, start, min(end, start + _REACH))
            stop_at = stop.end() if stop else min(end, start + _REACH)
            found.append((start, stop_at))
            start = stop_at
    return found


def _goes_on(plain: bytes) -> bool:
    words = plain.split(None, 1)
    return situation(plain).somebody or (bool(words) and words[0] in rules().one_of_kin)

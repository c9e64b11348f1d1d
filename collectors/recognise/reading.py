"""One text, prepared once for everyone who looks for evidence in it.

Most texts of a laptop name nobody, and most lines of those that do say nothing of interest. So the
words are gathered once, at the speed of memory, and only those are kept that a rule knows. Readers
ask ``words`` first, then for the lines in which such a word stands.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from collectors.recognise.names import CAPITAL, Found, name_at, opens_a_name
from collectors.recognise.rules import rules
from collectors.recognise.words import count_letters, encoded, find_word, small, spaced, zeroed

LONG_LINE = 1200
"""Longer lines without cells are parted, where possible behind a sentence."""

_BESIDE = 40
_PIECE = 1 << 16
_MOST_WORDS = 100_000
"""So many different capitalised words are looked up; a text with more is no text."""
_MOST_NAMES = 40_000
"""Names of one text that are looked at: several times the persons that a verdict can name."""
_BLANK_LINES = re.compile(r"\n[ \t]*(?=\n)")
_CAPITALISED = re.compile(CAPITAL + r"[\wÀ-ÿĀ-ž'-]*")
_LINE_ENDS = ("\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
_TYPOGRAPHY = (
    ("\u00a0", " "), ("\u202f", " "), ("\u2009", " "), ("\u2019", "'"), ("\u2018", "'"),
    ("\u2010", "-"), ("\u2011", "-"), ("\u00ad", ""), ("\u200b", ""), ("\ufeff", ""),
)  # fmt: skip

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text and what is known of its words.

    ``low`` has one byte for each character of ``text``, in small letters; ``plain`` too, with a
    space for whatever belongs to no word. ``forms`` is ``low`` with every digit as a 0.

    ``words`` are those words that stand in some rule, as ``low`` spells them. ``names`` says where
    the words stand that open a name.
    """

    text: str
    low: bytes
    plain: bytes
    forms: bytes
    words: frozenset[bytes]
    names: tuple[int, ...]

    def letters(self) -> int:
        """How many letters the text has."""
        return count_letters(self.low)

    def line(self, place: int) -> Span:
        """Where the line begins and ends in which a character stands."""
        end = self.text.find("\n", place)
        return self.text.rfind("\n", 0, place) + 1, len(self.text) if end < 0 else end

    def around(self, place: int) -> str:
        """A little of the text before and behind a place in a line."""
        start, end = self.line(place)
        return self.text[max(start, place - _BESIDE) : min(end, place + 2 * _BESIDE)]

    def line_before(self, span: Span) -> Span:
        """The line before a line; empty at the beginning."""
        end = max(0, span[0] - 1)
        return self.text.rfind("\n", 0, end) + 1, end

    def line_after(self, span: Span) -> Span:
        """The line after a line; empty at the end."""
        start = min(len(self.text), span[1] + 1)
        end = self.text.find("\n", start)
        return start, len(self.text) if end < 0 else end

    def lines_with(self, needles: Collection[bytes]) -> list[Span]:
        """The lines in which one of the words or phrases stands, in order, each once."""
        found: dict[int, int] = {}
        for needle in needles:
            place = find_word(self.low, needle)
            while place >= 0:
                start, end = self.line(place)
                found[start] = end
                place = find_word(self.low, needle, end)
        return sorted(found.items())

    def name_lines(self) -> dict[Span, list[int]]:
        """The lines in which words stand that open a name, in order, with the places of these."""
        found: dict[Span, list[int]] = {}
        span, places = (0, -1), list[int]()
        for place in self.names:
            if place > span[1]:
                span = self.line(place)
                places = found.setdefault(span, [])
            places.append(place)
        return found

    def names_at(self, span: Span, places: Sequence[int]) -> list[Found]:
        """The names that begin at these places of a line, placed from its start."""
        found: list[Found] = []
        for place in places:
            if found and place < span[0] + found[-1].end:
                continue
            if (name := name_at(self.text, place)) is not None:
                found.append(Found(place - span[0], name.end - span[0], name.text))
        return found


def read(text: str) -> Reading:
    """Prepare a text."""
    text = _tidy(text)
    raw = encoded(text)
    plain = spaced(raw)
    low = small(raw)
    known, names = frozenset(_known(plain)), tuple(_names(text))
    return Reading(text, low, plain, zeroed(low), known, names)


def _known(plain: bytes) -> set[bytes]:
    """The words of a text that stand in some rule, gathered piece by piece to spare memory."""
    known, found = rules().known, set[bytes]()
    start = 0
    while start < len(plain):
        end = plain.find(b" ", start + _PIECE, start + 2 * _PIECE)
        end = end if end >= 0 else start + _PIECE
        found.update(known.intersection(plain[start:end].split()))
        start = end
    return found


def _names(text: str) -> Iterator[int]:
    """Where the words stand that open a name."""
    opens: dict[str, bool] = {}
    left = _MOST_NAMES
    for match in _CAPITALISED.finditer(text):
        word = match.group()
        known = opens.get(word)
        if known is None and len(opens) < _MOST_WORDS:
            known = opens[word] = opens_a_name(word)
        if known:
            yield match.start()
            left -= 1
            if not left:
                return


def _tidy(text: str) -> str:
    """One kind of line end, space, hyphen and apostrophe; no blank lines, no endless ones."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    for end in _LINE_ENDS:
        if end in text:
            text = text.replace(end, "\n")
    if not text.isascii():
        for odd, plain in _TYPOGRAPHY:
            if odd in text:
                text = text.replace(odd, plain)
    if "\n\n" in text or "\n " in text or "\n\t" in text:
        text = _BLANK_LINES.sub("", text)
    return _part_long_lines(text.strip("\n"))


def _part_long_lines(text: str) -> str:
    """Part long lines. Each step looks at one line's length at most, however long the line is."""
    pieces, kept, place = [], 0, 0
    while place + LONG_LINE < len(text):
        end = text.rfind("\n", place, place + LONG_LINE + 1)
        if end >= 0:
            place = end + 1
            continue
        cut = _cut(text, place)
        if cut < 0:
            place = text.find("\n", place) + 1 or len(text)
            continue
        pieces.append(text[kept:cut])
        kept = place = cut + 1
    return "\n".join([*pieces, text[kept:]])


def _cut(text: str, start: int) -> int:
    """The space at which a long line is parted; -1 where it has cells or no space."""
    end = start + LONG_LINE
    if text.find("\t", start, end) >= 0:
        return -1
    stop = text.rfind(". ", start, end)
    return stop + 1 if stop >= 0 else text.rfind(" ", start, end)

"""From words with places to text as every other document gives it: a line each, cells by tabs.

Lines that the engine took for columns beside each other are put together again where they stand at
one height, and cells that stand beneath each other are parted by tabs.
Whether a page was read at all is decided here too: a page of which few words are certain stays a
picture, since handwriting and photos make words of their own.
"""

import itertools
import re
from collections.abc import Iterable, Sequence

from collectors.recognise.ocr_columns import Row, Strip, Word, columns, middle, tall

DPI = 200
"""The resolution that pictures of paper are brought to: letters are about 20 pixels tall then."""
CERTAIN = 60.0
"""A word is certain from here on, of 100."""

_LEAST_WORDS = 5
_LEAST_SHARE = 0.6
_LETTERS = re.compile(r"\w\w")
_RULES = re.compile(r"[|_=~—\[\]{}]+")
"""What the lines around cells are read as."""


def certain(words: Iterable[Word]) -> int:
    """How many words were read for certain. Signs and single letters are no words."""
    return sum(_is_word(word) and word.certainty >= CERTAIN for word in words)


def legible(words: Sequence[Word]) -> bool:
    """Whether a page was read: enough words, and most of them certain."""
    read, all_words = certain(words), sum(map(_is_word, words))
    return read >= _LEAST_WORDS and read >= _LEAST_SHARE * all_words


def text_of(words: Sequence[Word]) -> str:
    """The words as lines of text, from the top of the page to its end."""
    return "\n".join(_line(row, strips) for row, strips in columns(_rows(words)))


def _is_word(word: Word) -> bool:
    return _LETTERS.search(word.text) is not None


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    lines: dict[tuple[int, int, int], list[Word]] = {}
    for word in words:
        if not _RULES.fullmatch(word.text):
            lines.setdefault(word.line, []).append(word)
    rows: list[list[Word]] = []
    for line in lines.values():
        beside = next((row for row in rows if _one_row(row, line)), None)
        if beside is None:
            rows.append(line)
        else:
            beside.extend(line)
    return sorted((sorted(row, key=lambda word: word.left) for row in rows), key=middle)


def _one_row(row: Sequence[Word], line: Sequence[Word]) -> bool:
    """Whether a line stands beside a row at one height, and neither lies over the other."""
    if row[0].line[0] == line[0].line[0]:
        return False
    apart = abs(middle(row) - middle(line))
    if apart > 0.4 * min(tall(row), tall(line)):
        return False
    return all(one.right <= other.left or other.right <= one.left for one in row for other in line)


def _line(row: Row, strips: Sequence[Strip]) -> str:
    text = _plain(row[0])
    for before, word in itertools.pairwise(row):
        parted = any(before.right <= end and begin <= word.left for begin, end in strips)
        text += f"\t{_plain(word)}" if parted else f" {_plain(word)}"
    return text


def _plain(word: Word) -> str:
    """A word without the lines around its cell; one that runs across such a line is two."""
    return _RULES.sub(" ", word.text).strip()

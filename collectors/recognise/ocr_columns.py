"""Finds the columns of a table in lines of words: strips of paper that no line writes upon.

In a narrow table the gap between two cells is no wider than that between two words, but it stands
at the same place in line after line, which in running text it does not. A few lines may cross a
strip: a head that is longer than its column, a title that stands close above.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_MANY = 6
"""In so many lines a strip may be narrow, and from ten on one in ten may cross it."""
_FEW = 3
_NARROW, _BROAD = 0.25, 0.8
"""Least width of a strip in many and in few lines, in heights of a line."""
_CLOSE = 3.0
"""Lines further apart than this many heights belong to different tables."""
_WORDS = 3
"""Lines with fewer words have no say."""
_BOTH_SIDES = 0.6


@dataclass(frozen=True, slots=True)
class Word:
    """A word, the line it belongs to, its box in pixels, and how certain it is: 0 to 100."""

    line: tuple[int, int, int]
    left: int
    top: int
    width: int
    height: int
    certainty: float
    text: str

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


Row = Sequence[Word]
Strip = tuple[int, int]
"""Where a strip begins and ends, from the left in pixels."""


def tall(row: Row) -> float:
    """The height of a line."""
    return _median(word.height for word in row)


def middle(row: Row) -> float:
    """How far down the page a line stands."""
    return _median(word.middle for word in row)


def columns(rows: Sequence[Row]) -> Iterator[tuple[Row, list[Strip]]]:
    """Each line, and the strips that part its cells. Lines come from the top down."""
    for block in _blocks(rows):
        strips = _strips([row for row in block if len(row) >= _WORDS])
        yield from ((row, strips) for row in block)


def _blocks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        if block and middle(row) - middle(block[-1]) > _CLOSE * tall(block[-1]):
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _strips(rows: Sequence[Row]) -> list[Strip]:
    if len(rows) < _FEW:
        return []
    crossing = len(rows) // 10
    narrow = _NARROW if len(rows) >= _MANY else _BROAD
    least = narrow * _median(tall(row) for row in rows)
    return [
        (begin, end)
        for begin, end in _free(rows, crossing)
        if end - begin >= least and _parts(rows, begin, end)
    ]


def _free(rows: Sequence[Row], crossing: int) -> Iterator[Strip]:
    """Strips that at most so many lines write upon, between the first word and the last."""
    edges = sorted(
        edge for row in rows for word in row for edge in ((word.left, 1), (word.right, -1))
    )
    depth, since = 0, math.inf
    for place, step in edges:
        before, depth = depth, depth + step
        if before <= crossing < depth and since < place:
            yield int(since), place
        if depth <= crossing < before:
            since = place


def _parts(rows: Sequence[Row], begin: int, end: int) -> bool:
    """Whether most lines have words on both sides."""
    both = sum(
        any(word.right <= begin for word in row) and any(word.left >= end for word in row)
        for row in rows
    )
    return both >= _BOTH_SIDES * len(rows)


def _median(values: Iterable[float]) -> float:
    # The module ``statistics`` would bring more into memory than all of this.
    ordered = sorted(values)
    return ordered[len(ordered) // 2]

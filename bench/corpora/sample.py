"""What a set of test files is made of: one sample, its truth and its text.

A set says what stands in a file and what the right answer is; ``writing`` makes it a file. So that
two authors can each write a set without seeing the other's, this is all that they share.
"""

from dataclasses import dataclass
from typing import Literal

from bench._writers import Rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One file to be: what it is, and its text as rows. A row of one cell is a paragraph."""

    stem: str  # a file name as a person would give it; says nothing reliable
    label: Literal["pupil", "clean"]
    kind: str  # the class, for reports
    language: Literal["nl", "da", "en"]
    persons: tuple[int, int]
    """Pupils or clients in it: fewest and most a fair counter may say; (0, 0) for clean."""

    rows: Rows  # from bench._writers
    formats: tuple[str, ...]  # in which it may be written; one is chosen by the dice

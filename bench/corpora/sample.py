"""One file of a corpus before it is written: what it is, and its text.

Labels are given with the text and never worked out from it, so that what is measured and what it is
measured against have nothing in common.
"""

from dataclasses import dataclass
from typing import Literal

from bench._writers import Rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One file to be: what it is, and its text as rows. A row of one cell is a paragraph."""

    stem: str
    """A file name as a person would give it; says nothing reliable."""
    label: Literal["pupil", "clean"]
    kind: str
    """The class, for reports."""
    language: Literal["nl", "da", "en"]
    persons: tuple[int, int]
    """Pupils or clients in it: fewest and most a fair counter may say; (0, 0) for clean."""
    rows: Rows
    formats: tuple[str, ...]
    """In which it may be written; one is chosen by the dice."""

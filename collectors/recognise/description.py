"""What else is said of a text that is a pupil file: which kinds of data, and whether closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from collectors.recognise.categories import read_categories
from collectors.recognise.category import Category
from collectors.recognise.closed import is_closed
from collectors.recognise.findings import Findings
from collectors.recognise.reading import Reading


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """Decides nothing: the text was found to be a pupil file before."""

    categories: tuple[Category, ...]
    closed: bool


def describe(
    reading: Reading, today: date, findings: Findings, topics: Mapping[str, float]
) -> Description:
    """Describe a text that is a pupil file."""
    return Description(
        categories=read_categories(reading, findings, topics),
        closed=is_closed(reading, today, findings),
    )

"""What one part of a document amounts to, and what is added to it once it has been weighed.

The weights decide whether it is a pupil file. What is added here decides nothing: which kinds of
data a pupil file holds, whether it is a closed dossier, and whether any text lists passwords.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from collectors.recognise.categories import read_categories
from collectors.recognise.category import Category
from collectors.recognise.closed import is_closed
from collectors.recognise.explanation import LEAST_PERSON, THRESHOLD, Column, Excerpt, Mark
from collectors.recognise.finding import MOST_COUNTED, Also, Finding
from collectors.recognise.findings import Findings
from collectors.recognise.passwords import read_passwords
from collectors.recognise.reading import Reading
from collectors.recognise.verdict import Evidence, Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """What one part of a document amounts to."""

    total: float
    person: float
    evidence: tuple[Evidence, ...]
    kind: Kind
    persons: tuple[int, int]
    marks: tuple[Mark, ...] = ()
    columns: tuple[Column, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    categories: tuple[Category, ...] = ()
    accounts: int = 0
    """Of how many accounts it lists the passwords."""

    @property
    def convicts(self) -> bool:
        return self.person >= LEAST_PERSON and self.total >= THRESHOLD


def completed(
    opinion: Opinion, reading: Reading, today: date, findings: Findings, topics: Mapping[str, float]
) -> Opinion:
    """An opinion with all that is said besides. Nothing is shown of a text with a password."""
    found = read_passwords(reading)
    if found.any:
        opinion = replace(opinion, accounts=found.accounts, excerpts=())
    if not opinion.convicts:
        return opinion
    closed = is_closed(reading, today, findings)
    return replace(
        opinion,
        kind=Kind.CLOSED_DOSSIER if closed else opinion.kind,
        categories=read_categories(reading, findings, topics),
    )


def also_of(opinions: Iterable[Opinion]) -> tuple[Also, ...]:
    """What a document is besides, by all its parts."""
    accounts = min(MOST_COUNTED, sum(opinion.accounts for opinion in opinions))
    return (Also(finding=Finding.PASSWORD_LIST, count=accounts),) if accounts else ()

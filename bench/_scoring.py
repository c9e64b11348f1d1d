"""The arithmetic of a recogniser's verdicts, and two simple recognisers to measure it against.

Both baselines read the text a file was made from, so that they never stumble over a format: words
that pupil files are full of, and numbers that pass the check of a BSN or CPR number.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from bench._writers import Rows
from bench.corpora.sample import Sample

FORTY = (
    "leerling leerlingen klas groep ouders moeder vader mentor kind kinderen geboortedatum bsn "
    "verzuim rapport zorg begeleiding handelingsplan diagnose jeugdhulp roepnaam "
    "elev elever klasse stue barn børn forældre mor far cpr fravær handleplan underretning "
    "pædagog trivsel fødselsdato pupil student class parents"
)
WORDS = frozenset(FORTY.split())
"""Two different ones are a hit."""

NINE = re.compile(r"(?<!\d)\d{9}(?!\d)")
TEN = re.compile(r"(?<!\d)(\d{6})[- ]?(\d{4})(?!\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a recogniser says about one file; without counting, ``persons`` is nothing."""

    pupil: bool
    persons: tuple[int, int] | None = None
    readable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How often it was right."""

    hits: int
    missed: int
    alarms: int
    passed: int
    counted: int
    """Hits of which the number of persons was told."""

    in_range: int

    @property
    def recall(self) -> float:
        return share(self.hits, self.hits + self.missed)

    @property
    def precision(self) -> float:
        return share(self.hits, self.hits + self.alarms)

    @property
    def f1(self) -> float:
        return share(2 * self.hits, 2 * self.hits + self.missed + self.alarms)

    @property
    def in_range_share(self) -> float:
        return share(self.in_range, self.counted)


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def wilson(part: int, whole: int, z: float = 1.96) -> tuple[float, float]:
    """The interval in which the true share lies in 95 of 100 such measurements."""
    if not whole:
        return 0.0, 1.0
    seen, spread = part / whole, z * z / whole
    middle = (seen + spread / 2) / (1 + spread)
    half = z * math.sqrt(seen * (1 - seen) / whole + spread / whole / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def score(samples: Sequence[Sample], verdicts: Sequence[Verdict]) -> Score:
    """Counts; a file that could not be read is no hit."""
    pairs = list(zip(samples, verdicts, strict=True))
    hits = [(s, v) for s, v in pairs if s.label == "pupil" and v.pupil]
    counted = [(s, v.persons) for s, v in hits if v.persons is not None]
    return Score(
        hits=len(hits),
        missed=sum(s.label == "pupil" and not v.pupil for s, v in pairs),
        alarms=sum(s.label == "clean" and v.pupil for s, v in pairs),
        passed=sum(s.label == "clean" and not v.pupil for s, v in pairs),
        counted=len(counted),
        in_range=sum(overlaps(s.persons, persons) for s, persons in counted),
    )


def overlaps(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def right(sample: Sample, verdict: Verdict) -> bool:
    return verdict.pupil == (sample.label == "pupil")


def by_words(rows: Rows) -> Verdict:
    """Two different words of the list: a pupil file."""
    found = set(re.findall(r"\w+", _text(rows).lower())) & WORDS
    return Verdict(pupil=len(found) >= 2)


def by_numbers(rows: Rows) -> Verdict:
    """Any number that passes: a pupil file of as many persons as there are such numbers."""
    text = _text(rows)
    found = {number for number in NINE.findall(text) if passes_eleven(number)}
    found |= {"".join(parts) for parts in TEN.findall(text) if passes_cpr("".join(parts))}
    return Verdict(pupil=bool(found), persons=(len(found), len(found)))


BASELINES: dict[str, Callable[[Rows], Verdict]] = {
    "bag of words": by_words,
    "number checks": by_numbers,
}


def passes_eleven(number: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return not sum(int(d) * w for d, w in zip(number, weights, strict=True)) % 11


def passes_cpr(number: str) -> bool:
    """A date, and the check that all numbers passed until 2007."""
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    try:
        date(2000 + int(number[4:6]), int(number[2:4]), int(number[:2]))
    except ValueError:
        return False
    return not sum(int(d) * w for d, w in zip(number, weights, strict=True)) % 11


def _text(rows: Rows) -> str:
    return "\n".join("\t".join(row) for row in rows)

"""How severe a breach is, by the method of ENISA (2013): SE = DPC x EI + CB; pure.

DPC is the context in which the data are processed (1 to 4), EI how easily somebody is identified
(0.25 to 1), CB the circumstances of the breach (0 to 2). The result lies between 0.25 and 6. It
stands beside the officer's own figure and never replaces it: data that nobody can read count in
the formula as if they could be, and the method says so itself.
"""

from dataclasses import dataclass
from enum import StrEnum

from server_stub.breaches.dossier import Answers
from server_stub.breaches.dossier_questions import SENSITIVE

_BASE = {"simple": 1, "behavioural": 2, "financial-data": 3, "sensitive-data": 4}
_CONTEXT = {"lower": -1, "as-it-is": 0, "higher": 1, "much-higher": 2}
_EASE = {"negligible": 0.25, "limited": 0.5, "significant": 0.75, "maximum": 1.0}
_CONFIDENTIALITY = {"none-lost": 0.0, "exposed": 0.0, "known-recipients": 0.25, "anybody": 0.5}
_INTEGRITY = {"none-lost": 0.0, "altered": 0.0, "used-recoverable": 0.25, "not-recoverable": 0.5}
_AVAILABILITY = {"none-lost": 0.0, "temporary": 0.25, "for-good": 0.5}
_ASKED = ("confidentiality-lost", "integrity-lost", "availability-lost", "malicious")
"""What has no answer counts for nothing in a sum, so there is no sum before all have one."""
_WEIGHTY = SENSITIVE - {"national-number"}
"""A number by itself tells nothing about somebody; it makes them easy to find."""
_MANY = 100
"""Persons above which the method raises a flag."""
_NAMES = frozenset({"name", "photo", "national-number", "identity-document"})


class Level(StrEnum):
    """The method's four levels."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very-high"


@dataclass(frozen=True, kw_only=True, slots=True)
class Severity:
    """What the method gives. The flags are not in the figure: they have to be weighed by people."""

    figure: float
    level: Level
    context: int
    ease: float
    circumstances: float
    many: bool
    """More than 100 persons."""
    unintelligible: bool
    """Nobody can read the data."""


def severity_of(answers: Answers) -> Severity | None:
    """What the method gives for these answers; None while it cannot be told."""
    base, ease = _BASE.get(answers.get("data-class", "")), _EASE.get(answers.get("ease", ""))
    if base is None or ease is None or not all(answers.get(name) for name in _ASKED):
        return None
    context = min(4, max(1, base + _CONTEXT.get(answers.get("data-context", ""), 0)))
    circumstances = _circumstances(answers)
    figure = context * ease + circumstances
    return Severity(
        figure=figure,
        level=_level(figure),
        context=context,
        ease=ease,
        circumstances=circumstances,
        many=_most(answers) > _MANY,
        unintelligible=answers.get("unintelligible") == "yes",
    )


def proposed(answers: Answers) -> dict[str, str]:
    """What the kinds of data propose as answers to the method's questions, to be looked at."""
    kinds = set(answers.get("categories", "").split())
    if not kinds:
        return {}
    groups = (
        (bool(kinds & _WEIGHTY), "sensitive-data"),
        (bool(kinds & {"financial", "access-data"}), "financial-data"),
        (bool(kinds & {"behaviour", "absence", "grades-and-progress", "location"}), "behavioural"),
    )
    ease = "maximum" if kinds & _NAMES else "limited" if "pupil-number" in kinds else "significant"
    return {
        "data-class": next((word for holds, word in groups if holds), "simple"),
        "data-context": "as-it-is",
        "ease": ease,
    }


def _circumstances(answers: Answers) -> float:
    return (
        _CONFIDENTIALITY.get(answers.get("confidentiality-lost", ""), 0.0)
        + _INTEGRITY.get(answers.get("integrity-lost", ""), 0.0)
        + _AVAILABILITY.get(answers.get("availability-lost", ""), 0.0)
        + (0.5 if answers.get("malicious") == "yes" else 0.0)
    )


def _level(figure: float) -> Level:
    for below, level in ((2, Level.LOW), (3, Level.MEDIUM), (4, Level.HIGH)):
        if figure < below:
            return level
    return Level.VERY_HIGH


def _most(answers: Answers) -> int:
    """The number of persons, on the safe side."""
    found = [answers.get(name, "") for name in ("persons-max", "persons-min")]
    return max((int(one) for one in found if one.isdecimal()), default=0)

"""Why a file got its verdict, in closed words and numbers, and in excerpts only where asked for.

For a person at the machine who asks about one file. The agent never asks, keeps none of it and
sends none of it. What a worker says here is checked like its verdict: words of an enumeration,
bounded numbers, and excerpts that are short, few and printable.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from collectors.recognise.verdict import Evidence

THRESHOLD = 5.0
"""Points in all from which a text makes a pupil file."""
LEAST_PERSON = 2.0
"""Points of evidence about persons without which none does."""
MOST_EXCERPTS = 16
LONGEST_EXCERPT = 120
"""Characters."""
_MOST_TIMES = 1_000_000
_MOST_POINTS = 1000.0
_MOST_PARTS = 100_000


class Column(StrEnum):
    """What a column of a list holds, as its head says and its cells bear out."""

    CHILD = "child"
    NAME = "name"
    BIRTH = "birth"
    NATIONAL_ID = "national_id"
    PUPIL_NO = "pupil_no"
    CLASS = "class"
    GUARDIAN = "guardian"
    ADDRESS = "address"
    CONTACT = "contact"
    GENDER = "gender"
    MENTOR = "mentor"
    SCORES = "scores"
    ATTENDANCE = "attendance"
    CARE = "care"
    BABY = "baby"
    """Sleep, feeding and nappies of the youngest."""
    ORIGIN = "origin"
    STAFF = "staff"
    GOODS = "goods"
    MEMBER = "member"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One kind of evidence: how often it was found (terms are counted once each) and its points,
    below 0 where it speaks against."""

    evidence: Evidence
    times: int
    points: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """A place in the text that counted as evidence."""

    evidence: Evidence
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What decided. A file has ``parts`` texts (sheets, attachments, members of an archive), of
    which ``telling`` make it a pupil file each; the rest tells of the one that weighs most."""

    parts: int = 0
    telling: int = 0
    person: float = 0.0
    """Points of the evidence about persons."""
    total: float = 0.0
    marks: tuple[Mark, ...] = ()
    columns: tuple[Column, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()


class Unfit(ValueError):
    """An explanation is not what it must be."""


def as_parts(why: Explanation, show: bool) -> dict[str, Any]:
    """An explanation as JSON takes it; with excerpts only if they are to be shown."""
    excerpts = why.excerpts[:MOST_EXCERPTS] if show else ()
    return {
        "parts": min(why.parts, _MOST_PARTS),
        "telling": min(why.telling, _MOST_PARTS),
        "person": round(why.person, 2),
        "total": round(why.total, 2),
        "marks": [
            [mark.evidence, min(mark.times, _MOST_TIMES), round(mark.points, 2)]
            for mark in why.marks
        ],
        "columns": why.columns,
        "excerpts": [[excerpt.evidence, printable(excerpt.text)] for excerpt in excerpts],
    }


def from_parts(parts: Any, show: bool) -> Explanation:
    """The other way round. Raises Unfit for anything that ``as_parts`` would not have made."""
    fields = {"parts", "telling", "person", "total", "marks", "columns", "excerpts"}
    if not isinstance(parts, dict) or parts.keys() != fields:
        raise Unfit("an explanation has other fields than it must have")
    try:
        return Explanation(
            parts=_whole(parts["parts"], _MOST_PARTS),
            telling=_whole(parts["telling"], _MOST_PARTS),
            person=_points(parts["person"]),
            total=_points(parts["total"]),
            marks=tuple(_mark(*mark) for mark in _list(parts["marks"], len(Evidence))),
            columns=tuple(map(Column, _list(parts["columns"], len(Column)))),
            excerpts=tuple(
                _excerpt(*excerpt)
                for excerpt in _list(parts["excerpts"], MOST_EXCERPTS if show else 0)
            ),
        )
    except (TypeError, ValueError) as error:
        raise Unfit("an explanation holds a value that does not belong there") from error


def printable(text: str) -> str:
    """A text that does nothing on a terminal: one line, without control characters."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain[:LONGEST_EXCERPT]


def _mark(evidence: Any, times: Any, points: Any) -> Mark:
    return Mark(
        evidence=Evidence(evidence), times=_whole(times, _MOST_TIMES), points=_points(points)
    )


def _excerpt(evidence: Any, text: Any) -> Excerpt:
    if not isinstance(text, str) or printable(text) != text:
        raise Unfit("an excerpt is a short printable text")
    return Excerpt(evidence=Evidence(evidence), text=text)


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise Unfit(f"a list holds at most {most}")
    return value


def _whole(value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Unfit(f"a number lies between 0 and {most}")
    return value


def _points(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("points are a number")
    if not -_MOST_POINTS <= value <= _MOST_POINTS:
        raise Unfit("points are out of bounds")
    return float(value)

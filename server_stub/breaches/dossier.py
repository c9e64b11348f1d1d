"""What is written down about a breach, as questions and answers; pure.

The questions are data (``dossier_questions``). An answer is one text in a form that a machine
can read as well: a closed word, several with spaces between them, a whole number, a moment in UTC,
or words of a person. What an event said is an answer until the officer gives another.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from agent.wire.shapes import shape_of

LONGEST_LINE = 200
"""Characters of an answer in one line."""
LONGEST_TEXT = 4000
"""Characters of an answer in several lines."""
LARGEST_NUMBER = 9_999_999
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""What is dated before it is a placeholder, such as 01-01-1900, and no answer."""
_A_PERSON = frozenset({"bsn", "cpr", "e-mail"})
"""Shapes of text that name somebody; the register is about a breach, not about a person."""

Answers = Mapping[str, str]
"""Answers by the question's name; a question without one is not in it."""


class Shape(StrEnum):
    """What kind of answer a question takes."""

    LINE = "line"
    TEXT = "text"
    ONE = "one"
    SOME = "some"
    NUMBER = "number"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``words`` are the closed words to choose from, ``least`` and ``most`` the
    bounds of a number."""

    name: str
    shape: Shape
    words: tuple[str, ...] = ()
    most: int = LARGEST_NUMBER
    least: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that are asked on one page."""

    name: str
    questions: tuple[Question, ...]


def count_answered(section: Section, answers: Answers) -> int:
    """How many questions of a section have an answer."""
    return sum(bool(answers.get(question.name)) for question in section.questions)


def why_not(question: Question, answer: str, now: datetime) -> str | None:
    """Why this cannot be the answer, as a closed word; None: it can. Nothing is an answer too."""
    if not answer:
        return None
    match question.shape:
        case Shape.LINE | Shape.TEXT:
            return wrong_words(answer, _LONGEST[question.shape])
        case Shape.ONE | Shape.SOME:
            return None if set(answer.split()) <= set(question.words) else "which"
        case Shape.NUMBER:
            return _wrong_number(question, answer)
        case Shape.MOMENT:
            return _wrong_moment(answer, now)


def why_not_together(answers: Answers) -> tuple[str, str] | None:
    """The first question whose answer does not go with another's, and why; None: all do."""
    for first, second in _AFTER:
        if answers.get(first) and answers.get(second) and answers[first] > answers[second]:
            return second, "before-the-other"
    least, most = answers.get("persons-min", ""), answers.get("persons-max", "")
    if least.isdecimal() and most.isdecimal() and int(least) > int(most):
        return "persons-max", "less-than-the-other"
    for chosen, reason in _REASONED:
        if answers.get(chosen) and not answers.get(reason):
            return reason, "why"
    return None


def moment_of(answer: str) -> datetime | None:
    """The moment an answer names; None if it names none."""
    try:
        return datetime.fromisoformat(answer) if answer else None
    except ValueError:
        return None


def written_moment(moment: datetime) -> str:
    """A moment as an answer: in UTC, so that answers sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def mark_of(answer: str) -> str:
    """By which a form tells later which answer it was shown with."""
    return hashlib.sha256(answer.encode()).hexdigest()[:16]


_LONGEST = {Shape.LINE: LONGEST_LINE, Shape.TEXT: LONGEST_TEXT}
_AFTER = (
    ("occurred-from", "occurred-to"),
    ("noticed-at", "reported-at"),
    ("occurred-from", "noticed-at"),
)
"""Moments of which the second cannot lie before the first."""
_REASONED = (("severity", "severity-reason"), ("is-breach", "is-breach-reason"))
"""Choices that somebody will have to account for."""


def wrong_words(text: str, longest: int) -> str | None:
    """Why what somebody wrote cannot be kept, as a closed word; None: it can."""
    if len(text) > longest:
        return "too-long"
    return "a-person" if shape_of(text) in _A_PERSON else None


def _wrong_number(question: Question, answer: str) -> str | None:
    if not (answer.isascii() and answer.isdecimal() and len(answer) < 12):
        return "not-a-number"
    if int(answer) < question.least:
        return "too-small"
    return None if int(answer) <= question.most else "too-large"


def _wrong_moment(answer: str, now: datetime) -> str | None:
    moment = moment_of(answer)
    if moment is None or moment.tzinfo is None:
        return "not-a-time"
    if moment < EARLIEST:
        return "a-placeholder"
    return "in-the-future" if moment > now else None

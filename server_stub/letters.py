"""Letters to laptops, pure: what one is, how it stands, and what cannot be written in one.

A letter is about one event, and the laptop knows whose that is; nobody here does. What stands in a
letter is shown to that person, so it names nobody and leads nowhere.
"""

import base64
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from agent.wire import letters as wire
from server_stub.breaches.dossier import wrong_words

ASKED, ANSWERED = "permission-asked", "leak-answered"
"""Kinds of events: somebody asks whether they may use something, and answers a question."""
LONGEST_TEXT = wire.LONGEST_TEXT
LATEST = timedelta(days=90)
"""How much later a person is told of an opening if telling now would do harm."""
LONGEST_GRANT = timedelta(days=366)
MOST_OPEN = 20
"""Questions about one event that wait for an answer."""


class What(StrEnum):
    """What a letter is."""

    QUESTION = "question"
    GRANTED = "granted"
    REFUSED = "refused"
    OPENED = "opened"


ANSWERS = (What.GRANTED, What.REFUSED)
"""The letters that answer a request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A letter about the event ``seq`` of a laptop. It is brought from ``due_at`` on; ``heard_at``
    is when the laptop said that it need not be brought again, ``placed`` whether it is for somebody
    whom the laptop knows."""

    number: str
    device: str
    seq: int
    about: str
    kind: str
    happened_at: datetime
    what: str
    role: str
    who: str
    text: str
    purpose: str
    until: str
    """A date, or nothing."""
    at: datetime
    due_at: datetime
    heard_at: datetime | None = None
    placed: bool = True

    @property
    def state(self) -> str:
        """How it stands, as a word: ``waits``, ``brought`` or ``nobody``."""
        if self.heard_at is None:
            return "waits"
        return "brought" if self.placed else "nobody"

    def on_the_wire(self) -> wire.Letter:
        """The letter as the laptop gets it: with the role of whoever wrote it, and no name."""
        return wire.Letter(
            number=self.number,
            about=self.about,
            kind=self.kind,
            happened_at=self.happened_at,
            what=What(self.what).value,
            by="officer" if self.role == "officer" else "it",
            at=self.at,
            text=self.text,
            until=date.fromisoformat(self.until) if self.until else None,
            purpose=self.purpose or None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A question as a form gave it; ``wrong`` is a closed word if it cannot be asked."""

    text: str = ""
    wrong: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """That a question was answered, in the event ``seq`` of the same laptop."""

    letter: str
    seq: int
    at: datetime


def written(text: str) -> str:
    """What a form brought, on one line."""
    return " ".join(text.split())


def wrong_with(text: str, longest: int = LONGEST_TEXT) -> str:
    """Why this cannot stand in a letter, as a closed word; empty: it can."""
    if wrong := wrong_words(text, longest):
        return wrong
    return "" if wire.plain(text) == written(text) else "not-plain"


def day_between(text: str, first: date, last: date) -> date | None:
    """The day that a form names, if it lies between two others or is one of them."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if first <= day <= last else None


def number_in(reference: object) -> str:
    """The number of the letter that an event names; empty if it names none."""
    if not isinstance(reference, str) or not reference.startswith("b32:"):
        return ""
    raw = base64.b32decode(reference.removeprefix("b32:").upper() + "======")
    number = str(uuid.UUID(bytes=raw[:16]))
    return number if wire.reference(number) == reference else ""

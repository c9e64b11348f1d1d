"""Why sealed details are opened, pure: the closed words, and when a reason cannot be taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server_stub import letters
from server_stub.breaches.dossier import LONGEST_LINE

GOOD_FOR = timedelta(minutes=15)
"""How long after a reason was given the sealed part can be had."""


class Purpose(StrEnum):
    """What sealed details are opened for."""

    JUDGE = "judge"
    BREACH = "breach"
    ASKED = "asked"
    GIVE_BACK = "give-back"
    LOST = "lost"
    FALSE_ALARM = "false-alarm"
    OTHER = "other"


class Way(StrEnum):
    """Where the details are to be opened."""

    PAGE = "page"
    FILE = "file"


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """That somebody asked for the sealed part of one event, and why."""

    device: str
    seq: int
    who: str
    reason: str
    text: str
    at: datetime
    letter: str | None = None
    """The letter that tells the person concerned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A reason as the form gave it; ``wrong`` is a closed word if it cannot be taken."""

    reason: str = ""
    text: str = ""
    case: str = ""
    later: bool = False
    """Whether telling the person concerned now would harm an investigation."""
    tell_on: str = ""
    """The day on which they are told instead."""
    wrong: str = ""


def wrong_with(reason: str, text: str) -> str:
    """Why this cannot be taken, as a closed word; empty: it can. The person concerned reads it."""
    if reason not in tuple(Purpose):
        return "which-purpose"
    if not text:
        return "why-opened"
    return letters.wrong_with(text, LONGEST_LINE)

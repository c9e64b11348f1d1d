"""The words of a report of a data leak: what a person can choose from, at a page or a terminal.

The kinds are those the organisations' own documents name. What is chosen leaves readable, since
the register's clock and its routes depend on it; what is written leaves sealed.
"""

import hashlib
import re
import uuid
from enum import StrEnum

KIND, SLIP = "leak-reported", "slip-reported"
"""What a person says of data that leaked, and of themselves."""
LONGEST_TEXT = 8000
"""Characters of what happened."""
LONGEST_LINE = 200
"""Characters of a name, a telephone number, or which device it is."""
WRITTEN = ("text", "reach", "lost")
"""What a person may write in a report: what happened, how to reach them, which stick or laptop."""
NUMBER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A number made where a report is written, so that it can be handed over twice."""


class LeakKind(StrEnum):
    """What has leaked, or how."""

    MISSENT_MAIL = "missent-mail"
    LOST_DEVICE = "lost-device"
    LOST_STICK = "lost-stick"
    ACCOUNT_SHARED = "account-shared"
    PUBLISHED = "published"
    PAPER = "paper"
    UNAUTHORISED_LOOK = "unauthorised-look"
    OTHER = "other"


class About(StrEnum):
    """Whose data it is about."""

    OWN = "own-organisation"
    PARTNER = "partner-organisation"
    BOARD = "school-board"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """For whom the reporter works: it decides whose procedure comes first."""

    STAFF = "staff"
    BOARD_STAFF = "school-board-staff"
    COMMITTEE = "advisory-committee"
    OTHER = "other"


class Persons(StrEnum):
    """How many people it is about, as well as can be said in the first minute."""

    ONE = "one"
    UP_TO_TEN = "up-to-ten"
    UP_TO_HUNDRED = "up-to-hundred"
    MORE = "more"
    UNKNOWN = "unknown"

    def bounds(self) -> tuple[int, int] | None:
        """The fewest and the most, or None where not even that is known."""
        return _BOUNDS.get(self)


_BOUNDS = {
    Persons.ONE: (1, 1),
    Persons.UP_TO_TEN: (2, 10),
    Persons.UP_TO_HUNDRED: (11, 100),
    Persons.MORE: (101, 9_999_999),
}


def event_number(uid: int, number: str) -> str:
    """The number of the event that a report becomes, from the person's and its own number.

    The same at once and later, in the person's process and in the agent; and nobody can choose a
    number such that this is that of another event.
    """
    raw = hashlib.sha256(f"dossierwacht report\0{uid}\0{number}".encode("ascii")).digest()
    return str(uuid.UUID(bytes=raw[:16], version=4))

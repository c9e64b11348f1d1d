"""Opening sealed details by two people, pure: what is asked, who may answer, and for how long.

One asks and another answers; only then is the sealed part handed out, once, to who asked:

    waiting --approve--> approved --begin--> begun --fetch--> fetched
       |  \\--refuse--> refused    |            |
       \\---------- too late ------+------------+--> expired
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server_stub.breaches.dossier import LONGEST_LINE, wrong_words
from server_stub.logins.auth import Role
from server_stub.storage.store_people import User

ANSWER_WITHIN = timedelta(hours=24)
"""How long a request waits for the second person."""
BEGIN_WITHIN = timedelta(hours=24)
"""How long an approval is good for; whoever asked is not there all day."""
LONGEST_CASE = 64
ANSWERS = (Role.OFFICER, Role.DIRECTOR, Role.SECOND)
"""Who may be the second person, if they did not ask."""


class People(StrEnum):
    """How many people opening a sealed part takes."""

    ONE = "one"
    TWO = "two"


class State(StrEnum):
    """How far a request is."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    BEGUN = "begun"
    FETCHED = "fetched"
    EXPIRED = "expired"


OPEN = (State.WAITING, State.APPROVED, State.BEGUN)
"""What ends by itself when its time is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """That ``who`` wants the sealed part of an event, and what a second person said to it.

    ``case`` is the number of an entry of the register, or the organisation's own reference.
    ``until`` is when the present state ends by itself; ``said`` is what the second person wrote;
    ``tell_at`` is when, at the earliest, the person concerned is told of it."""

    id: int = 0
    device: str
    seq: int
    kind: str
    who: str
    sso: str | None
    mail: str | None
    case: str
    reason: str
    text: str
    asked_at: datetime
    state: str
    until: datetime
    tell_at: datetime
    second: str | None = None
    said: str = ""
    answered_at: datetime | None = None
    begun_at: datetime | None = None
    fetched_at: datetime | None = None

    @property
    def subject(self) -> str:
        """The event, as the log names it."""
        return f"{self.device}/{self.seq}"


def is_same_person(asked: Request, other: User) -> bool:
    """Whether a login is that of whoever asked, as far as a collector can know: by name, by who
    it is at the identity provider, or by where its mail goes."""
    return (
        asked.who.casefold() == other.name.casefold()
        or (asked.sso is not None and asked.sso == other.sso)
        or (asked.mail is not None and asked.mail.casefold() == (other.mail or "").casefold())
    )


def may_answer(asked: Request, other: User) -> bool:
    """Whether this login may be the second person for a request, apart from its state."""
    return other.role in ANSWERS and not is_same_person(asked, other)


def wrong_case(case: str) -> str:
    """Why this cannot be the number of a case, as a closed word; empty: it can."""
    if not case:
        return "which-case"
    return wrong_words(case, LONGEST_CASE) or ""


def wrong_answer(state: State, said: str) -> str:
    """Why an answer cannot be taken, as a closed word; empty: it can. A refusal says why."""
    if state is State.REFUSED and not said:
        return "why-refused"
    return wrong_words(said, LONGEST_LINE) or ""

"""Who is let in: passwords, logins that live in the database, roles, API tokens.

A password is checked with argon2 also when the name is unknown, so an answer's time tells nothing.
The cookie holds a random number whose digest is stored; each login makes a new one. A form is
accepted only with the token of its login and from a page of this very address. After too many
failures from one address the answer is "later", before any password is looked at.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from server_stub.errors import AskedError, Refused
from server_stub.logins import guessing
from server_stub.logins.guessing import normal
from server_stub.storage import store_people
from server_stub.storage.store import Store
from server_stub.storage.store_people import ApiToken, Session, User

COOKIE = "__Host-dossierwacht"
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
WAITING = timedelta(minutes=10)
"""How long a login waits for its second factor."""
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
API_PREFIX = "dwapi-"


class Role(StrEnum):
    """What somebody may see."""

    IT = "it"
    """Devices and events; no register."""
    OFFICER = "officer"
    """Everything, and the only one who makes and changes register entries."""
    MANAGEMENT = "management"
    """Counts only."""
    READER = "reader"
    """One entry of the register, to read."""
    DIRECTOR = "director"
    """What people report of their own slips; and the second person for an opening."""
    SECOND = "second"
    """The second person for an opening, and nothing else."""


class Scope(StrEnum):
    """What a program may pull."""

    DEVICES = "devices"
    EVENTS = "events"
    POSTURE = "posture"
    COVERAGE = "coverage"
    REPORTS = "reports"
    METRICS = "metrics"


USUAL_SCOPES = (Scope.DEVICES, Scope.EVENTS)
"""What a token is for if nothing is said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A login just made; ``cookie`` is the only copy of its secret."""

    user: User
    cookie: str
    waiting: bool
    """For the second factor: until that is shown nothing opens."""


_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """How a password is stored. Raises AskedError if it is too short or too long to be one."""
    check_length(password)
    return _hasher.hash(normal(password))


def check_length(password: str) -> None:
    """Refuse what is too short or too long to be a password. Raises AskedError."""
    length = len(normal(password))
    if not SHORTEST_PASSWORD <= length <= LONGEST_PASSWORD:
        raise AskedError(
            f"the password has {length} characters: "
            f"choose between {SHORTEST_PASSWORD} and {LONGEST_PASSWORD}"
        )


def generate_password() -> str:
    """A password of 125 random bits in five groups that can be read out."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    text = "".join(secrets.choice(letters) for _ in range(25))
    return "-".join(text[at : at + 5] for at in range(0, 25, 5))


def log_in(store: Store, name: str, password: str, address: str, now: datetime) -> Login | None:
    """Open a login; None if name or password is wrong. Raises Refused after too many failures."""
    user = known(store, name, password, address, now)
    return open_login(store, user, address, now) if user else None


def known(store: Store, name: str, password: str, address: str, now: datetime) -> User | None:
    """Whose name and password these are. Raises Refused after too many failures."""
    mark = guessing.mark_of(name)
    with store.guesses:  # counted, checked and noted in one go: none is made in parallel
        guessing.refuse(store, mark, address, now)
        with store.read() as connection:
            user = store_people.user_by(connection, name)
        if _fits(user, password):
            return user
        guessing.note(store, mark, address, now)
        return None


def open_login(
    store: Store, user: User, address: str, now: datetime, *, shown: bool = False
) -> Login:
    """Open a login of somebody who is known; it waits for a second factor that was not shown."""
    cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    session = Session(
        user=user,
        digest=digest(cookie),
        csrf=csrf,
        created_at=now,
        seen_at=now,
        address=guessing.network(address),
        waiting=user.factor is not None and not shown,
    )
    store.write(lambda c: store_people.open_session(c, session, now - LONGEST))
    return Login(user=user, cookie=cookie, waiting=session.waiting)


def session_of(store: Store, cookie: str | None, now: datetime) -> Session | None:
    """The open login behind a cookie; None if there is none or it was left alone too long."""
    if not cookie or len(cookie) > 64:
        return None
    with store.read() as connection:
        session = store_people.session_by(connection, digest(cookie))
    if session is None:
        return None
    if not is_open(session, now):
        store.write(lambda c: store_people.close_session(c, session.digest))
        return None
    if now - session.seen_at > timedelta(minutes=1):
        store.write(lambda c: store_people.touch_session(c, session.digest, now))
    return session


def is_open(session: Session, now: datetime) -> bool:
    """Whether a login still counts: neither left alone nor open for too long."""
    longest = WAITING if session.waiting else LONGEST
    return now - session.seen_at <= IDLE and now - session.created_at <= longest


def log_out(store: Store, session: Session) -> None:
    """End a login."""
    store.write(lambda c: store_people.close_session(c, session.digest))


def check_origin(origin: str | None, host: str | None) -> None:
    """Refuse a form that another site sent. Raises Refused."""
    if not host or origin != f"https://{host}":
        raise Refused(403, "foreign-form", "this form was not sent from this console: open it here")


def check_csrf(session: Session, given: str) -> None:
    """Refuse a form without this login's token. Raises Refused."""
    if not hmac.compare_digest(session.csrf.encode(), given.encode()):
        raise Refused(403, "old-form", "this form is from another login: go back and try again")


def new_api_token() -> tuple[str, str]:
    """A new API token and the digest under which it is stored."""
    token = API_PREFIX + secrets.token_urlsafe(32)
    return token, digest(token)


def check_bearer(store: Store, header: str | None, scope: Scope) -> ApiToken:
    """The token of a pull. Raises Refused without one that is for this."""
    kind, _, token = (header or "").partition(" ")
    if kind.lower() != "bearer" or not token.startswith(API_PREFIX) or len(token) > 128:
        raise Refused(401, "no-token", "send Authorization: Bearer with a token for the API")
    with store.read() as connection:
        found = store_people.api_token_by(connection, digest(token))
    if found is None:
        raise Refused(401, "unknown-token", "this collector gave out no such API token")
    if scope not in found.scopes.split():
        raise Refused(403, "out-of-scope", f"this API token is not for {scope}")
    return found


def _fits(user: User | None, password: str) -> bool:
    # Who comes in by single sign-on only has no password, and nobody else's fits either.
    stored = (user.password if user else "") or _of_nobody()
    try:
        with guessing.hashing:
            _hasher.verify(stored, normal(password[:LONGEST_PASSWORD]))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
    return user is not None


@cache
def _of_nobody() -> str:
    """A password nobody has, so that an unknown name takes as long as a known one."""
    return _hasher.hash(secrets.token_hex(16))


def digest(secret: str) -> str:
    """Under what a long random secret is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()

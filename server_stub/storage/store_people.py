"""Rows about people and programs that come in: users, sessions, failed logins, API tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from server_stub.storage.tables import api_tokens, login_failures, sessions, users
from server_stub.storage.tables_logins import recovery_codes
from server_stub.storage.tables_register import team_members


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Somebody with a login; ``password`` is an argon2 string.

    ``mail`` is where they want to be reminded, None for nowhere; ``language`` may be empty."""

    id: int
    name: str
    role: str
    password: str
    created_at: datetime
    mail: str | None = None
    language: str = ""
    factor: str | None = None
    """The sealed secret of the second factor."""
    factor_step: int | None = None
    """The last step of time whose code was taken: none is taken twice."""
    sso: str | None = None
    """Who this is at the identity provider: its subject, or a mail address."""
    reads: str | None = None
    """The number of the one entry that a reader reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A login that is still open."""

    user: User
    digest: str
    csrf: str
    created_at: datetime
    seen_at: datetime
    address: str
    waiting: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """A program's way in, without its secret."""

    id: int
    name: str
    scopes: str
    created_at: datetime


def add_user(
    connection: Connection,
    name: str,
    role: str,
    password: str,
    now: datetime,
    *,
    sso: str | None = None,
    reads: str | None = None,
) -> None:
    """Give somebody a login; an empty password fits nothing."""
    row = insert(users).values(name=name, role=role, password=password, created_at=now)
    connection.execute(row.values(sso=sso, reads=reads))


def set_password(connection: Connection, user: int, password: str, keep: str = "") -> None:
    """Replace a password and end every login made with the old one, except the one to keep."""
    connection.execute(update(users).where(users.c.id == user).values(password=password))
    end_sessions(connection, user, keep)


def set_mail(connection: Connection, user: int, mail: str | None, language: str) -> None:
    """Note where somebody wants to be reminded, and in which language."""
    row = update(users).where(users.c.id == user)
    connection.execute(row.values(mail=mail, language=language))


def drop_user(connection: Connection, user: int) -> None:
    """Take a login away and end every one that is open; what they did stays under their name."""
    name = select(users.c.name).where(users.c.id == user).scalar_subquery()
    connection.execute(delete(team_members).where(team_members.c.name == name))
    end_sessions(connection, user)
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user))
    connection.execute(delete(users).where(users.c.id == user))


def user_by(connection: Connection, name: str) -> User | None:
    """The user with this name."""
    found = connection.execute(select(users).where(users.c.name == name)).first()
    return User(**found._mapping) if found else None


def all_users(connection: Connection) -> list[User]:
    """Every user by name."""
    return [
        User(**row._mapping) for row in connection.execute(select(users).order_by(users.c.name))
    ]


def open_session(connection: Connection, session: Session, forget: datetime) -> None:
    """Begin a login; those not used since ``forget`` are dropped."""
    connection.execute(delete(sessions).where(sessions.c.seen_at < forget))
    row = {name: getattr(session, name) for name in _OF_SESSION}
    connection.execute(insert(sessions).values(user_id=session.user.id, **row))


def session_by(connection: Connection, digest: str) -> Session | None:
    """The login with this digest, with its user."""
    rows = _SESSIONS.where(sessions.c.digest == digest)
    found = connection.execute(rows).first()
    return _session(found) if found else None


def sessions_of(connection: Connection, user: int) -> list[Session]:
    """Every login of somebody, the one used last first; some may be too old to count."""
    rows = _SESSIONS.where(sessions.c.user_id == user).order_by(sessions.c.seen_at.desc())
    return [_session(row) for row in connection.execute(rows)]


def end_sessions(connection: Connection, user: int, keep: str = "") -> int:
    """End the logins of somebody, except the one to keep; how many there were."""
    ended = delete(sessions).where(sessions.c.user_id == user, sessions.c.digest != keep)
    return connection.execute(ended).rowcount


def touch_session(connection: Connection, digest: str, now: datetime) -> None:
    """Note that a login is in use."""
    connection.execute(update(sessions).where(sessions.c.digest == digest).values(seen_at=now))


def close_session(connection: Connection, digest: str) -> None:
    """End a login."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest))


def add_failure(
    connection: Connection, name_digest: str, address: str, now: datetime, forget: datetime
) -> None:
    """Note a failed login; those before ``forget`` are dropped."""
    connection.execute(delete(login_failures).where(login_failures.c.at < forget))
    row = insert(login_failures).values(name_digest=name_digest, address=address, at=now)
    connection.execute(row)


def count_failures(
    connection: Connection, since: datetime, name_digest: str, address: str
) -> tuple[int, int]:
    """Failed logins since a moment: with this name from this address, and from this address."""
    recent = login_failures.c.at >= since
    here = login_failures.c.address == address
    named = login_failures.c.name_digest == name_digest
    rows = select(func.count()).select_from(login_failures)
    both = connection.scalar(rows.where(recent, here, named)) or 0
    return int(both), int(connection.scalar(rows.where(recent, here)) or 0)


def count_marked(connection: Connection, since: datetime, name_digest: str) -> int:
    """Failed logins since a moment under one digest, from anywhere."""
    rows = select(func.count()).select_from(login_failures)
    marked = login_failures.c.name_digest == name_digest
    return int(connection.scalar(rows.where(login_failures.c.at >= since, marked)) or 0)


def add_api_token(
    connection: Connection, name: str, digest: str, scopes: str, now: datetime
) -> None:
    """Keep a new API token's digest."""
    row = insert(api_tokens).values(name=name, digest=digest, scopes=scopes, created_at=now)
    connection.execute(row)


def api_token_by(connection: Connection, digest: str) -> ApiToken | None:
    """The API token with this digest."""
    found = connection.execute(select(*_API_TOKEN).where(api_tokens.c.digest == digest)).first()
    return ApiToken(**found._mapping) if found else None


def api_token_named(connection: Connection, name: str) -> ApiToken | None:
    """The API token with this name."""
    found = connection.execute(select(*_API_TOKEN).where(api_tokens.c.name == name)).first()
    return ApiToken(**found._mapping) if found else None


def all_api_tokens(connection: Connection) -> list[ApiToken]:
    """Every API token by name."""
    rows = connection.execute(select(*_API_TOKEN).order_by(api_tokens.c.name))
    return [ApiToken(**row._mapping) for row in rows]


def drop_api_token(connection: Connection, name: str) -> bool:
    """Take an API token back; whether there was one."""
    return connection.execute(delete(api_tokens).where(api_tokens.c.name == name)).rowcount == 1


def _session(row: Row[Any]) -> Session:
    at = len(users.c)
    user = User(**dict(zip(users.c.keys(), row[:at], strict=True)))
    return Session(user=user, **dict(zip(_OF_SESSION, row[at:], strict=True)))


_OF_SESSION = tuple(name for name in Session.__slots__ if name != "user")
_SESSIONS = select(users, *(sessions.c[name] for name in _OF_SESSION)).join(
    sessions, sessions.c.user_id == users.c.id
)
_API_TOKEN = tuple(api_tokens.c[name] for name in ApiToken.__slots__)

"""Rows about people and programs that come in: users, sessions, failed logins, API tokens."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from server_stub.tables import api_tokens, login_failures, sessions, users


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A login that is still open."""

    user: User
    digest: str
    csrf: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """A program's way in, without its secret."""

    id: int
    name: str
    scopes: str
    created_at: datetime


def add_user(connection: Connection, name: str, role: str, password: str, now: datetime) -> None:
    """Give somebody a login."""
    row = insert(users).values(name=name, role=role, password=password, created_at=now)
    connection.execute(row)


def set_password(connection: Connection, user: int, password: str) -> None:
    """Replace a password and end every login made with the old one."""
    connection.execute(update(users).where(users.c.id == user).values(password=password))
    connection.execute(delete(sessions).where(sessions.c.user_id == user))


def set_mail(connection: Connection, user: int, mail: str | None, language: str) -> None:
    """Note where somebody wants to be reminded, and in which language."""
    row = update(users).where(users.c.id == user)
    connection.execute(row.values(mail=mail, language=language))


def drop_user(connection: Connection, user: int) -> None:
    """Take a login away and end every one that is open; what they did stays under their name."""
    connection.execute(delete(sessions).where(sessions.c.user_id == user))
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


def open_session(
    connection: Connection, user: int, digest: str, csrf: str, now: datetime, forget: datetime
) -> None:
    """Begin a login; those not used since ``forget`` are dropped."""
    connection.execute(delete(sessions).where(sessions.c.seen_at < forget))
    row = insert(sessions).values(
        digest=digest, user_id=user, csrf=csrf, created_at=now, seen_at=now
    )
    connection.execute(row)


def session_by(connection: Connection, digest: str) -> Session | None:
    """The login with this digest, with its user."""
    rows = select(users, sessions.c.csrf, sessions.c.created_at, sessions.c.seen_at).join(
        sessions, sessions.c.user_id == users.c.id
    )
    found = connection.execute(rows.where(sessions.c.digest == digest)).first()
    if found is None:
        return None
    *person, csrf, created_at, seen_at = found
    user = User(**dict(zip(users.c.keys(), person, strict=True)))
    return Session(user=user, digest=digest, csrf=csrf, created_at=created_at, seen_at=seen_at)


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


_API_TOKEN = tuple(api_tokens.c[name] for name in ApiToken.__slots__)

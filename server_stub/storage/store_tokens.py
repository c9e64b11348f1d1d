"""Rows about enrolment tokens: what lets a laptop in, once, and which one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from server_stub.storage.tables import enrolment_tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class EnrolmentToken:
    """A one-time token, without its secret.

    ``host`` and ``serial`` are digests of the laptop it is bound to; ``group`` is where that laptop
    is counted, and ``approve`` says that it waits until IT has looked.
    """

    id: int
    created_at: datetime
    expires_at: datetime
    uses: int
    used: int
    host: str | None = None
    serial: str | None = None
    group: str = ""
    approve: bool = False


def add_token(
    connection: Connection,
    digest: str,
    uses: int,
    created_at: datetime,
    expires_at: datetime,
    *,
    host: str | None = None,
    serial: str | None = None,
    group: str = "",
    approve: bool = False,
) -> int:
    """Keep a new token's digest; the token's number."""
    row = insert(enrolment_tokens).values(
        digest=digest,
        created_at=created_at,
        expires_at=expires_at,
        uses=uses,
        used=0,
        host=host,
        serial=serial,
        group=group,
        approve=approve,
    )
    key = connection.execute(row).inserted_primary_key
    return int(key[0]) if key else 0


def token_by(connection: Connection, digest: str) -> EnrolmentToken | None:
    """The token with this digest."""
    found = connection.execute(select(*_TOKEN).where(enrolment_tokens.c.digest == digest)).first()
    return EnrolmentToken(**found._mapping) if found else None


def tokens(connection: Connection, most: int | None = None) -> list[EnrolmentToken]:
    """Tokens, the newest first; all of them unless ``most`` says how many."""
    rows = select(*_TOKEN).order_by(enrolment_tokens.c.id.desc()).limit(most)
    return [EnrolmentToken(**row._mapping) for row in connection.execute(rows)]


def end_token(connection: Connection, token: int, now: datetime) -> bool:
    """End a token's time now; False if it is over already, or if there is no such token."""
    row = update(enrolment_tokens).where(enrolment_tokens.c.id == token)
    row = row.where(enrolment_tokens.c.expires_at > now).values(expires_at=now)
    return connection.execute(row).rowcount == 1


def use_token(connection: Connection, token: int, now: datetime) -> bool:
    """Take one use of a token; False if none is left or its time is over. One atomic statement."""
    row = (
        update(enrolment_tokens)
        .where(enrolment_tokens.c.id == token)
        .where(enrolment_tokens.c.used < enrolment_tokens.c.uses)
        .where(enrolment_tokens.c.expires_at > now)
        .values(used=enrolment_tokens.c.used + 1)
    )
    return connection.execute(row).rowcount == 1


_TOKEN = tuple(enrolment_tokens.c[name] for name in EnrolmentToken.__slots__)

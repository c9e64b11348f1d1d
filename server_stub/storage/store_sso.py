"""Rows about single sign-on: who is linked to whom at the provider, and answers that were taken."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from server_stub.errors import AskedError
from server_stub.storage.store_people import User
from server_stub.storage.tables import users
from server_stub.storage.tables_logins import used_states


def user_linked(connection: Connection, subject: str, mail: str) -> User | None:
    """Who is linked to this subject, or else to this proven mail address.

    What holds an at sign is an address, all else a subject: neither passes for the other."""
    for one, is_mail in ((subject, False), (mail, True)):
        if one and ("@" in one) == is_mail:
            found = connection.execute(select(users).where(users.c.sso == one)).first()
            if found:
                return User(**found._mapping)
    return None


def link(connection: Connection, user: int, sso: str | None) -> None:
    """Link somebody to the provider, or to nobody there."""
    connection.execute(update(users).where(users.c.id == user).values(sso=sso))


def linked_to(connection: Connection, sso: str) -> str | None:
    """The name of whoever is linked to this."""
    return connection.scalar(select(users.c.name).where(users.c.sso == sso))


def check_free(connection: Connection, sso: str | None, but: str = "") -> None:
    """Refuse to link two people to one at the provider. Raises AskedError."""
    other = linked_to(connection, sso) if sso else None
    if other not in (None, but):
        raise AskedError(f"{other} is linked to {sso} already: nothing was changed")


def unlink_all(connection: Connection) -> list[str]:
    """Link nobody to the provider any more; the names of those who were."""
    names = list(connection.scalars(select(users.c.name).where(users.c.sso.is_not(None))))
    connection.execute(update(users).values(sso=None))
    return names


def take_state(connection: Connection, digest: str, now: datetime, forget: datetime) -> bool:
    """Take an answer of the provider; no if it was taken before."""
    connection.execute(delete(used_states).where(used_states.c.at < forget))
    if connection.scalar(select(used_states.c.digest).where(used_states.c.digest == digest)):
        return False
    connection.execute(insert(used_states).values(digest=digest, at=now))
    return True

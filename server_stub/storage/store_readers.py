"""Rows about readers: people such as a board or an auditor, who read one entry and no more."""

from sqlalchemy import Connection, select

from server_stub.errors import AskedError
from server_stub.logins.auth import Role
from server_stub.storage import store_people, store_register
from server_stub.storage.store_people import User
from server_stub.storage.tables import users


def check_case(connection: Connection, role: str, number: str | None) -> None:
    """Refuse a reader without an entry, and anybody else with one. Raises AskedError."""
    if (role == Role.READER) != (number is not None):
        raise AskedError("a reader needs --case, and nobody else takes it")
    if number is not None and store_register.breach_numbered(connection, number) is None:
        raise AskedError(f"there is no entry {number!r} in the register: see `breach list`")


def of(connection: Connection, number: str) -> list[User]:
    """Who reads an entry, by name."""
    rows = select(users).where(users.c.role == Role.READER, users.c.reads == number)
    return [User(**row._mapping) for row in connection.execute(rows.order_by(users.c.name))]


def drop(connection: Connection, number: str, name: str) -> bool:
    """Take the login of a reader of this entry away; no if nobody of that name is one."""
    found = [one for one in of(connection, number) if one.name == name]
    for one in found:
        store_people.drop_user(connection, one.id)
    return bool(found)

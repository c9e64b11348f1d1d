"""Whose database this is: the name of one organisation, so that no other ever works in it.

Two addresses of a database can differ and lead to the same one. What is written in the database
itself cannot be mistaken.
"""

from sqlalchemy import Connection, inspect

from server_stub.storage import store_settings

CLAIM = "organisation"


def holder(connection: Connection) -> str:
    """The organisation to which the database belongs; empty if it is of none among several."""
    return store_settings.value(connection, CLAIM) or ""


def claim(connection: Connection, name: str) -> str:
    """Take a database that is nobody's for an organisation; to whom it belongs then."""
    found = holder(connection)
    if not found and name:
        store_settings.write(connection, {CLAIM: name})
    return found or name


def is_empty(connection: Connection) -> bool:
    """Whether no collector has ever used the database."""
    return not inspect(connection).get_table_names()

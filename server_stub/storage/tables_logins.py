"""The tables of second factors and of single sign-on, beside the users and logins in ``tables``."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from server_stub.storage.tables import Long, Moment, metadata

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("id", Long, primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
    # Under the collector's login key, so that a stolen database gives no code to guess at.
    Column("digest", String(64), nullable=False),
    Index(None, "user_id"),
)

used_states = Table(
    "used_states",
    metadata,
    # Of an answer of the identity provider that was taken once.
    Column("digest", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)

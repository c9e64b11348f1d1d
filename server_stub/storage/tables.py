"""The collector's tables, as SQLAlchemy describes them; migrations bring a database to this shape.

Only words that both SQLite and PostgreSQL know are used. Secrets (enrolment tokens, API tokens,
session cookies) are stored as digests: a stolen copy of the database opens nothing. The table
``audit`` is only added to, and each row carries a hash over the row before. Those of the breach
register stand in ``tables_register``, those of mail in ``tables_mail``, those behind what is pulled
in ``tables_pull``, those of second factors and single sign-on in ``tables_logins``, those of opened
details in ``tables_sealed``, that of own slips in ``tables_slips``, those of letters in
``tables_letters``, that of the figures in ``tables_fleet``, those of processors in
``tables_processors``.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC, also in databases that forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """SQLite has no type for times: SQLAlchemy's form of them, written in a third of the time,
        since each event has three."""
        return _written if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _written(value: datetime | None) -> str | None:
    if value is None:
        return None
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


# SQLite numbers rows by itself only where the type is INTEGER.
Long = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

enrolment_tokens = Table(
    "enrolment_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("host", String(64)),
    Column("serial", String(64)),
    Column("group", String(48), nullable=False, server_default=""),
    Column("approve", Boolean, nullable=False, server_default=false()),
)

devices = Table(
    "devices",
    metadata,
    Column("name", String(17), primary_key=True),
    Column("public_key", String(44), nullable=False),
    Column("owner", String(16), nullable=False),
    Column("agent_version", String(16), nullable=False),
    Column("boot_id", String(36)),
    Column("token", Integer, ForeignKey("enrolment_tokens.id"), nullable=False),
    Column("enrolled_at", Moment, nullable=False),
    Column("last_contact_at", Moment, nullable=False),
    Column("last_seq", Long, nullable=False),
    Column("head", String(64), nullable=False),
    Column("events", Long, nullable=False),
    Column("state", String(16), nullable=False, server_default="active"),
    Column("group", String(48), nullable=False, server_default=""),
    Column("boot_before", String(36)),
    Index(None, "last_contact_at"),
    Index(None, "state"),
)

old_keys = Table(
    "old_keys",
    metadata,
    Column("device", String(17), ForeignKey("devices.name"), primary_key=True),
    Column("public_key", String(44), primary_key=True),
    Column("until", Moment, nullable=False),
)

# On PostgreSQL the migrations cut it into parts by ``device``, which is part of the key there.
events = Table(
    "events",
    metadata,
    Column("id", Long, primary_key=True),
    Column("device", String(17), ForeignKey("devices.name"), nullable=False),
    Column("seq", Long, nullable=False),
    Column("event_id", String(36), nullable=False),
    Column("kind", String(48), nullable=False),
    Column("observed_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Column("head", String(64), nullable=False),
    UniqueConstraint("device", "seq"),
    UniqueConstraint("device", "event_id"),
    Index(None, "received_at"),
    # What is pulled goes on after an id, of one kind or of one laptop.
    Index(None, "kind", "id"),
    Index(None, "device", "id"),
)

faults = Table(
    "faults",
    metadata,
    Column("id", Long, primary_key=True),
    # The same fault seen again counts up instead of filling the table.
    Column("mark", String(160), nullable=False, unique=True),
    Column("kind", String(48), nullable=False),
    Column("reason", String(48), nullable=False),
    Column("device", String(17)),
    Column("seq", Long),
    Column("until_seq", Long),
    Column("digest", String(64)),
    Column("head", String(64)),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("times", Integer, nullable=False),
    Column("seen_at", Moment),
    Column("seen_by", String(64)),
    Index(None, "device", "seq"),
    Index(None, "kind", "last_at"),
)

nonces = Table(
    "nonces",
    metadata,
    Column("keyid", String(32), primary_key=True),
    Column("nonce", String(64), primary_key=True),
    Column("seen_at", Moment, nullable=False),
    Index(None, "seen_at"),
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password", String(255), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("mail", String(254)),
    Column("language", String(8), nullable=False, server_default=""),
    # The secret of the second factor, sealed with the collector's login key.
    Column("factor", String(255)),
    Column("factor_step", Long),
    Column("sso", String(254)),
    Column("reads", String(16)),
    Index(None, "sso", unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
    Column("csrf", String(43), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("address", String(64), nullable=False, server_default=""),
    # The second factor has not been shown yet.
    Column("waiting", Boolean, nullable=False, server_default=false()),
    Index(None, "seen_at"),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("id", Long, primary_key=True),
    Column("name_digest", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
)

disputes = Table(
    "disputes",
    metadata,
    Column("id", Long, primary_key=True),
    Column("device", String(17), nullable=False),
    Column("seq", Long, nullable=False),
    Column("reason", String(48), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("detector", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    UniqueConstraint("device", "seq"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("names", Text, nullable=False),
    Column("expires_at", Moment),
    Column("document", Text, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("published_by", String(64), nullable=False),
    Column("withdrawn_at", Moment),
    UniqueConstraint("kind", "version"),
)

orders = Table(
    "orders",
    metadata,
    Column("number", String(36), primary_key=True),
    Column("device", String(17), ForeignKey("devices.name"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("document", Text, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("given_by", String(64), nullable=False),
    Column("done_at", Moment),
    Index(None, "device"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("device", String(17), ForeignKey("devices.name"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("policy", Integer, nullable=False),
    Column("signed", Boolean, nullable=False),
    Column("expired", Boolean, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("held", String(48)),
    Column("keyring", Integer, nullable=False),
    Column("state", String(48), nullable=False),
    Column("waiting", Long, nullable=False),
    Column("behind_seconds", Long, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Long, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("act", String(48), nullable=False),
    Column("subject", String(160), nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("head", String(64), nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(48), primary_key=True),
    Column("value", Text, nullable=False),
)

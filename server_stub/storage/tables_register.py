"""The tables of the breach register.

``breach_history``, ``breach_marks``, ``breach_told`` and ``breach_steps`` are only added to; each
row of the history carries a hash over the row before. ``breach_answers`` holds what counts now;
what counted before stands in the history. An entry made by hand has no laptop: its ``device`` is
empty, and ``seq`` numbers such entries.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from server_stub.storage.tables import Long, Moment, metadata

breaches = Table(
    "breaches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(16), nullable=False, unique=True),
    Column("device", String(17), nullable=False),
    Column("seq", Long, nullable=False),
    Column("kind", String(48), nullable=False),
    Column("detected_at", Moment, nullable=False),
    Column("persons_min", Integer),
    Column("persons_max", Integer),
    Column("categories", Text, nullable=False, server_default=""),
    Column("sensitive", Boolean),
    Column("encryption", String(48), nullable=False),
    Column("measures", String(160), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("aware_at", Moment),
    Column("aware_by", String(64)),
    Column("reported_at", Moment),
    Column("incident", String(48)),
    Column("ongoing", Boolean),
    Column("about", String(24)),
    Column("reporter", String(24)),
    Column("phase", Integer, nullable=False, server_default="1"),
    Column("closed_at", Moment),
    UniqueConstraint("device", "seq"),
)

breach_history = Table(
    "breach_history",
    metadata,
    Column("id", Long, primary_key=True),
    Column("breach", Integer, ForeignKey("breaches.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("act", String(48), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("head", String(64), nullable=False),
    Index(None, "breach"),
    Index(None, "head"),
)

breach_marks = Table(
    "breach_marks",
    metadata,
    Column("id", Long, primary_key=True),
    Column("breach", Integer, ForeignKey("breaches.id"), nullable=False),
    Column("duty", String(16), nullable=False),
    Column("at", Moment),
    Column("reason", Text, nullable=False),
    Column("who", String(64), nullable=False),
    Column("noted_at", Moment, nullable=False),
    Index(None, "breach"),
)

breach_told = Table(
    "breach_told",
    metadata,
    Column("id", Long, primary_key=True),
    Column("breach", Integer, ForeignKey("breaches.id"), nullable=False),
    Column("recipient", String(24), nullable=False),
    Column("at", Moment),
    Column("reason", Text, nullable=False),
    Column("who", String(64), nullable=False),
    Column("noted_at", Moment, nullable=False),
    Index(None, "breach"),
)

breach_answers = Table(
    "breach_answers",
    metadata,
    Column("breach", Integer, ForeignKey("breaches.id"), primary_key=True),
    Column("question", String(32), primary_key=True),
    Column("answer", Text, nullable=False),
    Column("who", String(64), nullable=False),
    Column("noted_at", Moment, nullable=False),
)

breach_steps = Table(
    "breach_steps",
    metadata,
    Column("id", Long, primary_key=True),
    Column("breach", Integer, ForeignKey("breaches.id"), nullable=False),
    Column("step", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", String(64), nullable=False),
    Column("noted_at", Moment, nullable=False),
    Index(None, "breach"),
)

breach_tasks = Table(
    "breach_tasks",
    metadata,
    Column("id", Long, primary_key=True),
    Column("breach", Integer, ForeignKey("breaches.id"), nullable=False),
    Column("task", Text, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("due", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("done_by", String(64)),
    Index(None, "breach"),
)

team_members = Table(
    "team_members",
    metadata,
    Column("name", String(64), primary_key=True),
)

breach_calls = Table(
    "breach_calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("breach", Integer, ForeignKey("breaches.id"), nullable=False),
    Column("called_at", Moment, nullable=False),
    Column("called_by", String(64), nullable=False),
    Index(None, "breach"),
)

call_answers = Table(
    "call_answers",
    metadata,
    Column("call", Integer, ForeignKey("breach_calls.id"), primary_key=True),
    Column("who", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)

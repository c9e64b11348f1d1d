"""The tables of letters to laptops, and of the events in which questions were answered."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, true

from server_stub.storage.tables import Long, Moment, metadata

letters = Table(
    "letters",
    metadata,
    Column("number", String(36), primary_key=True),
    Column("device", String(17), ForeignKey("devices.name"), nullable=False),
    Column("seq", Long, nullable=False),
    Column("about", String(36), nullable=False),
    Column("kind", String(48), nullable=False),
    Column("happened_at", Moment, nullable=False),
    Column("what", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("who", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("purpose", String(48), nullable=False),
    Column("until", String(10), nullable=False),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("heard_at", Moment),
    # False: it is for nobody whom the laptop knows.
    Column("placed", Boolean, nullable=False, server_default=true()),
    Index(None, "device", "seq"),
    Index(None, "what", "at"),
)

letter_answers = Table(
    "letter_answers",
    metadata,
    Column("letter", String(36), ForeignKey("letters.number"), primary_key=True),
    Column("seq", Long, primary_key=True),
    Column("at", Moment, nullable=False),
)

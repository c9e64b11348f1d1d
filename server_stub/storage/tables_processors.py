"""The tables of the organisation's processors.

``processor_history`` is only added to, and each row carries a hash over the row before, as that of
the register does. A processor that was removed stays in it, so its rows name none by a key.
"""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from server_stub.storage.tables import Long, Moment, metadata

processors = Table(
    "processors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("purpose", Text, nullable=False),
    Column("agreement", String(8), nullable=False),
    Column("agreed_on", String(10), nullable=False),
    Column("ends_on", String(10), nullable=False),
    Column("contact", String(200), nullable=False),
    Column("sub_processors", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("changed_by", String(64), nullable=False),
)

processor_history = Table(
    "processor_history",
    metadata,
    Column("id", Long, primary_key=True),
    Column("processor", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("act", String(48), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("head", String(64), nullable=False),
    Index(None, "processor"),
)

"""The table of what people report of their own slips.

It stands apart from ``events`` so that no list, figure, pull, feed or export can hold one: whatever
reads events does not read this. The laptop and its number there are kept for its chain alone.
"""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from server_stub.storage.tables import Long, Moment, metadata

slips = Table(
    "slips",
    metadata,
    Column("id", Long, primary_key=True),
    Column("device", String(17), ForeignKey("devices.name"), nullable=False),
    Column("seq", Long, nullable=False),
    Column("event_id", String(36), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Column("head", String(64), nullable=False),
    Column("talked_at", Moment),
    Column("talked_by", String(64)),
    UniqueConstraint("device", "seq"),
    UniqueConstraint("device", "event_id"),
    Index(None, "received_at"),
)

"""The tables behind what IT pulls and what is sent on.

``newest`` names, for what a laptop answers over and over, its newest event about each subject, so
that nobody has to read a year of events for it. ``feeds`` are the targets that events are sent on
to, each with the last event that it has.
"""

from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, String, Table, Text

from server_stub.storage.tables import Long, Moment, metadata

newest = Table(
    "newest",
    metadata,
    Column("topic", String(16), nullable=False),
    Column("device", String(17), ForeignKey("devices.name"), nullable=False),
    Column("subject", String(48), nullable=False),
    Column("seq", Long, nullable=False),
    # In the order in which a topic is read.
    PrimaryKeyConstraint("topic", "device", "subject"),
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(48), nullable=False, unique=True),
    Column("way", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("form", String(16), nullable=False),
    Column("ca", Text, nullable=False),
    # The secret itself follows from it and from a key in the state folder.
    Column("salt", String(64), nullable=False),
    Column("after", Long, nullable=False),
    Column("added_at", Moment, nullable=False),
    # Why the last batch was not taken, as it is printed; empty if it was.
    Column("trouble", String(120), nullable=False, server_default=""),
)

"""The table of who opened which sealed part, and why.

A person whose details were opened can be shown it later, so rows are only added. What an officer
wrote as a reason is the officer's to see; everybody else who may look sees its closed word.
"""

from sqlalchemy import Column, Index, String, Table, Text

from server_stub.storage.tables import Long, Moment, metadata

openings = Table(
    "openings",
    metadata,
    Column("id", Long, primary_key=True),
    Column("device", String(17), nullable=False),
    Column("seq", Long, nullable=False),
    Column("who", String(64), nullable=False),
    Column("reason", String(48), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    # The letter that tells the person concerned; none was written before there were letters.
    Column("letter", String(36)),
    Index(None, "device", "seq"),
)

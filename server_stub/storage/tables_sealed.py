"""The tables of who opened which sealed part and why, and of who asked a second person for it.

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

# ``sso`` and ``mail`` are those of whoever asked, at that time: the second person has others.
opening_requests = Table(
    "opening_requests",
    metadata,
    Column("id", Long, primary_key=True),
    Column("device", String(17), nullable=False),
    Column("seq", Long, nullable=False),
    Column("kind", String(48), nullable=False),
    Column("who", String(64), nullable=False),
    Column("sso", String(254)),
    Column("mail", String(254)),
    Column("case", String(64), nullable=False),
    Column("reason", String(48), nullable=False),
    Column("text", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("until", Moment, nullable=False),
    Column("tell_at", Moment, nullable=False),
    Column("second", String(64)),
    Column("said", Text, nullable=False),
    Column("answered_at", Moment),
    Column("begun_at", Moment),
    Column("fetched_at", Moment),
    Index(None, "device", "seq"),
    Index(None, "state", "until"),
)

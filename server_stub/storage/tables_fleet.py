"""The table behind the figures of the organisation.

``daily`` counts, for each day in UTC, the events of each kind that came in; under the empty kind it
counts the laptops that were heard of. Nothing in it says which laptop, so it can be kept for long.
"""

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String, Table

from server_stub.storage.tables import metadata

daily = Table(
    "daily",
    metadata,
    # As 2026-11-27: text that sorts like days and reads the same in every database.
    Column("day", String(10), nullable=False),
    Column("kind", String(48), nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("day", "kind"),
)

"""On PostgreSQL the events lie in parts, by the laptop they are from; elsewhere nothing changes.

By the laptop and not by the month, because a unique key must hold the column that the parts go by:
(device, seq) and (device, event_id) stay unique over the whole table, and what a laptop sends twice
is still found in one place.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PARTS = 16
"""Enough to keep the indexes of each small, few enough to ask all of them."""


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        _replace_by("PARTITION BY HASH (device)", "id, device", parts=PARTS)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        _replace_by("", "id")


def _replace_by(cut: str, key: str, parts: int = 0) -> None:
    """Put the events into a table that is cut in this way and goes on with the same numbers."""
    op.execute(f"CREATE TABLE events_new (LIKE events INCLUDING DEFAULTS) {cut}")
    for part in range(parts):
        op.execute(
            f"CREATE TABLE events_part_{part:02d} PARTITION OF events_new "
            f"FOR VALUES WITH (MODULUS {parts}, REMAINDER {part})"
        )
    op.execute("INSERT INTO events_new SELECT * FROM events")
    op.execute("ALTER SEQUENCE events_id_seq OWNED BY NONE")
    op.execute("DROP TABLE events")
    op.execute("ALTER TABLE events_new RENAME TO events")
    op.execute("ALTER SEQUENCE events_id_seq OWNED BY events.id")
    _keys_and_indexes(key)


def _keys_and_indexes(key: str) -> None:
    """Made when the rows are there: that is faster."""
    for constraint in (
        f"pk_events PRIMARY KEY ({key})",
        "uq_events_device_event_id UNIQUE (device, event_id)",
        "uq_events_device_seq UNIQUE (device, seq)",
        "fk_events_device FOREIGN KEY (device) REFERENCES devices (name)",
    ):
        op.execute(f"ALTER TABLE events ADD CONSTRAINT {constraint}")
    op.create_index("ix_events_received_at", "events", ["received_at"])

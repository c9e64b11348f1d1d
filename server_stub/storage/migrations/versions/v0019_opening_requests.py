"""Requests to open a sealed part, which a second person answers."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opening_requests",
        sa.Column("id", Long, nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("sso", sa.String(254)),
        sa.Column("mail", sa.String(254)),
        sa.Column("case", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(48), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.Column("tell_at", Moment, nullable=False),
        sa.Column("second", sa.String(64)),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("answered_at", Moment),
        sa.Column("begun_at", Moment),
        sa.Column("fetched_at", Moment),
        sa.PrimaryKeyConstraint("id", name="pk_opening_requests"),
    )
    op.create_index("ix_opening_requests_device_seq", "opening_requests", ["device", "seq"])
    op.create_index("ix_opening_requests_state_until", "opening_requests", ["state", "until"])


def downgrade() -> None:
    op.drop_index("ix_opening_requests_state_until", "opening_requests")
    op.drop_index("ix_opening_requests_device_seq", "opening_requests")
    op.drop_table("opening_requests")

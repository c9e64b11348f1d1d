"""Disputes: what officers say of events that were false alarms."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", Long, nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.Column("reason", sa.String(48), nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("detector", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_disputes"),
        sa.UniqueConstraint("device", "seq", name="uq_disputes_device_seq"),
    )


def downgrade() -> None:
    op.drop_table("disputes")

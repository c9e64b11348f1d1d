"""What people report of their own slips, apart from all other events."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slips",
        sa.Column("id", Long, nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("received_at", Moment, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("talked_at", Moment),
        sa.Column("talked_by", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_slips"),
        sa.ForeignKeyConstraint(["device"], ["devices.name"], name="fk_slips_device_devices"),
        sa.UniqueConstraint("device", "seq", name="uq_slips_device_seq"),
        sa.UniqueConstraint("device", "event_id", name="uq_slips_device_event_id"),
    )
    op.create_index("ix_slips_received_at", "slips", ["received_at"])


def downgrade() -> None:
    op.drop_index("ix_slips_received_at", "slips")
    op.drop_table("slips")

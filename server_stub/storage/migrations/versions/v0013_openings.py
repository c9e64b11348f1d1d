"""Who opened which sealed part, and why."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("id", Long, nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(48), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_openings"),
    )
    op.create_index("ix_openings_device_seq", "openings", ["device", "seq"])


def downgrade() -> None:
    op.drop_index("ix_openings_device_seq", "openings")
    op.drop_table("openings")

"""The organisation's processors, and the history of what was written about them."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "processors",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("agreement", sa.String(8), nullable=False),
        sa.Column("agreed_on", sa.String(10), nullable=False),
        sa.Column("ends_on", sa.String(10), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("sub_processors", sa.Text, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_processors"),
        sa.UniqueConstraint("name", name="uq_processors_name"),
    )
    op.create_table(
        "processor_history",
        sa.Column("id", Long, nullable=False),
        sa.Column("processor", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("act", sa.String(48), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_processor_history"),
        sa.UniqueConstraint("previous", name="uq_processor_history_previous"),
    )
    op.create_index("ix_processor_history_processor", "processor_history", ["processor"])


def downgrade() -> None:
    op.drop_index("ix_processor_history_processor", "processor_history")
    op.drop_table("processor_history")
    op.drop_table("processors")

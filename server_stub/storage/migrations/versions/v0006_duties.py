"""What was noted about the duties of an entry: told, done, or not needed."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "breach_marks",
        sa.Column("id", Long, nullable=False),
        sa.Column("breach", sa.Integer, nullable=False),
        sa.Column("duty", sa.String(16), nullable=False),
        sa.Column("at", Moment),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("noted_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_breach_marks"),
        sa.ForeignKeyConstraint(
            ["breach"], ["breaches.id"], name="fk_breach_marks_breach_breaches"
        ),
    )
    op.create_index("ix_breach_marks_breach", "breach_marks", ["breach"])


def downgrade() -> None:
    op.drop_index("ix_breach_marks_breach", "breach_marks")
    op.drop_table("breach_marks")

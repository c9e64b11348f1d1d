"""An index by which one entry's history is checked without reading that of all others."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_breach_history_head", "breach_history", ["head"])


def downgrade() -> None:
    op.drop_index("ix_breach_history_head", "breach_history")

"""Kinds of data in the breach register: which, and whether one of them is sensitive.

Entries that were made before keep an empty list and "not known": what an event of an older agent
did not say cannot be filled in afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("breaches") as table:
        table.add_column(sa.Column("categories", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("sensitive", sa.Boolean))


def downgrade() -> None:
    with op.batch_alter_table("breaches") as table:
        table.drop_column("sensitive")
        table.drop_column("categories")

"""Who was told of an entry by hand, what a report said of itself, and which collector writes."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("breaches", sa.Column("about", sa.String(24)))
    op.add_column("breaches", sa.Column("reporter", sa.String(24)))
    op.create_table(
        "breach_told",
        sa.Column("id", Long, nullable=False),
        sa.Column("breach", sa.Integer, nullable=False),
        sa.Column("recipient", sa.String(24), nullable=False),
        sa.Column("at", Moment),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("noted_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_breach_told"),
        sa.ForeignKeyConstraint(["breach"], ["breaches.id"], name="fk_breach_told_breach_breaches"),
    )
    op.create_index("ix_breach_told_breach", "breach_told", ["breach"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("beat", Long, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def downgrade() -> None:
    op.drop_table("leases")
    op.drop_index("ix_breach_told_breach", "breach_told")
    op.drop_table("breach_told")
    op.drop_column("breaches", "reporter")
    op.drop_column("breaches", "about")

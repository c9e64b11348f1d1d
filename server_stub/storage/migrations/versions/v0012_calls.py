"""The crisis team: who is in it, when it was called, and who said that they come."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Moment

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team_members",
        sa.Column("name", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_team_members"),
    )
    op.create_table(
        "breach_calls",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("breach", sa.Integer, nullable=False),
        sa.Column("called_at", Moment, nullable=False),
        sa.Column("called_by", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_breach_calls"),
        sa.ForeignKeyConstraint(
            ["breach"], ["breaches.id"], name="fk_breach_calls_breach_breaches"
        ),
    )
    op.create_index("ix_breach_calls_breach", "breach_calls", ["breach"])
    op.create_table(
        "call_answers",
        sa.Column("call", sa.Integer, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("call", "who", name="pk_call_answers"),
        sa.ForeignKeyConstraint(
            ["call"], ["breach_calls.id"], name="fk_call_answers_call_breach_calls"
        ),
    )


def downgrade() -> None:
    op.drop_table("call_answers")
    op.drop_index("ix_breach_calls_breach", "breach_calls")
    op.drop_table("breach_calls")
    op.drop_table("team_members")

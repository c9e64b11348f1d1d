"""What is written down about a breach: answers, steps of the plan, tasks, and the phase."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEW = ("reported_at", "incident", "ongoing", "phase", "closed_at")


def upgrade() -> None:
    op.add_column("breaches", sa.Column("reported_at", Moment))
    op.add_column("breaches", sa.Column("incident", sa.String(48)))
    op.add_column("breaches", sa.Column("ongoing", sa.Boolean))
    op.add_column("breaches", sa.Column("phase", sa.Integer, nullable=False, server_default="1"))
    op.add_column("breaches", sa.Column("closed_at", Moment))
    op.create_table(
        "breach_answers",
        sa.Column("breach", sa.Integer, nullable=False),
        sa.Column("question", sa.String(32), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("noted_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("breach", "question", name="pk_breach_answers"),
        sa.ForeignKeyConstraint(
            ["breach"], ["breaches.id"], name="fk_breach_answers_breach_breaches"
        ),
    )
    op.create_table(
        "breach_steps",
        sa.Column("id", Long, nullable=False),
        sa.Column("breach", sa.Integer, nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("noted_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_breach_steps"),
        sa.ForeignKeyConstraint(
            ["breach"], ["breaches.id"], name="fk_breach_steps_breach_breaches"
        ),
    )
    op.create_index("ix_breach_steps_breach", "breach_steps", ["breach"])
    op.create_table(
        "breach_tasks",
        sa.Column("id", Long, nullable=False),
        sa.Column("breach", sa.Integer, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("due", Moment, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("noted_at", Moment, nullable=False),
        sa.Column("done_at", Moment),
        sa.Column("done_by", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_breach_tasks"),
        sa.ForeignKeyConstraint(
            ["breach"], ["breaches.id"], name="fk_breach_tasks_breach_breaches"
        ),
    )
    op.create_index("ix_breach_tasks_breach", "breach_tasks", ["breach"])


def downgrade() -> None:
    for table in ("breach_tasks", "breach_steps"):
        op.drop_index(f"ix_{table}_breach", table)
        op.drop_table(table)
    op.drop_table("breach_answers")
    for column in NEW:
        op.drop_column("breaches", column)

"""Mail: where people want it, in which language, what was sent, what does not get through."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("mail", sa.String(254)))
        table.add_column(sa.Column("language", sa.String(8), nullable=False, server_default=""))
    op.create_table(
        "sent_reminders",
        sa.Column("id", Long, nullable=False),
        sa.Column("breach", sa.Integer),
        sa.Column("event", Long),
        sa.Column("duty", sa.String(16), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("to_whom", sa.String(80), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sent_reminders"),
        sa.ForeignKeyConstraint(
            ["breach"], ["breaches.id"], name="fk_sent_reminders_breach_breaches"
        ),
    )
    op.create_index("ix_sent_reminders_breach", "sent_reminders", ["breach"])
    op.create_table(
        "mail_troubles",
        sa.Column("to_whom", sa.String(80), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("retry_at", Moment, nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("to_whom", name="pk_mail_troubles"),
    )


def downgrade() -> None:
    op.drop_table("mail_troubles")
    op.drop_index("ix_sent_reminders_breach", "sent_reminders")
    op.drop_table("sent_reminders")
    with op.batch_alter_table("users") as table:
        table.drop_column("language")
        table.drop_column("mail")

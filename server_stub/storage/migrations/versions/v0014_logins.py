"""Second factors, single sign-on, readers of one case, and where a login came from."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("factor", sa.String(255)))
        table.add_column(sa.Column("factor_step", Long))
        table.add_column(sa.Column("sso", sa.String(254)))
        table.add_column(sa.Column("reads", sa.String(16)))
    op.create_index("ix_users_sso", "users", ["sso"], unique=True)
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("address", sa.String(64), nullable=False, server_default=""))
        table.add_column(
            sa.Column("waiting", sa.Boolean, nullable=False, server_default=sa.false())
        )
    op.create_table(
        "recovery_codes",
        sa.Column("id", Long, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id_users"),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    op.create_table(
        "used_states",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_states"),
    )
    op.create_index("ix_used_states_at", "used_states", ["at"])


def downgrade() -> None:
    # Otherwise logins that wait for a second factor would be whole ones, and readers are unknown.
    op.execute("DELETE FROM sessions")
    op.drop_table("used_states")
    op.drop_table("recovery_codes")
    op.execute("DELETE FROM users WHERE role = 'reader'")
    op.drop_index("ix_users_sso", "users")
    for table, columns in (
        ("sessions", ("waiting", "address")),
        ("users", ("reads", "sso", "factor_step", "factor")),
    ):
        for column in columns:
            op.drop_column(table, column)

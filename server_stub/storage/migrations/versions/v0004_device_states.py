"""Whether a laptop may speak, which group it is in, and what a token is bound to."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("enrolment_tokens") as table:
        table.add_column(sa.Column("host", sa.String(64)))
        table.add_column(sa.Column("serial", sa.String(64)))
        table.add_column(sa.Column("group", sa.String(48), nullable=False, server_default=""))
        table.add_column(
            sa.Column("approve", sa.Boolean, nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("devices") as table:
        table.add_column(sa.Column("state", sa.String(16), nullable=False, server_default="active"))
        table.add_column(sa.Column("group", sa.String(48), nullable=False, server_default=""))
        table.add_column(sa.Column("boot_before", sa.String(36)))
    op.create_table(
        "old_keys",
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("public_key", sa.String(44), nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.PrimaryKeyConstraint("device", "public_key", name="pk_old_keys"),
        sa.ForeignKeyConstraint(["device"], ["devices.name"], name="fk_old_keys_device_devices"),
    )


def downgrade() -> None:
    op.drop_table("old_keys")
    with op.batch_alter_table("devices") as table:
        for name in ("boot_before", "group", "state"):
            table.drop_column(name)
    with op.batch_alter_table("enrolment_tokens") as table:
        for name in ("approve", "group", "serial", "host"):
            table.drop_column(name)

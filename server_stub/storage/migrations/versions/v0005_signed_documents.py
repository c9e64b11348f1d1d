"""Signed documents: policies, keyrings, orders, and how each laptop last said it was."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("names", sa.Text, nullable=False),
        sa.Column("expires_at", Moment),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("published_at", Moment, nullable=False),
        sa.Column("published_by", sa.String(64), nullable=False),
        sa.Column("withdrawn_at", Moment),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("kind", "version", name="uq_documents_kind_version"),
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.String(36), nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("given_at", Moment, nullable=False),
        sa.Column("given_by", sa.String(64), nullable=False),
        sa.Column("done_at", Moment),
        sa.PrimaryKeyConstraint("number", name="pk_orders"),
        sa.ForeignKeyConstraint(["device"], ["devices.name"], name="fk_orders_device_devices"),
    )
    op.create_index("ix_orders_device", "orders", ["device"])
    op.create_table(
        "contacts",
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("policy", sa.Integer, nullable=False),
        sa.Column("signed", sa.Boolean, nullable=False),
        sa.Column("expired", sa.Boolean, nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("held", sa.String(48)),
        sa.Column("keyring", sa.Integer, nullable=False),
        sa.Column("state", sa.String(48), nullable=False),
        sa.Column("waiting", Long, nullable=False),
        sa.Column("behind_seconds", Long, nullable=False),
        sa.PrimaryKeyConstraint("device", name="pk_contacts"),
        sa.ForeignKeyConstraint(["device"], ["devices.name"], name="fk_contacts_device_devices"),
    )


def downgrade() -> None:
    op.drop_table("contacts")
    op.drop_index("ix_orders_device", "orders")
    op.drop_table("orders")
    op.drop_table("documents")

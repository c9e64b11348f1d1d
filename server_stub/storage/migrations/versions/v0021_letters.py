"""Letters to laptops, the events that answer them, and which letter tells of an opening."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letters",
        sa.Column("number", sa.String(36), nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.Column("about", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("happened_at", Moment, nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("purpose", sa.String(48), nullable=False),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("heard_at", Moment),
        sa.Column("placed", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.PrimaryKeyConstraint("number", name="pk_letters"),
        sa.ForeignKeyConstraint(["device"], ["devices.name"], name="fk_letters_device_devices"),
    )
    op.create_index("ix_letters_device_seq", "letters", ["device", "seq"])
    op.create_index("ix_letters_what_at", "letters", ["what", "at"])
    op.create_table(
        "letter_answers",
        sa.Column("letter", sa.String(36), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("letter", "seq", name="pk_letter_answers"),
        sa.ForeignKeyConstraint(
            ["letter"], ["letters.number"], name="fk_letter_answers_letter_letters"
        ),
    )
    op.add_column("openings", sa.Column("letter", sa.String(36)))


def downgrade() -> None:
    op.drop_column("openings", "letter")
    op.drop_table("letter_answers")
    op.drop_table("letters")

"""Each laptop's newest answers, the targets that events are sent on to, and events by kind."""

import msgspec
import sqlalchemy as sa
from alembic import op

from agent.wire import event as wire
from server_stub.storage.tables import Long, Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# As they were when this shape was made: a later version may know more.
_TOPICS = {
    "posture-checked": ("posture", "check"),
    "home-open": ("posture", ""),
    "laptop-described": ("posture", ""),
    "coverage-lost": ("coverage", "what"),
    "coverage-restored": ("coverage", "what"),
    "agent-report": ("report", ""),
}


def upgrade() -> None:
    newest = op.create_table(
        "newest",
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("subject", sa.String(48), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.PrimaryKeyConstraint("topic", "device", "subject", name="pk_newest"),
        sa.ForeignKeyConstraint(["device"], ["devices.name"], name="fk_newest_device_devices"),
    )
    op.create_table(
        "feeds",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("ca", sa.Text, nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("after", Long, nullable=False),
        sa.Column("added_at", Moment, nullable=False),
        sa.Column("trouble", sa.String(120), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint("name", name="uq_feeds_name"),
    )
    op.create_index("ix_events_kind_id", "events", ["kind", "id"])
    op.create_index("ix_events_device_id", "events", ["device", "id"])
    if not op.get_context().as_sql:
        _note_what_is_there(newest)


def downgrade() -> None:
    op.drop_index("ix_events_device_id", "events")
    op.drop_index("ix_events_kind_id", "events")
    op.drop_table("feeds")
    op.drop_table("newest")


def _note_what_is_there(newest: sa.Table) -> None:
    events = sa.table("events", *map(sa.column, ("device", "seq", "kind", "body")))
    rows = sa.select(events).where(events.c.kind.in_(tuple(_TOPICS)))
    latest: dict[tuple[str, str, str], int] = {}
    for row in op.get_bind().execute(rows):
        try:
            facts = wire.decode(row.body).facts
        except msgspec.MsgspecError:
            continue
        topic, fact = _TOPICS[row.kind]
        told = facts.get(fact)
        about = topic, row.device, told if isinstance(told, str) else row.kind
        latest[about] = max(row.seq, latest.get(about, 0))
    values = [
        {"topic": topic, "device": device, "subject": subject, "seq": seq}
        for (topic, device, subject), seq in latest.items()
    ]
    if values:
        op.bulk_insert(newest, values)

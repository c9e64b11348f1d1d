"""Who has seen a fault and when, and counts a day for the figures of the organisation."""

from collections import Counter
from datetime import date

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Moment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("faults", sa.Column("seen_at", Moment))
    op.add_column("faults", sa.Column("seen_by", sa.String(64)))
    op.create_index("ix_faults_kind_last_at", "faults", ["kind", "last_at"])
    op.create_index("ix_devices_state", "devices", ["state"])
    daily = op.create_table(
        "daily",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", name="pk_daily"),
    )
    if not op.get_context().as_sql:
        _count_what_is_there(daily)


def downgrade() -> None:
    op.drop_table("daily")
    op.drop_index("ix_devices_state", "devices")
    op.drop_index("ix_faults_kind_last_at", "faults")
    op.drop_column("faults", "seen_by")
    op.drop_column("faults", "seen_at")


def _count_what_is_there(daily: sa.Table) -> None:
    """Of days gone by, a laptop was heard of on those on which an event of it came in."""
    events = sa.table(
        "events", sa.column("device"), sa.column("kind"), sa.column("received_at", Moment)
    )
    counted: Counter[tuple[date, str]] = Counter()
    heard: set[tuple[date, str]] = set()
    rows = sa.select(events.c.device, events.c.kind, events.c.received_at)
    for device, kind, received_at in op.get_bind().execute(rows):
        day = received_at.date()
        counted[day, kind] += 1
        heard.add((day, device))
    counted.update((day, "") for day, _ in heard)
    values = [{"day": str(day), "kind": kind, "count": n} for (day, kind), n in counted.items()]
    if values:
        op.bulk_insert(daily, values)

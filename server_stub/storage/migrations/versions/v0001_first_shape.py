"""The first shape: devices, their events and faults, people, and the breach register."""

import sqlalchemy as sa
from alembic import op

from server_stub.storage.tables import Long, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("digest", name="uq_api_tokens_digest"),
        sa.UniqueConstraint("name", name="uq_api_tokens_name"),
    )
    op.create_table(
        "audit",
        sa.Column("id", Long, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("act", sa.String(48), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("previous", name="uq_audit_previous"),
    )
    op.create_table(
        "breaches",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("detected_at", Moment, nullable=False),
        sa.Column("persons_min", sa.Integer),
        sa.Column("persons_max", sa.Integer),
        sa.Column("encryption", sa.String(48), nullable=False),
        sa.Column("measures", sa.String(160), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("aware_at", Moment),
        sa.Column("aware_by", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_breaches"),
        sa.UniqueConstraint("device", "seq", name="uq_breaches_device_seq"),
        sa.UniqueConstraint("number", name="uq_breaches_number"),
    )
    op.create_table(
        "enrolment_tokens",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enrolment_tokens"),
        sa.UniqueConstraint("digest", name="uq_enrolment_tokens_digest"),
    )
    op.create_table(
        "faults",
        sa.Column("id", Long, nullable=False),
        sa.Column("mark", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("reason", sa.String(48), nullable=False),
        sa.Column("device", sa.String(17)),
        sa.Column("seq", Long),
        sa.Column("until_seq", Long),
        sa.Column("digest", sa.String(64)),
        sa.Column("head", sa.String(64)),
        sa.Column("first_at", Moment, nullable=False),
        sa.Column("last_at", Moment, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_faults"),
        sa.UniqueConstraint("mark", name="uq_faults_mark"),
    )
    op.create_index("ix_faults_device_seq", "faults", ["device", "seq"])
    op.create_table(
        "login_failures",
        sa.Column("id", Long, nullable=False),
        sa.Column("name_digest", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_failures"),
    )
    op.create_index("ix_login_failures_at", "login_failures", ["at"])
    op.create_table(
        "nonces",
        sa.Column("keyid", sa.String(32), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("keyid", "nonce", name="pk_nonces"),
    )
    op.create_index("ix_nonces_seen_at", "nonces", ["seen_at"])
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(255), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "breach_history",
        sa.Column("id", Long, nullable=False),
        sa.Column("breach", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("act", sa.String(48), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["breach"], ["breaches.id"], name="fk_breach_history_breach"),
        sa.PrimaryKeyConstraint("id", name="pk_breach_history"),
        sa.UniqueConstraint("previous", name="uq_breach_history_previous"),
    )
    op.create_index("ix_breach_history_breach", "breach_history", ["breach"])
    op.create_table(
        "devices",
        sa.Column("name", sa.String(17), nullable=False),
        sa.Column("public_key", sa.String(44), nullable=False),
        sa.Column("owner", sa.String(16), nullable=False),
        sa.Column("agent_version", sa.String(16), nullable=False),
        sa.Column("boot_id", sa.String(36)),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("enrolled_at", Moment, nullable=False),
        sa.Column("last_contact_at", Moment, nullable=False),
        sa.Column("last_seq", Long, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("events", Long, nullable=False),
        sa.ForeignKeyConstraint(["token"], ["enrolment_tokens.id"], name="fk_devices_token"),
        sa.PrimaryKeyConstraint("name", name="pk_devices"),
    )
    op.create_index("ix_devices_last_contact_at", "devices", ["last_contact_at"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("csrf", sa.String(43), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_seen_at", "sessions", ["seen_at"])
    op.create_table(
        "events",
        sa.Column("id", Long, nullable=False),
        sa.Column("device", sa.String(17), nullable=False),
        sa.Column("seq", Long, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("observed_at", Moment, nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("received_at", Moment, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.name"], name="fk_events_device"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("device", "event_id", name="uq_events_device_event_id"),
        sa.UniqueConstraint("device", "seq", name="uq_events_device_seq"),
    )
    op.create_index("ix_events_received_at", "events", ["received_at"])


def downgrade() -> None:
    op.drop_table("events")
    op.drop_table("sessions")
    op.drop_table("devices")
    op.drop_table("breach_history")
    op.drop_table("users")
    op.drop_table("nonces")
    op.drop_table("login_failures")
    op.drop_table("faults")
    op.drop_table("enrolment_tokens")
    op.drop_table("breaches")
    op.drop_table("audit")
    op.drop_table("api_tokens")

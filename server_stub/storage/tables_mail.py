"""The tables of what goes out by mail: which reminders were taken, and what does not get through.

A row of ``sent_reminders`` is written only after the mail server took the mail. ``leases`` says
which of several collectors sends.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from server_stub.storage.tables import Long, Moment
from server_stub.storage.tables_register import breaches

sent_reminders = Table(
    "sent_reminders",
    breaches.metadata,
    Column("id", Long, primary_key=True),
    Column("breach", Integer, ForeignKey("breaches.id")),
    # A reported leak that is no entry yet: the number of its event.
    Column("event", Long),
    Column("duty", String(16), nullable=False),
    Column("step", String(16), nullable=False),
    Column("to_whom", String(80), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "breach"),
)

mail_troubles = Table(
    "mail_troubles",
    breaches.metadata,
    # Empty: the mail server itself.
    Column("to_whom", String(80), primary_key=True),
    Column("since", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("retry_at", Moment, nullable=False),
    Column("reason", String(400), nullable=False),
)

leases = Table(
    "leases",
    breaches.metadata,
    Column("name", String(48), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("beat", Long, nullable=False),
)

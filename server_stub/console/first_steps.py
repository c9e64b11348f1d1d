"""What is still to be done before laptops can be guarded: the card of a collector that is new."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server_stub import recipients
from server_stub.console import fleet
from server_stub.storage import store_documents, store_fleet
from server_stub.storage.store_documents import POLICY
from server_stub.storage.store_fleet import Show


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """``keys``: nobody could open what a laptop seals. ``laptops``: there are none."""

    keys: bool
    laptops: bool


def first_steps(connection: Connection, now: datetime) -> Steps:
    """What is to be done; whoever hands a policy on has keys already, wherever they were made."""
    published = store_documents.published(connection, POLICY)
    complete = recipients.is_complete(recipients.all_of(connection))
    counts = store_fleet.counts(connection, fleet.lens_at(connection, now))
    return Steps(keys=not complete and not published, laptops=counts[Show.ALL] == 0)

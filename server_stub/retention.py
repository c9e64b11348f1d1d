"""How long events are kept, and their deletion when that is over.

Events say what laptops of members of staff did, so they are not kept for ever: the register holds
what matters, and keeps the events it came from. The time stands in the database, where all
collectors on it go by the same. What was deleted stands in the log, in the same transaction: how
many, and until when. A collector's clock that runs ahead deletes nothing by itself: an event's age
is counted from the newest there is. Reports of own slips go with the events of their age, without
a line.
"""

import threading
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server_stub import rounds
from server_stub.collector import Collector
from server_stub.errors import ConfigError
from server_stub.rounds import Round
from server_stub.storage import store_history, store_requests, store_retention, store_slips
from server_stub.storage.store import Store

ROUND_SECONDS = 6 * 3600
AT_ONCE = 2_000
"""Events in one transaction: laptops that report must not wait for long."""
MOST_BATCHES = 5_000
WHO = "dossierwacht"
PURGED = "events-deleted"
DAYS = 90
"""Days that an event is kept after it was received, if nobody said otherwise."""
FEWEST_DAYS, MOST_DAYS = 30, 3_650


def days(store: Store) -> int:
    """How many days events are kept. Raises StoreError."""
    with store.read() as connection:
        return store_retention.days(connection) or DAYS


def set_days(store: Store, number: int) -> None:
    """Say how many days events are kept. Raises ConfigError, StoreError."""
    if not FEWEST_DAYS <= number <= MOST_DAYS:
        raise ConfigError(f"--days is between {FEWEST_DAYS} and {MOST_DAYS}")
    store.write(lambda c: store_retention.set_days(c, number))


def purge(store: Store, now: datetime) -> int:
    """Delete what was kept long enough; how many events that were. Raises StoreError."""
    with store.read() as connection:
        newest = store_retention.newest(connection)
        number = store_retention.days(connection) or DAYS
    before, count = min(now, newest or now) - timedelta(days=number), 0
    for _ in range(MOST_BATCHES):
        found = _purge_some(store, before, now)
        count += found
        if found < AT_ONCE:
            break
    return count


def start(collector: Collector, stop: threading.Event) -> threading.Thread:
    """Begin the rounds, the first at once, in a thread of their own."""

    def work() -> None:
        collector.store.write(lambda c: store_requests.expire(c, collector.now()))
        purge(collector.store, collector.now())

    failed = "old events were not deleted"
    return rounds.start(
        Round(name="retention", seconds=ROUND_SECONDS, work=work, failed=failed), stop
    )


def _purge_some(store: Store, before: datetime, now: datetime) -> int:
    def work(connection: Connection) -> int:
        store_slips.purge(connection, before)
        found = store_retention.purge(connection, before, AT_ONCE)
        if found:
            subject = f"{found} until {before:%Y-%m-%d}"
            store_history.log_view(connection, WHO, PURGED, subject, now)
        return found

    return store.write(work)

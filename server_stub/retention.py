"""How long events are kept, and their deletion when that is over.

Events say what laptops of members of staff did, so they are not kept for ever: the register holds
what matters, and keeps the events it came from. The time is that of ``retention.json`` in the state
folder. What was deleted stands in the log: how many, and until when.
"""

import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from server_stub import keys
from server_stub.collector import Collector
from server_stub.errors import ConfigError, StoreError
from server_stub.storage import store_history, store_retention
from server_stub.storage.store import Store

log = logging.getLogger(__name__)
FILE = "retention.json"
ROUND_SECONDS = 6 * 3600
AT_ONCE = 2_000
"""Events in one transaction: laptops that report must not wait for long."""
MOST_BATCHES = 5_000
WHO = "dossierwacht"
PURGED = "events-deleted"
FEWEST_DAYS, MOST_DAYS = 30, 3_650


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``days`` is how long an event is kept after it was received."""

    days: Annotated[int, msgspec.Meta(ge=FEWEST_DAYS, le=MOST_DAYS)] = 90


def read(state: Path) -> Retention:
    """How long events are kept here. Raises ConfigError."""
    path = state / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Retention)
    except FileNotFoundError:
        return Retention()
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"{path} cannot be read, so nothing is deleted: set it anew with `retention set`"
        ) from error


def write(state: Path, days: int) -> None:
    """Set how long events are kept. Raises ConfigError."""
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise ConfigError(f"--days is between {FEWEST_DAYS} and {MOST_DAYS}")
    keys.replace(state / FILE, msgspec.json.encode(Retention(days=days)), 0o600)


def purge(store: Store, days: int, now: datetime) -> int:
    """Delete what was kept long enough; how many events that were. Raises StoreError."""
    before, count = now - timedelta(days=days), 0
    for _ in range(MOST_BATCHES):
        found = store.write(lambda c: store_retention.purge(c, before, AT_ONCE))
        count += found
        if found < AT_ONCE:
            break
    if count:
        subject = f"{count} until {before:%Y-%m-%d}"
        store.write(lambda c: store_history.log_view(c, WHO, PURGED, subject, now))
    return count


def start(collector: Collector, stop: threading.Event) -> threading.Thread:
    """Begin the rounds, the first at once, in a thread of their own."""

    def rounds() -> None:
        while True:
            _round(collector)
            if stop.wait(ROUND_SECONDS):
                return

    thread = threading.Thread(target=rounds, name="retention", daemon=True)
    thread.start()
    return thread


def _round(collector: Collector) -> None:
    try:
        purge(collector.store, read(collector.config.state).days, collector.now())
    except (ConfigError, StoreError) as error:
        log.error("old events were not deleted: %s", error)

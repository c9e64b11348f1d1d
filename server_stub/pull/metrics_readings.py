"""What Prometheus is told of the database, read when it asks: counts, and no details."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from sqlalchemy import Connection, text

from server_stub.breaches import profiles
from server_stub.intake.admission import Admission
from server_stub.pull.metrics import OTHER
from server_stub.storage import (
    store_contacts,
    store_devices,
    store_duties,
    store_events,
    store_feeds,
    store_register,
)

STANDINGS = ("fine", "look", "offline", "blocked", "lost")
"""What a laptop may say of how it is."""


def readings(connection: Connection, now: datetime) -> Iterator[Metric]:
    """Everything that is read, as metrics."""
    yield _about(connection)
    yield from _devices(connection, now)
    yield from _register(connection, now)
    yield from _feeds(connection, now)
    size = GaugeMetricFamily("dossierwacht_database_bytes", "Size of the database")
    size.add_metric((), database_bytes(connection))
    yield size


def database_bytes(connection: Connection) -> int:
    """How large the database is."""
    if connection.dialect.name == "sqlite":
        pages = connection.scalar(text("PRAGMA page_count")) or 0
        return int(pages) * int(connection.scalar(text("PRAGMA page_size")) or 0)
    return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _about(connection: Connection) -> Metric:
    try:
        ours = version("dossierwacht")
    except PackageNotFoundError:
        ours = "unknown"
    told = {"version": ours, "database": connection.dialect.name}
    return InfoMetricFamily("dossierwacht_collector", "Which collector this is", value=told)


def _devices(connection: Connection, now: datetime) -> Iterator[Metric]:
    yield _by_word(
        "dossierwacht_devices",
        "Laptops, by whether they are listened to",
        "admission",
        store_devices.count_by_state(connection),
        tuple(Admission),
    )
    yield _by_word(
        "dossierwacht_devices_standing",
        "Laptops, by what they last said of themselves",
        "standing",
        store_contacts.count_by_state(connection),
        STANDINGS,
    )
    told = "Laptops that are listened to and were not heard of for a week"
    silent = GaugeMetricFamily("dossierwacht_devices_silent", told)
    since = now - store_devices.SILENT_AFTER
    silent.add_metric((), store_devices.count_silent(connection, Admission.ACTIVE, since))
    yield silent
    faults = store_devices.count_faults_by_kind(connection)
    name = "dossierwacht_faults"
    yield _by_word(name, "Fault entries, by kind", "kind", faults, tuple(faults))


def _register(connection: Connection, now: datetime) -> Iterator[Metric]:
    late = now - profiles.profile_now(connection).for_authority
    counts = {
        "all": store_register.count_breaches(connection),
        "open": store_duties.count_overdue(connection, now),
        "overdue": store_duties.count_overdue(connection, late),
    }
    text_of = "Entries of the breach register; open until the authority is told or need not be"
    yield _by_word("dossierwacht_register_entries", text_of, "state", counts, tuple(counts))


def _feeds(connection: Connection, now: datetime) -> Iterator[Metric]:
    events = GaugeMetricFamily(
        "dossierwacht_feed_lag_events", "Events that a feed has not looked at yet", labels=("feed",)
    )
    seconds = GaugeMetricFamily(
        "dossierwacht_feed_lag_seconds",
        "How long ago the oldest of them was received",
        labels=("feed",),
    )
    last = store_events.last_id(connection)
    for feed in store_feeds.all_feeds(connection):
        events.add_metric((feed.name,), max(0, last - feed.after))
        seconds.add_metric((feed.name,), store_feeds.lag_seconds(connection, feed, now))
    yield from (events, seconds)


def _by_word(
    name: str, about: str, label: str, counts: Mapping[str, int], known: Collection[str]
) -> Metric:
    """A gauge with a series for every closed word, and one for all the others if there are any."""
    made = GaugeMetricFamily(name, about, labels=(label,))
    for word in known:
        made.add_metric((str(word),), counts.get(word, 0))
    rest = sum(count for word, count in counts.items() if word not in known)
    if rest:
        made.add_metric((OTHER,), rest)
    return made

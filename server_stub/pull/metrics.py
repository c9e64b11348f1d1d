"""What the collector counts while it runs, for Prometheus: requests, seconds, events, deliveries.

Each collector has a registry of its own. Labels are closed words only: what a laptop could choose
itself is counted as ``other`` unless the console has a sentence for it, so nobody can make the
number of series grow. What stands in the database is read when it is asked for
(``metrics_readings``).
"""

import threading
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.registry import Collector as Source

from server_stub.errors import CollectorError, Refused

OTHER = "other"
STORED, REFUSED, TOO_MUCH, FAILED = "stored", "refused", "too-much", "failed"
OUTCOMES = (STORED, REFUSED, TOO_MUCH, FAILED)
DELIVERED = "delivered"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one collector."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self.requests = Counter(
            "dossierwacht_ingest_requests",
            "Requests that brought events, by how they ended",
            ("outcome",),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "dossierwacht_ingest_seconds",
            "Seconds that such a request took, from its first byte to the answer",
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self.events = Counter(
            "dossierwacht_events_received",
            "Events received since the collector started, by kind",
            ("kind",),
            registry=self.registry,
        )
        self.deliveries = Counter(
            "dossierwacht_feed_deliveries",
            "Batches sent on, by feed and by how it ended",
            ("feed", "outcome"),
            registry=self.registry,
        )
        for outcome in OUTCOMES:
            self.requests.labels(outcome)  # so that each is there from the beginning, at nought
        self._counted: int | None = None
        self._counting = threading.Lock()

    @contextmanager
    def ingest(self) -> Iterator[None]:
        """Count a request and how long it took; what it raises goes on."""
        begun, outcome = time.monotonic(), FAILED
        try:
            yield
            outcome = STORED
        except CollectorError as error:
            outcome = _outcome(error)
            raise
        finally:
            self.requests.labels(outcome).inc()
            self.seconds.observe(time.monotonic() - begun)

    def start_at(self, last: int) -> None:
        """Count events after this ``id`` only."""
        with self._counting:
            self._counted = last if self._counted is None else self._counted

    @contextmanager
    def counting(self) -> Iterator[int]:
        """The ``id`` up to which events are counted; nobody else counts meanwhile."""
        with self._counting:
            yield self._counted or 0

    def count_events(
        self, kinds: Iterable[tuple[str, int]], last: int, known: Collection[str]
    ) -> None:
        """Count events by kind, up to the ``id`` of the last; inside ``counting``."""
        for kind, count in kinds:
            self.events.labels(kind if kind in known else OTHER).inc(count)
        self._counted = last


class Together(Source):
    """The counters, and what was read for this one answer."""

    def __init__(self, counted: CollectorRegistry, read: Iterable[Metric]) -> None:
        self._counted = counted
        self._read = tuple(read)

    def collect(self) -> Iterator[Metric]:
        yield from self._counted.collect()
        yield from self._read


def _outcome(error: CollectorError) -> str:
    if not isinstance(error, Refused):
        return FAILED
    return TOO_MUCH if error.status == 429 else REFUSED

"""Sending events on, while the collector runs: each feed from where it had come to.

A feed moves on only after its target has taken a batch, so every event is handed over at least
once, over starts and crashes too. Each feed that is due has a thread of its own: a target that is
slow or down holds up neither the laptops nor the other feeds. It is tried again after a pause that
doubles up to five minutes, and nothing is skipped: what waits shows in the metrics.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from server_stub import named_log
from server_stub.errors import CollectorError
from server_stub.pull import feed_syslog, feed_webhook, pull_rows
from server_stub.pull.feed_targets import WEBHOOK
from server_stub.pull.feed_webhook import NotTaken
from server_stub.pull.metrics import DELIVERED, FAILED, Metrics
from server_stub.pull.pull_models import EventRow
from server_stub.storage import store_events, store_feeds
from server_stub.storage.store import Store
from server_stub.storage.store_feeds import Feed

log = logging.getLogger(__name__)
BATCH = 100
"""Events in one delivery."""
LOOK_SECONDS = 2.0
"""Between two looks for what is new."""
LONGEST_PAUSE = 300.0
MOST_FEEDS = 16


@dataclass(kw_only=True, slots=True)
class _Trying:
    """How a feed is doing: failures in a row, and when it is due again."""

    failures: int = 0
    due: float = 0.0
    thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


@dataclass(kw_only=True, slots=True)
class Deliveries:
    """All feeds of a collector. ``key`` is what the secrets of webhooks follow from."""

    store: Store
    metrics: Metrics
    key: bytes
    now: Callable[[], datetime]
    look_seconds: float = LOOK_SECONDS
    stop: threading.Event = field(default_factory=threading.Event)
    _trying: dict[str, _Trying] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread = named_log.thread(self._run, "feeds")
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait for a delivery under way as long as its target may be silent."""
        self.stop.set()
        if self._thread is not None:  # before the others: it may be about to begin one of them
            self._thread.join(feed_webhook.SECONDS + 1)
        for thread in [one.thread for one in self._trying.values()]:
            if thread is not None:
                thread.join(feed_webhook.SECONDS + 1)

    def _run(self) -> None:
        while not self.stop.wait(self.look_seconds):
            # Before the rows are read: one that ends meanwhile has moved on, and its row has not.
            busy = {salt for salt, one in self._trying.items() if one.is_busy}
            try:
                with self.store.read() as connection:
                    found = store_feeds.all_feeds(connection)[:MOST_FEEDS]
            except CollectorError as error:
                log.warning("feeds: %s", error)
                continue
            for feed in found:
                if feed.salt not in busy:
                    self._begin(feed)

    def _begin(self, feed: Feed) -> None:
        trying = self._trying.setdefault(feed.salt, _Trying())
        if time.monotonic() < trying.due:
            return
        # Counted as failed until it has ended well: so an error nobody foresaw has its pause too.
        trying.failures += 1
        trying.due = time.monotonic() + pause(trying.failures)
        trying.thread = named_log.thread(partial(self._deliver, feed, trying), f"feed {feed.name}")
        trying.thread.start()

    def _deliver(self, feed: Feed, trying: _Trying) -> None:
        try:
            self._until_caught_up(feed, trying)
        except NotTaken as error:
            self._failed(feed, trying, str(error), error.again_seconds)
        except CollectorError as error:
            self._failed(feed, trying, str(error), None)
        else:
            trying.failures, trying.due = 0, 0.0

    def _until_caught_up(self, feed: Feed, trying: _Trying) -> None:
        after: int | None = feed.after
        trouble = feed.trouble
        while after is not None and not self.stop.is_set():
            after, sent = self._batch(feed, after)
            if sent:
                trying.failures = 1  # what was before is over
            if sent and trouble:
                trouble = ""
                self.store.write(lambda c: store_feeds.note_trouble(c, feed.salt, ""))

    def _batch(self, feed: Feed, after: int) -> tuple[int | None, bool]:
        """Send on the events next to an ``id``; the ``id`` it came to, None if there are none, and
        whether there was something to send."""
        with self.store.read() as connection:
            found = store_events.events_after(connection, after, BATCH)
            wanted = [one for one in found if not feed.kinds or one.kind in feed.kinds]
            rows = pull_rows.told(connection, wanted)
        if rows:
            self._send(feed, rows, f"{feed.salt[:16]}-{wanted[0].id}-{wanted[-1].id}")
            self.metrics.deliveries.labels(feed.name, DELIVERED).inc()
        if not found:
            return None, False
        self.store.write(lambda c: store_feeds.move_on(c, feed.salt, found[-1].id))
        return found[-1].id, bool(rows)

    def _send(self, feed: Feed, rows: list[EventRow], number: str) -> None:
        if feed.way == WEBHOOK:
            secret = feed_webhook.secret_of(self.key, feed.salt)
            feed_webhook.send(feed, secret, rows, number, self.now())
        else:
            feed_syslog.send(feed, rows)

    def _failed(self, feed: Feed, trying: _Trying, reason: str, again: float | None) -> None:
        wait = pause(trying.failures) if again is None else min(LONGEST_PAUSE, again)
        trying.due = time.monotonic() + wait
        self.metrics.deliveries.labels(feed.name, FAILED).inc()
        if trying.failures == 1:  # once for each time that it is down
            log.warning("feed %s: %s; it is tried again until it is taken", feed.name, reason)
        if reason != feed.trouble:
            try:
                self.store.write(lambda c: store_feeds.note_trouble(c, feed.salt, reason))
            except CollectorError as error:
                log.warning("feed %s: %s", feed.name, error)


def pause(failures: int) -> float:
    """Seconds until a feed is tried again after so many failures in a row."""
    return min(LONGEST_PAUSE, 2.0 ** min(failures, 10))

"""Reported leaks to the hooks of the routing: a ticket system, or a program of the organisation.

A hook gets what a mail holds: the receipt number, the moment and a link, and nothing of the leak.
It is signed as a feed's batch is, sent again later each time until it is taken, and noted then; an
answer that is lost sends it twice, with the same ``webhook-id``. A laptop that was taken over could
report without end, so one hook gets so many in an hour.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import msgspec

from server_stub import keys, wording
from server_stub.breaches import routing
from server_stub.breaches.routing import SENT_BY_HTTP, Channel, Recipient, Routing
from server_stub.collector import Collector
from server_stub.post import reminders
from server_stub.post.reminders import HOUR, Key, Report, Step
from server_stub.pull import feed_webhook
from server_stub.pull.feed_webhook import NotTaken
from server_stub.storage import store_mail, store_routing

MOST_AN_HOUR = 30


class Hooks:
    """The rounds of one collector; ``may`` says whether it is the one that sends."""

    def __init__(self, collector: Collector, may: Callable[[], bool] = lambda: True) -> None:
        self._collector = collector
        self._may = may

    def go(self) -> None:
        """One round. Raises StoreError, ConfigError."""
        now = self._collector.now()
        with self._collector.store.read() as connection:
            found, since = store_routing.now(connection), store_routing.since(connection)
            whom = routing.readers_of(found, store_routing.BY_HOOK, *SENT_BY_HTTP)
            if whom is None or since is None:
                return
            news_since = max(since, now - reminders.NEWS_KEEPS)
            reports = store_mail.reports(connection, news_since, whom)
            sent = store_mail.sent(connection)
            wait = {one.to_whom for one in store_mail.troubles(connection) if one.retry_at > now}
        for name in found.own(*SENT_BY_HTTP):
            who = store_routing.BY_HOOK + name
            if who not in wait:
                self._to_one(name, found, waiting(who, reports, sent, now), now)

    def _to_one(self, name: str, found: Routing, some: list[Report], now: datetime) -> None:
        who, write = store_routing.BY_HOOK + name, self._collector.store.write
        for one in some:
            if not self._may():
                return
            try:
                self._send(name, found.recipients[name], one, now)
            except NotTaken as error:
                write(partial(store_mail.add_trouble, who=who, reason=str(error), now=now))
                return
            write(partial(store_mail.add_sent, who=who, keys=[key_of(one)], at=now))

    def _send(self, name: str, to: Recipient, one: Report, now: datetime) -> None:
        with self._collector.store.read() as connection:
            salt = store_routing.salt(connection)
        feed_webhook.post(
            to.address,
            to.ca,
            secret_of(keys.feed_key(self._collector.config.state), salt, name),
            feed_webhook.Post(
                number=f"{salt[:16]}-{name}-{one.event}",
                media="application/json",
                body=msgspec.json.encode(self._told(to, one)),
            ),
            now,
        )

    def _told(self, to: Recipient, one: Report) -> Mapping[str, object]:
        url = f"{self._collector.url}/events/{one.event}"
        if to.channel is not Channel.TICKET:
            told = {"type": "leak-reported", "receipt": one.receipt, "url": url}
            return told | {"received_at": one.received_at.isoformat()}
        w = wording.choose(self._collector.languages, to.language, None)
        at = wording.moment_in(self._collector.config.zone, one.received_at)
        text = f"{w.text('mail.at', at=at)}\n{w.text('mail.next.look')}"
        title = f"{w.text('site')}: {w.text('mail.reported', receipt=one.receipt)}"
        return {"title": title, "description": text, "reference": one.receipt, "url": url}


def waiting(
    who: str, reports: list[Report], sent: Mapping[tuple[Key, str], datetime], now: datetime
) -> list[Report]:
    """What a hook has not got yet, as much of it as there is room for in this hour."""
    lately = sum(at > now - HOUR for (_, name), at in sent.items() if name == who)
    some = [one for one in reports if who in one.route and (key_of(one), who) not in sent]
    return some[: max(0, MOST_AN_HOUR - lately)]


def key_of(one: Report) -> Key:
    """What is noted as sent."""
    return Key(breach=None, event=one.event, duty="", step=str(Step.REPORTED))


def secret_of(key: bytes, salt: str, name: str) -> bytes:
    """The secret of a recipient's hook."""
    return feed_webhook.secret_of(key, f"{salt}/{name}")

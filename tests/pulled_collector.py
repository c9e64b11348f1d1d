"""A collector that is filled without laptops and answers over plain HTTP on loopback, in a thread.

For tests that ask it far more often than a program may, and look into it while they do.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
import uvicorn

from agent.wire import event as wire
from agent.wire.messages import MOST_RECORDS
from server_stub import serve, state
from server_stub.app import make_app
from server_stub.collector import Collector
from server_stub.config import configure
from server_stub.intake.pace import Pace
from server_stub.logins import auth
from server_stub.logins.auth import Scope
from server_stub.storage import (
    store_devices,
    store_events,
    store_newest,
    store_people,
    store_tokens,
)
from server_stub.storage.store_devices import Fault
from tests.console_visit import week

NAMES = tuple("d" + letter * 16 for letter in "abc")
assert len(week()) < MOST_RECORDS


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """A collector that answers; ``token`` opens everything that is pulled."""

    collector: Collector
    url: str
    token: str

    def get(self, path: str, **headers: str) -> requests.Response:
        told = {"Authorization": f"Bearer {self.token}"} | headers
        return requests.get(self.url + path, headers=told, timeout=20)


def make(folder: Path, database: str = "") -> Collector:
    """A collector in a folder, with a pace that nobody reaches."""
    config = configure(state=str(folder), database=database or None, environ={})
    state.prepare(config, datetime.now(UTC))
    made = serve.make_collector(config, "https://collector.example")
    return replace(made, pace=Pace(at_once=10**9))


def fill(collector: Collector, *extra: wire.Event) -> None:
    """Enrol the laptops and let each tell of everything."""
    now = datetime.now(UTC)
    collector.store.write(
        lambda c: store_tokens.add_token(c, "0" * 64, 100, now, now + timedelta(1))
    )
    for name in NAMES:
        enrol(collector, name, now)
        add(collector, name, 1, *week(), *extra)
    fault = Fault(kind="chain-gap", reason="records-missing", device=NAMES[0], seq=3, until_seq=9)
    collector.store.write(lambda c: store_devices.open_fault(c, fault, now))


def enrol(collector: Collector, name: str, now: datetime) -> None:
    collector.store.write(
        lambda c: store_devices.add_device(
            c,
            name=name,
            public_key=name,
            owner="issued",
            agent_version="0.1.0",
            token=1,
            now=now,
        )
    )


def add(collector: Collector, name: str, first: int, *events: wire.Event) -> None:
    """Store events of a laptop under these numbers, as if it had just sent them."""
    numbered = list(enumerate(events, first))
    rows = [
        {
            "device": name,
            "seq": seq,
            "event_id": event.id,
            "kind": event.kind,
            "observed_at": event.observed_at,
            "recorded_at": event.recorded_at,
            "received_at": datetime.now(UTC),
            "body": wire.encode(event).decode(),
            "head": "0" * 64,
        }
        for seq, event in numbered
    ]
    collector.store.write(lambda c: store_events.add_events(c, rows))
    collector.store.write(lambda c: store_newest.note(c, name, numbered))


def new_token(collector: Collector, *scopes: Scope) -> str:
    """A token for what is named, or for everything."""
    token, digest = auth.new_api_token()
    words = " ".join(scopes or Scope)
    collector.store.write(
        lambda c: store_people.add_api_token(c, digest[:16], digest, words, datetime.now(UTC))
    )
    return token


@contextmanager
def answering(collector: Collector) -> Iterator[Pulled]:
    """The same, answering until the end of the block."""
    settings = uvicorn.Config(
        make_app(collector), host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none"
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        url, token = f"http://127.0.0.1:{port}", new_token(collector)
        yield Pulled(collector=collector, url=url, token=token)
    finally:
        server.should_exit = True
        thread.join(30)
        collector.store.close()

"""The register of breaches when it is long: how soon its page is there.

Entries and events are written into the database directly. The page is asked for as a browser does,
over one connection, by somebody who is logged in.
"""

import hashlib
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench._collector_laptops import Laptop, laptops
from bench._collector_load import Heard, Line, measured, tls
from bench._collector_rush import percentile
from bench._collector_site import prepare, running
from server_stub.config import Config
from server_stub.logins import auth
from server_stub.storage import store_people
from server_stub.storage.store import Store

ASKED = 20
_EVENT = (
    "INSERT INTO events(device, seq, event_id, kind, observed_at, recorded_at, received_at, body,"
    " head) VALUES(?,?,?,?,?,?,?,?,?)"
)
_ENTRY = (
    "INSERT INTO breaches(number, device, seq, kind, detected_at, persons_min, persons_max,"
    " categories, sensitive, encryption, measures, created_at, created_by)"
    " VALUES(?,?,?,'pupil-file-found',?,24,31,'name national-number',1,'none','seal-file done',?,?)"
)


def seconds_for_page(entries: int, events: int, place: Path) -> tuple[float, float]:
    """The 95th percentile of the seconds for ``GET /register``, and CPU seconds of the server."""
    senders = laptops(100)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        config = prepare(Path(folder).absolute() / "state", senders)
        _fill(config, senders, entries, events)
        request = _request(_logged_in(config))
        with running(config) as site:
            before = site.cpu()
            heard = measured(lambda: _again(site.port, request))
            cpu = site.cpu() - before
    if heard.count(200) != ASKED:
        raise RuntimeError(f"the register did not answer: {[*heard.seconds]}")
    return percentile(heard.seconds[200], 95), cpu / ASKED


def _fill(config: Config, senders: list[Laptop], entries: int, events: int) -> None:
    database = sqlite3.connect(config.state / "collector.db")
    database.execute("PRAGMA synchronous = OFF")
    database.executemany(_EVENT, _events(senders, events))
    database.executemany(_ENTRY, _entries(senders, entries))
    database.commit()
    database.close()


def _events(senders: list[Laptop], count: int) -> Iterator[tuple[object, ...]]:
    """Rows of the size that events have; one body will do for a page that does not read them."""
    body = senders[0].batch(1).decode().partition('"body":"')[2][:420]
    start = datetime.now(UTC) - timedelta(days=365)
    for number in range(count):
        moment = f"{start + timedelta(seconds=number % 31_000_000):%Y-%m-%d %H:%M:%S.%f}"
        device, seq = senders[number % len(senders)].name, 1 + number // len(senders)
        identity = hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()
        yield device, seq, identity, "session-locked", moment, moment, moment, body, identity * 2


def _entries(senders: list[Laptop], count: int) -> Iterator[tuple[object, ...]]:
    start = datetime.now(UTC) - timedelta(days=365)
    for number in range(count):
        moment = f"{start + timedelta(hours=number * 8760 // count):%Y-%m-%d %H:%M:%S.%f}"
        device = senders[number % len(senders)].name
        yield f"2026-{number + 1:04d}", device, 1 + number // 100, moment, moment, "olaf"


def _logged_in(config: Config) -> str:
    """The cookie of an officer's open login."""
    store, now = Store(config.database), datetime.now(UTC)
    store.write(lambda c: store_people.add_user(c, "olaf", "officer", "-", now))
    with store.read() as connection:
        user = store_people.user_by(connection, "olaf")
    assert user is not None  # it was written three lines up
    cookie = auth.open_login(store, user, "127.0.0.1", now).cookie
    store.close()
    return cookie


def _request(cookie: str) -> bytes:
    head = f"GET /register HTTP/1.1\r\nHost: x\r\nCookie: {auth.COOKIE}={cookie}\r\n\r\n"
    return head.encode("ascii")


async def _again(port: int, request: bytes) -> Heard:
    heard = Heard()
    async with Line(port, tls()) as line:
        await line.ask(request)  # templates are compiled once
        for _ in range(ASKED):
            began = time.perf_counter()
            status, _ = await line.ask(request)
            heard.add(status, time.perf_counter() - began)
    return heard

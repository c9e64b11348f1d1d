"""PostgreSQL is killed again and again under load: what was acknowledged is there, and once.

The collector goes on running. While its database is gone it says "later" to whoever asks, and when
the database is back it serves as before, without anybody's doing.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from agent.wire import messages
from tests import databases
from tests.collector_on_loopback import Laptop, Running, collector, problem, pupil_file
from tests.databases import Server, needs_postgresql

pytestmark = needs_postgresql
KILLS, LAPTOPS, EVENTS = 6, 5, 4
SECONDS = 60.0


@dataclass
class Counted:
    """What laptops were told, all together; a refusal is its status, code and ``Retry-After``."""

    acknowledged: dict[str, list[str]] = field(default_factory=dict)
    refused: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(map(len, self.acknowledged.values()))


@pytest.fixture
def server() -> Iterator[Server]:
    """One of its own: the others would not like it."""
    with databases.server() as one:
        yield one


@pytest.mark.slow
def test_postgresql_is_killed_under_load_and_nothing_acknowledged_is_lost(
    server: Server, tmp_path: Path
) -> None:
    counted, done, chance = Counted(), threading.Event(), random.Random(os.urandom(8))
    with collector(tmp_path / "state", database=server.make()) as running:
        laptops = [running.laptop() for _ in range(LAPTOPS)]
        with ThreadPoolExecutor(LAPTOPS) as pool:
            sending = [pool.submit(send_on, one, counted, done) for one in laptops]
            try:
                for _ in range(KILLS):
                    grows(lambda: counted.total, LAPTOPS * EVENTS * 3)
                    time.sleep(chance.uniform(0, 0.1))
                    server.kill()
                    grows(lambda: len(counted.refused), LAPTOPS)
                    server.start()
                grows(lambda: counted.total, LAPTOPS * 2)
            finally:
                done.set()
            for one in sending:
                one.result(SECONDS)
        assert_all_there(running, laptops, counted)
        assert set(counted.refused) == {(503, "storage", "60")}
        assert not [line for line in running.log if "unforeseen" in line]


def send_on(laptop: Laptop, counted: Counted, done: threading.Event) -> None:
    """Send batch after batch, each until it is acknowledged, as an agent does."""
    mine = counted.acknowledged[laptop.name] = []
    while not done.is_set():
        previous, records = laptop.records(*(pupil_file() for _ in range(EVENTS)))
        body = laptop.batch(previous, records, boot_id=BOOT)
        reply = laptop.post(messages.EVENTS_PATH, body)
        while reply.status_code != 200:
            counted.refused.append(told(reply))
            time.sleep(0.3)  # an agent waits far longer; who asks more often is told to wait
            reply = laptop.post(messages.EVENTS_PATH, body)
        mine += [record.body for record in records]


def told(reply: requests.Response) -> tuple[int, str, str]:
    return reply.status_code, problem(reply), reply.headers.get("Retry-After", "")


def grows(size: Callable[[], int], by: int) -> None:
    """Wait until there is so much more of something."""
    wanted, end = size() + by, time.monotonic() + SECONDS
    while size() < wanted and time.monotonic() < end:
        time.sleep(0.01)
    assert size() >= wanted


def assert_all_there(running: Running, laptops: list[Laptop], counted: Counted) -> None:
    for laptop in laptops:
        rows = running.rows(
            "SELECT seq, body FROM events WHERE device = :d ORDER BY seq", d=laptop.name
        )
        acknowledged = counted.acknowledged[laptop.name]
        assert [tuple(row) for row in rows] == list(enumerate(acknowledged, 1))
    assert running.rows("SELECT * FROM faults") == []


BOOT = "0" * 8 + "-0000-0000-0000-" + "0" * 12

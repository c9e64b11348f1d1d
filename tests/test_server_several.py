"""Two collectors on one PostgreSQL database behind one address: together they are as good as one.

They share the state folder, so laptops find the same certificate authority and the same keys at
both. What would go wrong if either forgot the other is done to both at the same moment.
"""

import base64
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.wire import event as wire
from agent.wire import messages, signatures
from server_stub.storage import store_events, store_history, store_register
from tests.collector_on_loopback import Laptop, Running, collector, problem, pupil_file
from tests.console_visit import PASSWORDS, Console
from tests.databases import Server, needs_postgresql

pytestmark = needs_postgresql
ADDRESS = "https://collector.school.example"
BOOT = "0" * 8 + "-0000-0000-0000-" + "0" * 12
LAPTOPS, BATCHES, EVENTS = 6, 12, 8


@dataclass
class Pair:
    """Two collectors; ``at`` gives a laptop as it speaks to the other one."""

    first: Running
    second: Running

    @property
    def both(self) -> tuple[Running, Running]:
        return self.first, self.second

    def at_both(self, laptop: Laptop) -> tuple[Laptop, Laptop]:
        return replace(laptop, at=self.first), replace(laptop, at=self.second)


@pytest.fixture(scope="module")
def pair(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    state = tmp_path_factory.mktemp("several") / "state"
    with postgresql.database() as url, ExitStack() as running:
        made = [
            running.enter_context(collector(state, "--public-url", ADDRESS, database=url))
            for _ in range(2)
        ]
        for one in made:
            one.called = ADDRESS
        yield Pair(*made)
        assert not [line for one in made for line in one.log], [one.log for one in made]


def at_once(*works: Callable[[], requests.Response]) -> list[requests.Response]:
    """What each answers, all of them asked at the same moment."""
    start = threading.Barrier(len(works))

    def one(work: Callable[[], requests.Response]) -> requests.Response:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_batches_that_both_get_at_once_are_kept_once_and_told_once(pair: Pair) -> None:
    done = threading.Event()
    laptops = [pair.first.laptop() for _ in range(LAPTOPS)]
    with ThreadPoolExecutor(LAPTOPS + 1) as pool:
        reader = pool.submit(lambda: list(read_on(pair.first, done)))
        sent = list(pool.map(lambda laptop: send_to_both(pair, laptop), laptops))
        done.set()
        told = reader.result(60)
    for laptop, bodies in zip(laptops, sent, strict=True):
        assert_kept(pair.first, laptop, bodies)
    seqs = range(1, BATCHES * EVENTS + 1)
    assert sorted(told) == sorted((laptop.name, seq) for laptop in laptops for seq in seqs)
    assert pair.first.rows("SELECT * FROM faults") == []


def send_to_both(pair: Pair, laptop: Laptop) -> list[str]:
    """Send batch after batch, each to both collectors at the same moment; what was sent."""
    sent: list[str] = []
    for _ in range(BATCHES):
        previous, records = laptop.records(*(pupil_file() for _ in range(EVENTS)))
        body = laptop.batch(previous, records, boot_id=BOOT)
        ours = pair.at_both(laptop)
        replies = at_once(*(partial(one.post, messages.EVENTS_PATH, body) for one in ours))
        assert [reply.status_code for reply in replies] == [200, 200]
        sent += [record.body for record in records]
    return sent


def assert_kept(running: Running, laptop: Laptop, bodies: list[str]) -> None:
    rows = running.rows("SELECT * FROM events WHERE device = :d ORDER BY seq", d=laptop.name)
    assert [(row.seq, row.body) for row in rows] == list(enumerate(bodies, 1))
    head = wire.CHAIN_START
    for row in rows:
        head = wire.link(head, row.seq, row.body.encode())
        assert row.head == head
    end = "SELECT last_seq, head, events FROM devices WHERE name = :d"
    assert running.rows(end, d=laptop.name) == [(len(bodies), head, len(bodies))]


def read_on(running: Running, done: threading.Event) -> Iterator[tuple[str, int]]:
    """What one gets who asks again and again for what came after the last that was there."""
    cursor, last = 0, False
    with running.store() as store:
        while not last:
            last = done.is_set()
            with store.read() as connection:
                found = store_events.events_after(connection, cursor, 10_000)
            yield from ((one.device, one.seq) for one in found)
            cursor = found[-1].id if found else cursor


@pytest.mark.parametrize("uses", [1, 5])
def test_a_token_is_not_used_more_often_at_two_than_at_one(pair: Pair, uses: int) -> None:
    for _ in range(3):
        token = pair.first.token("--uses", str(uses))
        laptops = [Laptop(at) for at in pair.both * 20]
        replies = at_once(*(partial(one.enrol, token) for one in laptops))
        told = Counter("" if one.status_code == 200 else problem(one) for one in replies)
        assert told == {"": uses, "token-spent": 40 - uses}


def test_a_request_that_was_recorded_is_not_taken_by_the_other(pair: Pair) -> None:
    laptop, nonce = pair.first.laptop(), secrets.token_urlsafe(24)
    body = laptop.batch(*laptop.records(pupil_file()))
    ours = pair.at_both(laptop)
    replies = at_once(*(partial(one.post, messages.EVENTS_PATH, body, nonce=nonce) for one in ours))
    assert sorted(reply.status_code for reply in replies) == [200, 401]


def test_a_key_that_one_was_told_is_believed_by_the_other_at_once(pair: Pair) -> None:
    here, there = pair.at_both(pair.first.laptop())
    previous, records = there.records(pupil_file())
    assert there.post(messages.EVENTS_PATH, there.batch(previous, records)).status_code == 200
    old, new = here.key, Ed25519PrivateKey.generate()
    public = base64.b64encode(signatures.public_bytes(new)).decode()
    proof = base64.b64encode(new.sign(messages.rotation(here.name, public))).decode()
    asked = messages.RotateRequest(device=here.name, public_key=public, proof=proof)
    name = here.name
    assert here.post(messages.ROTATE_PATH, messages.to_json(asked)).status_code == 200
    there.called, there.key = name, new
    assert there.send(pupil_file()).status_code == 200
    there.key = old
    assert there.send(pupil_file()).status_code == 401


def test_entries_that_are_opened_at_both_have_numbers_of_their_own(pair: Pair) -> None:
    pair.first.command(
        "user", "add", "olaf", "--role", "officer", "--password-stdin", given=PASSWORDS["olaf"]
    )
    laptop = pair.first.laptop()
    laptop.receipt(*(pupil_file() for _ in range(20)))
    consoles = [Console(running, laptop) for running in pair.both]
    session = consoles[0].session("olaf")
    csrf = consoles[1].csrf(session)
    assert csrf, "a login at one is a login at the other"
    paths = [f"/devices/{laptop.name}/{seq}/breach" for seq in range(1, 21)]
    cookies = session.cookies.get_dict()

    def opened(console: Console, path: str) -> requests.Response:
        mine = console.stranger()
        mine.cookies.update(cookies)
        return console.post(mine, path, csrf=csrf)

    replies = at_once(*(partial(opened, at, path) for path in paths for at in consoles))
    assert {reply.status_code for reply in replies} == {303}
    places = [reply.headers["Location"] for reply in replies]
    assert places[::2] == places[1::2], "one event has one entry"
    assert len(set(places)) == 20
    with pair.first.store() as store, store.read() as connection:
        numbers = [one.number[5:] for one in store_register.all_breaches(connection)]
        assert sorted(numbers) == [f"{number:04d}" for number in range(1, 21)]
        assert store_history.history_is_whole(connection)
        assert store_history.views_are_whole(connection)

"""What one laptop may add to the collector: enough for a month offline, an end for a flood."""

import asyncio
import base64
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from starlette.types import ASGIApp, Message

from agent.wire import event as wire
from agent.wire import messages, signatures
from server_stub import serve, state
from server_stub.app import make_app
from server_stub.config import configure
from server_stub.errors import Refused
from server_stub.intake import quota
from server_stub.intake.quota import Quota
from tests.collector_on_loopback import Laptop, Running, pupil_file, run

URL = "https://collector.example"
DAY = 86_400.0


class Hands:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_month_offline_comes_in_at_once() -> None:
    made = Quota(clock=Hands())
    for _ in range(30 * 5000 // 200):
        made.check("d1")
        made.charge("d1", 200 * 438, 200)
    made.check("d1")


def test_a_flood_ends_at_the_allowance_and_others_go_on() -> None:
    made, sent = Quota(clock=Hands()), 0
    with pytest.raises(Refused) as refused:
        while sent < 10 * quota.AT_ONCE:
            made.check("d1")
            made.charge("d1", messages.LARGEST_BODY, 1)
            sent += messages.LARGEST_BODY
    assert sent <= quota.AT_ONCE + messages.LARGEST_BODY
    assert (refused.value.status, refused.value.code) == (429, "too-much")
    made.check("d2")


def test_a_day_of_words_costs_next_to_nothing_and_a_flood_of_them_ends() -> None:
    made, word = Quota(clock=Hands()), 700
    for _ in range(24 * 12):
        made.charge("d1", word, 1)
    assert made._left["d1"].amount > quota.AT_ONCE - quota.A_DAY / 100
    with pytest.raises(Refused):
        for _ in range(quota.AT_ONCE):
            made.check("d1")
            made.charge("d1", word, 1)


def test_records_without_text_cost_as_well() -> None:
    """Each refused record leaves a fault entry, however short it was."""
    made, records = Quota(clock=Hands()), 0
    with pytest.raises(Refused):
        while True:
            made.check("d1")
            made.charge("d1", 200 * 20, 200)
            records += 200
    assert records <= quota.AT_ONCE // quota.RECORD + 200


def test_the_wait_that_is_told_is_long_enough_and_a_day_brings_a_days_worth() -> None:
    hands = Hands()
    made = Quota(at_once=1000, a_day=864, clock=hands)
    made.charge("d1", 3000 - quota.RECORD, 1)
    with pytest.raises(Refused) as refused:
        made.check("d1")
    assert refused.value.retry_after is not None
    hands.now += refused.value.retry_after
    made.check("d1")
    made.charge("d1", 500 - quota.RECORD, 1)
    hands.now += 0.5 * DAY
    with pytest.raises(Refused):
        made.check("d1")
    hands.now += DAY
    made.check("d1")


def test_it_never_holds_more_than_it_may_at_once() -> None:
    hands = Hands()
    made = Quota(at_once=1000, a_day=864, clock=hands)
    made.check("d1")
    hands.now += 1000 * DAY
    made.charge("d1", 1001 - quota.RECORD, 1)
    with pytest.raises(Refused):
        made.check("d1")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[tuple[ASGIApp, Laptop]]:
    """A collector whose laptops may add little, called without a network."""
    config = configure(state=str(tmp_path / "state"), database=None, environ={})
    state.prepare(config, datetime.now(UTC))
    collector = serve.make_collector(config, URL)
    collector = dataclasses.replace(collector, quota=Quota(at_once=3000, a_day=1))
    at = Running(state=config.state, url=URL, log=[])
    laptop = Laptop(at)
    yield make_app(collector), laptop
    collector.store.close()


def post(client: ASGIApp, laptop: Laptop, path: str, body: bytes, keyid: str, nonce: str) -> int:
    headers = signatures.sign_request(
        laptop.key,
        method="POST",
        uri=URL + path,
        body=body,
        keyid=keyid,
        nonce=nonce,
        created=datetime.now(UTC),
    )
    status, told, content = asyncio.run(call(client, path, headers, body))
    if status == 429:
        assert int(told["retry-after"]) > 0
        assert msgspec.json.decode(content, type=messages.Problem).error.code == "too-much"
    return status


async def call(
    app: ASGIApp, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer, without a network in between."""
    said: list[Message] = []
    given = headers | {"Content-Length": str(len(body)), "Host": "collector.example"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    told = {k.decode().lower(): v.decode() for k, v in said[0]["headers"]}
    return said[0]["status"], told, b"".join(one.get("body", b"") for one in said[1:])


def test_a_laptop_beyond_its_allowance_is_told_when_to_come_and_nothing_of_it_is_stored(
    client: tuple[ASGIApp, Laptop],
) -> None:
    caller, laptop = client
    token = run(laptop.at.state, "token", "new").stdout.strip()
    key = messages.to_json(enrolment(laptop, token))
    assert post(caller, laptop, messages.ENROL_PATH, key, signatures.ENROLLING, "n" * 30) == 200
    codes = [send(caller, laptop, pupil_file(), nonce=f"{n:030d}") for n in range(6)]
    assert codes[0] == 200 and codes[-1] == 429
    assert laptop.at.rows("SELECT count(*) FROM events") == [(codes.count(200),)]


def test_a_replayer_uses_up_nothing_of_the_laptops_allowance(
    client: tuple[ASGIApp, Laptop],
) -> None:
    caller, laptop = client
    token = run(laptop.at.state, "token", "new").stdout.strip()
    key = messages.to_json(enrolment(laptop, token))
    post(caller, laptop, messages.ENROL_PATH, key, signatures.ENROLLING, "n" * 30)
    body = laptop.batch(*laptop.records(pupil_file()))
    recorded = [
        post(caller, laptop, messages.EVENTS_PATH, body, laptop.name, "r" * 30) for _ in range(20)
    ]
    assert recorded == [200] + [401] * 19
    assert send(caller, laptop, pupil_file(), nonce="s" * 30) == 200


def enrolment(laptop: Laptop, token: str) -> messages.EnrolRequest:
    public = base64.b64encode(signatures.public_bytes(laptop.key)).decode()
    return messages.EnrolRequest(token=token, public_key=public, agent_version="0.1.0")


def send(client: ASGIApp, laptop: Laptop, event: wire.Event, nonce: str) -> int:
    body = laptop.batch(*laptop.records(event))
    return post(client, laptop, messages.EVENTS_PATH, body, laptop.name, nonce)

"""Everybody at once, and one that will not stop: who is let in, who is told when, and who waits."""

import asyncio
import dataclasses
import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from starlette.types import ASGIApp, Message

from agent.wire import messages, signatures
from server_stub import serve, state, tls
from server_stub.app import make_app
from server_stub.collector import Collector
from server_stub.config import configure
from server_stub.errors import Refused
from server_stub.intake import doorway, rush
from server_stub.intake.doorway import Doorway
from server_stub.intake.often import Often
from server_stub.intake.rush import Rush
from tests.collector_on_loopback import Laptop, Running, pupil_file, run
from tests.test_server_quota import URL, enrolment

SECONDS = 20


class Hands:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


# --- appointments ---------------------------------------------------------------------------------


def waits_of(made: Rush, count: int) -> list[int]:
    """What so many callers in front of a full house are told."""
    waits = []
    with ExitStack() as inside:
        for _ in range(made.most):
            inside.enter_context(made.taken_in())
        for _ in range(count):
            with pytest.raises(Refused) as refused, made.taken_in():
                pytest.fail("taken in")
            assert (refused.value.status, refused.value.code) == (503, "busy")
            assert refused.value.retry_after is not None
            waits.append(refused.value.retry_after)
    return waits


def test_as_many_are_taken_in_as_there_is_room_and_again_when_they_have_left() -> None:
    made = Rush(most=3, clock=Hands())
    for _ in range(2):
        assert len(waits_of(made, 1)) == 1
        assert made.inside == 0
        assert not made.is_full()


def test_a_place_is_free_again_also_when_the_request_failed() -> None:
    made = Rush(most=1, clock=Hands())
    with pytest.raises(KeyError), made.taken_in():
        raise KeyError
    with made.taken_in():
        assert made.is_full()


def test_those_who_are_told_to_come_back_do_not_come_back_together() -> None:
    waits = waits_of(Rush(most=1, pace=10.0, clock=Hands()), 600)
    assert waits == sorted(waits)
    assert max(waits.count(second) for second in set(waits)) <= 11
    assert min(waits) == 1 and max(waits) >= 60


def test_appointments_pass_with_time() -> None:
    hands = Hands()
    made = Rush(most=1, pace=10.0, clock=hands)
    waits_of(made, 600)
    hands.now += 61
    assert waits_of(made, 1) == [1]


def test_nobody_waits_longer_than_the_longest_and_the_rest_is_spread() -> None:
    waits = waits_of(Rush(most=1, pace=1.0, clock=Hands()), 2000)
    assert max(waits) <= rush.LONGEST
    beyond = waits[320:]
    assert min(beyond) >= rush.LONGEST / 2
    assert len(set(beyond)) > 100


def test_the_pace_is_the_one_at_which_requests_were_answered() -> None:
    hands = Hands()
    made = Rush(most=2, clock=hands)
    for _ in range(400):
        with made.taken_in():
            hands.now += 0.025
    assert 38 <= made.pace <= 42


# --- one that asks too often ----------------------------------------------------------------------


def asked(made: Often, device: str, times: int) -> int:
    """How many of so many requests in a row were listened to."""
    done = 0
    for _ in range(times):
        try:
            made.check(device)
        except Refused as refused:
            assert (refused.status, refused.code) == (429, "too-often")
            assert refused.retry_after is not None
            continue
        made.count(device)
        done += 1
    return done


def test_a_laptop_that_catches_up_is_never_stopped() -> None:
    hands = Hands()
    made = Often(clock=hands)
    for _ in range(750):  # a month of 5,000 events a day, 200 in each request
        assert asked(made, "d1", 1) == 1
        hands.now += 0.05


def test_one_that_will_not_stop_is_silenced_and_others_are_not() -> None:
    hands = Hands()
    made = Often(at_once=10, a_second=2, pause=5, clock=hands)
    assert asked(made, "d1", 1000) == 11
    assert asked(made, "d2", 5) == 5
    hands.now += 4.9
    assert asked(made, "d1", 100) == 0
    hands.now += 0.2
    assert 1 <= asked(made, "d1", 100) <= 11


def test_the_wait_that_is_told_is_long_enough() -> None:
    hands = Hands()
    made = Often(at_once=1, a_second=1, pause=5, clock=hands)
    asked(made, "d1", 3)
    with pytest.raises(Refused) as refused:
        made.check("d1")
    assert refused.value.retry_after is not None
    hands.now += refused.value.retry_after
    made.check("d1")


# --- at the collector -----------------------------------------------------------------------------


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    config = configure(state=str(tmp_path / "state"), database=None, environ={})
    state.prepare(config, datetime.now(UTC))
    made = serve.make_collector(config, URL)
    yield made
    made.store.close()


def enrolled(collector: Collector) -> Laptop:
    laptop = Laptop(Running(state=collector.config.state, url=URL, log=[]))
    token = run(collector.config.state, "token", "new").stdout.strip()
    body = messages.to_json(enrolment(laptop, token))
    answer = ask(make_app(collector), laptop, messages.ENROL_PATH, body, signatures.ENROLLING)
    assert answer.status == 200
    return laptop


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    body_was_read: bool

    @property
    def code(self) -> str:
        return msgspec.json.decode(self.body, type=messages.Problem).error.code


def ask(
    app: ASGIApp, laptop: Laptop, path: str, body: bytes, keyid: str, nonce: str = ""
) -> Answer:
    """The answer to a signed request, without a network in between."""
    headers = signatures.sign_request(
        laptop.key,
        method="POST",
        uri=URL + path,
        body=body,
        keyid=keyid,
        nonce=nonce or secrets.token_urlsafe(24),
        created=datetime.now(UTC),
    )
    given = headers | {"Content-Length": str(len(body)), "Host": "collector.example"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
    }
    said: list[Message] = []
    reads: list[int] = []

    async def receive() -> Message:
        reads.append(1)
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        said.append(message)

    asyncio.run(app(scope, receive, send))
    told = {k.decode().lower(): v.decode() for k, v in said[0]["headers"]}
    content = b"".join(one.get("body", b"") for one in said[1:])
    return Answer(said[0]["status"], told, content, bool(reads))


def send(collector: Collector, laptop: Laptop, nonce: str) -> Answer:
    body = laptop.batch(*laptop.records(pupil_file()))
    return ask(make_app(collector), laptop, messages.EVENTS_PATH, body, laptop.name, nonce)


def told_by(collector: Collector, answer: Answer, nonce: str) -> int:
    """The seconds that a signed refusal names; nothing of the request was read."""
    signed = signatures.read(answer.headers)
    signatures.verify_reply(
        signed,
        collector.reply_key.public_key(),
        status=answer.status,
        body=answer.body,
        nonce=nonce,
    )
    assert not answer.body_was_read
    return int(answer.headers["retry-after"])


def test_a_full_house_answers_at_once_with_a_turn_in_a_signed_reply(collector: Collector) -> None:
    laptop = enrolled(collector)
    collector = dataclasses.replace(collector, rush=Rush(most=1))
    with collector.rush.taken_in():
        answer = send(collector, laptop, "a" * 30)
    assert (answer.status, answer.code) == (503, "busy")
    assert told_by(collector, answer, "a" * 30) >= 1
    laptop.seq, laptop.head = 0, "0" * 64
    assert send(collector, laptop, "b" * 30).status == 200
    assert laptop.at.rows("SELECT count(*) FROM events") == [(1,)]


def test_a_laptop_that_asks_too_often_is_told_so_before_anything_is_read(
    collector: Collector,
) -> None:
    laptop, other = enrolled(collector), enrolled(collector)
    collector = dataclasses.replace(collector, often=Often(at_once=2, a_second=1))
    codes = [send(collector, laptop, f"{n:030d}").status for n in range(4)]
    assert codes == [200, 200, 200, 429]
    answer = send(collector, laptop, "c" * 30)
    assert answer.code == "too-often"
    assert told_by(collector, answer, "c" * 30) >= 1
    assert send(collector, other, "d" * 30).status == 200


def test_nobody_uses_up_another_laptops_turns(collector: Collector) -> None:
    laptop, thief = enrolled(collector), Laptop(Running(state=Path(), url=URL, log=[]))
    collector = dataclasses.replace(collector, often=Often(at_once=2, a_second=1))
    thief.called = laptop.name
    assert [send(collector, thief, f"{n:030d}").status for n in range(9)] == [401] * 9
    assert send(collector, laptop, "e" * 30).status == 200


# --- at the door ----------------------------------------------------------------------------------


class Greeting(asyncio.Protocol):
    """Says a word to each caller."""

    opened: set[asyncio.BaseTransport] = set()  # noqa: RUF012

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.opened.add(transport)
        transport.write(b"welcome")  # type: ignore[attr-defined]

    def connection_lost(self, exc: Exception | None) -> None:
        self.opened.discard(self.transport)


class House:
    """A doorway on loopback, in a thread of its own."""

    def __init__(self, folder: Path, most: int) -> None:
        tls.make_ca(folder, datetime.now(UTC))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = tls.ensure_server_certificate(folder, ("127.0.0.1",), datetime.now(UTC))
        self.context.load_cert_chain(certificate)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.full, self.most = False, most
        self.opened: set[asyncio.BaseTransport] = set()
        self.ready, self.loop = threading.Event(), asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._run(),))
        self.thread.start()
        assert self.ready.wait(SECONDS)

    async def _run(self) -> None:
        made = type("Here", (Greeting,), {"opened": self.opened})
        door = Doorway(
            self.listening, made, self.context, self.opened, self.most, lambda: self.full
        )
        door.open()
        self.end = asyncio.Event()
        self.ready.set()
        await self.end.wait()
        door.close()
        for transport in list(self.opened):
            transport.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(0.1)

    def call(self) -> socket.socket:
        """A caller that has only opened a connection."""
        return socket.create_connection(self.listening.getsockname(), timeout=SECONDS)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join(SECONDS)
        self.loop.close()
        self.listening.close()


def welcomed(caller: socket.socket) -> bool:
    """Whether a caller gets through, over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(caller) as secure:
        return secure.recv(20) == b"welcome"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, most=3)
    yield made
    made.close()


def test_callers_come_in_one_after_the_other_however_many_call(house: House) -> None:
    callers = [house.call() for _ in range(40)]
    assert all(welcomed(one) for one in callers)


def test_a_full_house_still_opens_for_a_few_so_that_they_can_be_told(house: House) -> None:
    house.full = True
    callers = [house.call() for _ in range(3 * doorway.A_FEW)]
    assert all(welcomed(one) for one in callers)


def test_silent_callers_give_up_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorway, "HANDSHAKE_SECONDS", 0.3)
    made = House(tmp_path, most=2)
    try:
        silent = [made.call() for _ in range(2)]
        assert welcomed(made.call())
        for one in silent:
            one.close()
    finally:
        made.close()


def test_what_is_no_tls_costs_its_caller_the_connection_and_nobody_else(house: House) -> None:
    for _ in range(5):
        with house.call() as one:
            one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert one.recv(100) is not None
    assert welcomed(house.call())

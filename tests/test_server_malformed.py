"""Requests no agent would send, by the hundred: each gets an answer, none an unforeseen error.

They go over raw TLS, so that also what an HTTP library would never write reaches the collector.
"""

import random
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
import pytest
import requests

from agent.wire import messages, signatures
from tests.collector_on_loopback import Laptop, Running, collector, pupil_file
from tests.databases import Databases

EACH = 40
SECONDS = 20


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("malformed") / "state"
    with collector(state, database=databases.of_a_collector()) as made:
        yield made


@pytest.fixture(scope="module")
def laptop(running: Running) -> Laptop:
    return running.laptop()


Make = Callable[[Laptop, random.Random], bytes]


def request(path: str, headers: dict[str, str], body: bytes, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def signed(laptop: Laptop, body: bytes, path: str = messages.EVENTS_PATH, **headers: str) -> bytes:
    """A request with a good signature over whatever body."""
    made = signatures.sign_request(
        laptop.key,
        method="POST",
        uri=laptop.at.url + path,
        body=body,
        keyid=laptop.name if path == messages.EVENTS_PATH else signatures.ENROLLING,
        nonce=random.Random().randbytes(16).hex(),
        created=datetime.now(UTC),
    )
    return request(path, made | {"Content-Length": str(len(body))} | headers, body)


def good(laptop: Laptop) -> bytes:
    return laptop.batch("0" * 64, [messages.Record(seq=1, body="{}")])


def garbage(laptop: Laptop, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 400)) + b"\r\n\r\n"


def signed_garbage(laptop: Laptop, chance: random.Random) -> bytes:
    return signed(laptop, chance.randbytes(chance.randrange(0, 400)))


def flipped_json(laptop: Laptop, chance: random.Random) -> bytes:
    body = bytearray(good(laptop))
    for _ in range(chance.randrange(1, 6)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return signed(laptop, bytes(body))


def cut_json(laptop: Laptop, chance: random.Random) -> bytes:
    body = good(laptop)
    return signed(laptop, body[: chance.randrange(len(body))])


def deep_json(laptop: Laptop, chance: random.Random) -> bytes:
    depth = chance.choice((1_000, 50_000, 200_000))
    return signed(laptop, chance.choice((b"[", b'{"device":', b'{"records":[{"x":')) * depth)


def wrong_types(laptop: Laptop, chance: random.Random) -> bytes:
    body = msgspec.json.decode(good(laptop))
    strange = [None, True, -1, 2**70, 1.5, "", "\0", "x" * 300, [], {}, [[]], {"a": {}}]
    body[chance.choice(list(body))] = chance.choice(strange)
    return signed(laptop, msgspec.json.encode(body).replace(b"1.5", b"NaN"))


def strange_enrolment(laptop: Laptop, chance: random.Random) -> bytes:
    body = {
        "token": chance.choice(("", "dw1-x", "dw1-" + "a" * 26 + "-" + "b" * 26, "\u202e")),
        "public_key": chance.choice(("A" * 43 + "=", "", "é" * 43, "+" * 43 + "=")),
        "agent_version": chance.choice(("0.1.0", "9" * 400 + ".0.0", "")),
    }
    return signed(laptop, msgspec.json.encode(body), messages.ENROL_PATH)


def broken_signature(laptop: Laptop, chance: random.Random) -> bytes:
    head, _, body = signed(laptop, good(laptop)).partition(b"\r\n\r\n")
    text = bytearray(head)
    start = text.index(b"Content-Digest")
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(start, len(text))
        text[at] = chance.choice(b'abcXYZ0189=+/;:" ()')
    return bytes(text) + b"\r\n\r\n" + body


def strange_time(laptop: Laptop, chance: random.Random) -> bytes:
    created = chance.choice(("0", "9" * 10, "9" * 12, "9" * 30, "-1", "1e9", ""))
    made = signed(laptop, good(laptop)).decode("latin-1")
    head, _, tail = made.partition("created=")
    return (head + "created=" + created + ";" + tail.partition(";")[2]).encode("latin-1")


def wrong_length(laptop: Laptop, chance: random.Random) -> bytes:
    length = chance.choice(("-1", "1e3", "99999999999999999999", "0x10", "5", "2000000", "١٢", ""))
    return signed(laptop, good(laptop)).replace(
        f"Content-Length: {len(good(laptop))}".encode(),
        f"Content-Length: {length}".encode(),
    )


def two_lengths(laptop: Laptop, chance: random.Random) -> bytes:
    return signed(laptop, good(laptop)).replace(
        b"\r\n\r\n", f"\r\nContent-Length: {chance.randrange(9)}\r\n\r\n".encode(), 1
    )


def chunked(laptop: Laptop, chance: random.Random) -> bytes:
    chunks = chance.choice((b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"ffffffffffffffff\r\n"))
    head = request(messages.EVENTS_PATH, {"Transfer-Encoding": "chunked"}, b"")
    return head + chunks


def strange_path(laptop: Laptop, chance: random.Random) -> bytes:
    path = chance.choice(
        (
            "/v1/events/" + "9" * 6000,
            "/devices/" + "9" * 6000,
            "/devices/x/" + "9" * 6000,
            "/devices/%00/1",
            "/devices/%ff%fe",
            "/static/../../../etc/passwd",
            "/static/%2e%2e/%2e%2e/collector.db",
            "/api/v1/events?cursor=" + "9" * 5000,
            "/api/v1/events?since=%00",
            "/register/%E2%80%AE",
            "//login",
            "*",
        )
    )
    return request(path, {"Content-Length": "0"}, b"", chance.choice(("GET", "POST", "PUT", "X")))


def strange_form(laptop: Laptop, chance: random.Random) -> bytes:
    body = chance.choice(
        (b"name=%ff&password=%00", b"\xff" * 50, b"&" * 300, b"name=" + b"a" * 9000)
    )
    headers = {"Content-Length": str(len(body)), "Origin": "https://127.0.0.1"}
    cookies = ("__Host-dossierwacht=" + "x" * 3000, "=;=;", "language=xx")
    headers["Cookie"] = chance.choice(cookies)
    headers["Accept-Language"] = chance.choice((";q=,;;q=x", "nl;q=9e999", "\xff"))
    return request("/login", headers, body)


MAKES: list[Make] = [
    garbage,
    signed_garbage,
    flipped_json,
    cut_json,
    deep_json,
    wrong_types,
    strange_enrolment,
    broken_signature,
    strange_time,
    wrong_length,
    two_lengths,
    chunked,
    strange_path,
    strange_form,
]


def talk(running: Running, content: bytes) -> bytes:
    """Write raw bytes over TLS; what came back before the collector closed or fell silent."""
    context = ssl.create_default_context(cafile=running.ca)
    place = urlsplit(running.url)
    assert place.hostname and place.port
    reply = b""
    with socket.create_connection((place.hostname, place.port), timeout=SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname=place.hostname) as tls:
            try:
                tls.sendall(content)
                tls.settimeout(1)
                while piece := tls.recv(65_536):
                    reply += piece
            except (TimeoutError, ssl.SSLError, OSError):
                pass
    return reply


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.__name__)
def test_no_malformed_request_finds_an_unforeseen_error(
    running: Running, laptop: Laptop, make: Make
) -> None:
    chance = random.Random(make.__name__)
    waiting = problems = 0
    for _ in range(EACH if make not in (garbage, wrong_length) else EACH // 4):
        content = make(laptop, chance)
        reply = talk(running, content)
        status, _, rest = reply.partition(b"\r\n")
        if not status:
            waiting += 1  # not a whole request: it is still being waited for
            continue
        code = int(status.split()[1])
        assert code not in (500, 503), (status, content[:300])
        head, _, body = rest.partition(b"\r\n\r\n")
        # A caller that is still sending when it is refused may lose part of the answer.
        whole = re.search(rb"(?i)content-length: (\d+)", head)
        if code >= 300 and b"application/json" in head and whole and len(body) == int(whole[1]):
            msgspec.json.decode(body, type=messages.Problem)
            problems += 1
    assert not [line for line in running.log if "unforeseen" in line or "Traceback" in line]
    assert waiting < EACH
    assert problems > 0 or make in (garbage, chunked, strange_form, two_lengths)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/devices/d%00", None),
        ("/api/v1/events?device=d%00", None),
        ("/login", {"name": "o\0laf", "password": "invented"}),
    ],
)
def test_a_nul_finds_nothing_and_troubles_no_database(
    running: Running, path: str, form: dict[str, str] | None
) -> None:
    reply = requests.request(
        "POST" if form else "GET",
        running.url + path,
        data=form,
        headers={"Origin": running.url},
        verify=running.ca,
        timeout=SECONDS,
    )
    assert reply.status_code == 400
    assert not [line for line in running.log if "database" in line]


def test_after_all_that_events_are_still_taken(running: Running) -> None:
    assert running.laptop().receipt(pupil_file()).last == 1
    assert running.rows("SELECT count(*) FROM events") == [(1,)]


def test_a_body_is_never_read_beyond_its_limit(running: Running, laptop: Laptop) -> None:
    """The refusal comes while most of the body has not been sent."""
    body = b"x" * (messages.LARGEST_BODY + 1)
    content = signed(laptop, body)
    reply = talk(running, content[: len(content) - len(body) + 10])
    assert reply.startswith(b"HTTP/1.1 413")
    assert b'"too-large"' in reply


def test_of_a_stranger_no_body_is_read_at_all(running: Running) -> None:
    """The refusal comes although not one byte of the promised body was sent."""
    body = b"x" * messages.LARGEST_BODY
    content = signed(Laptop(running), body)
    reply = talk(running, content[: len(content) - len(body)])
    assert reply.startswith(b"HTTP/1.1 401")
    assert b'"unknown-device"' in reply


def test_slow_callers_do_not_hold_up_others(running: Running) -> None:
    context = ssl.create_default_context(cafile=running.ca)
    place = urlsplit(running.url)
    assert place.hostname and place.port
    with socket.create_connection((place.hostname, place.port)) as plain:
        with context.wrap_socket(plain, server_hostname=place.hostname) as slow:
            slow.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
            done = threading.Event()
            threading.Thread(target=lambda: (_answers(running), done.set())).start()
            assert done.wait(SECONDS)


def test_every_refusal_has_the_one_shape(running: Running) -> None:
    for method, path in (("GET", "/v1/nothing"), ("GET", "/v1/events"), ("POST", "/api/v1/events")):
        reply = requests.request(method, running.url + path, verify=running.ca, timeout=10)
        assert reply.status_code in (404, 405)
        msgspec.json.decode(reply.content, type=messages.Problem)


def _answers(running: Running) -> None:
    reply = requests.get(running.url + messages.CA_PATH, verify=running.ca, timeout=10)
    assert reply.status_code == 200

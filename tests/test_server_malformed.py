"""Requests nobody would send, by the thousand: each gets an answer, none an unforeseen error.

They go over raw TLS, so that also what an HTTP library would never write reaches the collector.
``./dev lab requests`` sends a hundred thousand.
"""

import importlib.util
import random
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import ModuleType
from urllib.parse import urlsplit

import msgspec
import pytest
import requests

from agent.wire import messages, signatures
from tests.collector_on_loopback import Laptop, Running
from tests.console_visit import Console, console
from tests.databases import Databases
from tests.request_caller import Answer, Due, due
from tests.request_run import LINES_OF_CALLERS, Counted, Run, unexpected
from tests.test_server_doors import DOORS, filled

NUMBER = 1_000
"""On each database."""
MOST_GROWTH_MB = 128
"""A run as short as this one begins small."""
ROOT = Path(__file__).resolve().parent.parent
SECONDS = 20


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("malformed") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


@pytest.fixture
def running(at: Console) -> Running:
    return at.running


@pytest.fixture
def laptop(running: Running) -> Laptop:
    return running.laptop()


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


@pytest.fixture(scope="module")
def tried(at: Console) -> Run:
    return Run(at, NUMBER, seed=7)


@pytest.mark.slow
def test_no_malformed_request_finds_an_unforeseen_error(tried: Run) -> None:
    """Afterwards whoever does everything right is still answered."""
    counted = tried.go()
    assert (counted.faults, counted.logged, counted.deaf) == ([], [], [])
    assert counted.sent == NUMBER
    assert counted.end_mb - counted.warm_mb <= MOST_GROWTH_MB
    assert {400, 401, 403, 404, 405, 411, 413, 422, 200, 303} <= set(counted.statuses)


def test_every_address_is_among_the_valid_requests(at: Console, tried: Run) -> None:
    made = [seed(Random(1)) for some in tried.seeds.values() for seed in some]
    asked = {(one.method, one.target.partition("?")[0]) for one in made}
    assert {(method, filled(at, path)) for method, path in DOORS} - asked == set()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", "answered 500"),
        (b'HTTP/1.1 503 x\r\n\r\n{"error":{"code":"storage"}}', "answered 503"),
        (b'HTTP/1.1 503 x\r\n\r\n{"error":{"code":"busy"}}', ""),
        (
            b"HTTP/1.1 400 x\r\ncontent-type: application/json\r\n\r\n[]",
            "a refusal of another shape",
        ),
        (b"", "no answer"),
    ],
)
def test_what_may_not_come_back_is_told(content: bytes, fault: str) -> None:
    assert Answer(content=content, due=True, whole=True).fault() == fault


@pytest.mark.parametrize(
    ("content", "owed"),
    [
        (b"", Due.NOTHING),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", Due.NOTHING),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", Due.ANSWER),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET", Due.LAST_ANSWER),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", Due.ANSWER),
        (b"\x16\x03\x01\r\n\r\n", Due.LAST_ANSWER),
    ],
)
def test_what_is_owed_is_told_from_the_bytes(content: bytes, owed: Due) -> None:
    assert due(content) is owed


def test_a_line_in_the_log_and_a_case_that_failed_are_told() -> None:
    assert unexpected(["ERROR unforeseen KeyError\n", LINES_OF_CALLERS[0]]) == [
        "ERROR unforeseen KeyError"
    ]
    counted = Counted(sent=2, faults=["1"], logged=["x"], deaf=["a page: 500"], end_mb=900)
    assert [case["passed"] for case in lab().cases(counted, 3)] == [False] * 5


def lab() -> ModuleType:
    """The script behind ``./dev lab requests``."""
    spec = importlib.util.spec_from_file_location("lab_requests", ROOT / "tests/vm/requests.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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

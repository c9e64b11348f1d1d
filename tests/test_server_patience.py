"""A caller that holds a connection without getting anywhere is cut off; others get their turn."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from server_stub.intake.patience import Patient

MOST = 3
SECONDS = 20


class Hasty(Patient):
    seconds = 0.5


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """More than the buffers between two sockets hold, if asked for much."""
    body = b"x" * (20_000_000 if scope["path"] == "/much" else 2)
    while (await receive()).get("more_body"):
        pass
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def port() -> Iterator[int]:
    settings = uvicorn.Config(
        answer, http=Hasty, lifespan="off", log_config=None, limit_concurrency=MOST + 1
    )
    server = uvicorn.Server(settings)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([bound])))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join(SECONDS)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n",
        b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["silent", "in the headers", "in the body", "in a second request", "never reads"],
)
def test_whoever_gets_nowhere_is_cut_off_and_others_get_their_turn(port: int, begun: bytes) -> None:
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(MOST)]
    try:
        for one in held:
            one.sendall(begun)
        if b"/much" in begun:
            assert all(one.recv(1) for one in held)  # it is there, and reads no further
        else:
            assert [ended(one) for one in held] == [True] * MOST
        assert answered(port)
    finally:
        for one in held:
            one.close()


def test_a_caller_that_drips_is_cut_off_all_the_same(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as one:
        end = time.monotonic() + SECONDS
        one.settimeout(0.05)
        try:
            while time.monotonic() < end:
                one.sendall(b"X")
                try:
                    if one.recv(1) == b"":
                        return
                except TimeoutError:
                    continue
        except OSError:
            return
    pytest.fail("still connected")


def ended(one: socket.socket) -> bool:
    """Whether the other side ends the connection in time."""
    one.settimeout(SECONDS)
    try:
        while one.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def answered(port: int) -> bool:
    """Whether a plain request gets its answer in time, once there is room for it."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as one:
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            if one.recv(65_536).startswith(b"HTTP/1.1 200"):
                return True
        time.sleep(0.1)
    return False

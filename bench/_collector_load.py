"""The load: prepared bytes over TLS, from a process of its own, as cheap as Python can.

Each line sends its requests in turn and waits for each answer. Nothing is signed or checked here
beyond the status; what is counted is how long each answer took.
"""

import asyncio
import multiprocessing
import os
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import TypeVar

from bench._collector_site import LOAD_CORES

T = TypeVar("T")
CONNECT, ANSWER = 10.0, 30.0
"""Seconds that an agent waits for a connection, and for an answer."""


@dataclass(kw_only=True, slots=True)
class Heard:
    """What came back. Seconds for each answered request, by status."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    broken: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def add(self, status: int, took: float) -> None:
        self.seconds.setdefault(status, []).append(took)

    def count(self, status: int) -> int:
        return len(self.seconds.get(status, ()))


def tls() -> ssl.SSLContext:
    """Checks nothing: that is the laptop's cost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Line:
    """One connection to the collector."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.port, self.context = port, context

    async def __aenter__(self) -> "Line":
        loop = asyncio.get_running_loop()
        connection = socket.socket()
        connection.setblocking(False)
        try:
            async with asyncio.timeout(CONNECT):
                await loop.sock_connect(connection, ("127.0.0.1", self.port))
            self.stood = time.perf_counter()
            self.reader, self.writer = await asyncio.open_connection(
                sock=connection, ssl=self.context, server_hostname="", ssl_handshake_timeout=ANSWER
            )
        except BaseException:
            connection.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and head of the answer. Raises OSError, EOFError, TimeoutError."""
        async with asyncio.timeout(ANSWER):
            self.writer.write(request)
            head = await self.reader.readuntil(b"\r\n\r\n")
            await self.reader.readexactly(int(value_of(head, b"content-length") or 0))
        return int(head[9:12]), head


def value_of(head: bytes, name: bytes) -> bytes:
    """A header's value, or nothing."""
    return head.lower().partition(b"\r\n" + name + b":")[2].partition(b"\r\n")[0].strip()


async def in_lines(port: int, lines: Sequence[Sequence[bytes]]) -> Heard:
    """Each sequence over one connection, all connections at once."""
    heard, context = Heard(), tls()

    async def one(requests: Sequence[bytes]) -> None:
        async with Line(port, context) as line:
            for request in requests:
                began = time.perf_counter()
                status, _ = await line.ask(request)
                heard.add(status, time.perf_counter() - began)

    await asyncio.gather(*(one(requests) for requests in lines))
    return heard


def elsewhere(work: Callable[[], T]) -> T:
    """Run ``work`` in a forked process on the core of the load; what it returned."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_run, args=(work, theirs))
    process.start()
    theirs.close()
    try:
        done: T = ours.recv()
    finally:
        process.join()
    return done


def _run(work: Callable[[], object], out: Connection) -> None:
    os.sched_setaffinity(0, LOAD_CORES)
    out.send(work())


def measured(work: Callable[[], "asyncio.Future[Heard] | object"]) -> Heard:
    """Run a coroutine that hears, elsewhere, with its wall and CPU seconds."""

    def timed() -> Heard:
        began, cpu = time.perf_counter(), time.process_time()
        heard: Heard = asyncio.run(work())  # type: ignore[arg-type]
        heard.wall, heard.cpu = time.perf_counter() - began, time.process_time() - cpu
        return heard

    return elsewhere(timed)

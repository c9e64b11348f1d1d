"""Targets on loopback to send events on to: a webhook and a syslog server, with and without TLS."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from server_stub import tls


@dataclass
class Webhook:
    """What was posted to it. ``answers`` are the next statuses; after those it says 204."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None


@dataclass
class Syslog:
    """The messages that came in, each connection by itself."""

    port: int = 0
    batches: list[list[bytes]] = field(default_factory=list)
    resets: int = 0
    """Connections that are still to be cut off unread."""
    deaf: bool = False
    """Whether it leaves connections open for ever."""


def authority(folder: Path) -> tuple[Path, Path]:
    """A certificate of an authority, and a server's with its key, for localhost."""
    folder.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    tls.make_ca(folder, now)
    server = tls.ensure_server_certificate(folder, ("localhost",), now)
    (folder / "only-ca.pem").write_bytes(tls.ca_pem(folder))
    return folder / "only-ca.pem", server


def secured(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def webhook(certificate: Path | None = None, port: int = 0) -> Iterator[Webhook]:
    made = Webhook()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if made.hold is not None:
                made.hold.wait(30)
            made.posts.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(made.answers.pop(0) if made.answers else 204)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A caller that does not believe the certificate is no error of this server."""

    server = Quiet(("127.0.0.1", port), Door)
    if certificate is not None:
        server.socket = secured(certificate).wrap_socket(server.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    made.url = f"{scheme}://localhost:{server.server_address[1]}/hook?from=dossierwacht"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        if made.hold is not None:
            made.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(30)


@contextmanager
def syslog(certificate: Path | None = None) -> Iterator[Syslog]:
    made, listening = Syslog(), socket.create_server(("127.0.0.1", 0))
    made.port = listening.getsockname()[1]
    context = secured(certificate) if certificate else None
    kept: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.settimeout(20)
            if made.deaf:
                kept.append(connection)
            elif made.resets:
                made.resets -= 1
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.close()
            else:
                take(connection)

    def take(connection: socket.socket) -> None:
        try:
            with (
                context.wrap_socket(connection, server_side=True) if context else connection as one
            ):
                made.batches.append(frames(read_all(one)))
        except ssl.SSLError:
            pass  # a caller that does not believe the certificate

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield made
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for one in kept:
            one.close()
        thread.join(30)


def read_all(connection: socket.socket) -> bytes:
    whole = b""
    while piece := connection.recv(65_536):
        whole += piece
    return whole


def frames(raw: bytes) -> list[bytes]:
    """The messages of a connection, by the number of octets before each."""
    found = []
    while raw:
        size, _, raw = raw.partition(b" ")
        found.append(raw[: int(size)])
        assert len(found[-1]) == int(size)
        raw = raw[int(size) :]
    return found

"""Through a proxy: what passes it is as closed to it as to anybody, unless IT says it may look."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent import sender
from agent.trouble import Trouble
from tests.test_sender import Authority, serve

__all__ = ["serve"]  # the fixture


@contextmanager
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that knows CONNECT; its address, and everything that it could read."""
    seen: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(listening, seen))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _serve(listening: socket.socket, seen: list[bytes]) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        with client:
            _pass_on(client, seen)


def _pass_on(client: socket.socket, seen: list[bytes]) -> None:
    asked = client.recv(4096)
    seen.append(asked)
    host, _, port = asked.split()[1].decode("ascii").rpartition(":")
    with socket.create_connection((host, int(port))) as server:
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        ways = [(client, server), (server, client)]
        threads = [threading.Thread(target=_copy, args=(*way, seen)) for way in ways]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _copy(source: socket.socket, target: socket.socket, seen: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # whoever does not trust the other end hangs up
        while piece := source.recv(65_536):
            seen.append(piece)
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def test_a_proxy_passes_on_what_it_cannot_read(serve: Any, tmp_path: Path) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    with proxy() as (address, seen):
        answer = sender.post(authority.pem(), served.uri, {}, b"a secret", proxy=address)
    assert answer["status"] == 200
    assert served.received == [b"a secret"]
    assert seen[0].startswith(b"CONNECT 127.0.0.1:")
    assert not any(b"secret" in piece for piece in seen)


def test_a_proxy_that_opens_tls_is_refused_unless_it_was_named(serve: Any, tmp_path: Path) -> None:
    collectors, inspecting = Authority(), Authority(called="a proxy's")
    served = serve(inspecting.server(tmp_path))
    with proxy() as (address, _):
        refused = sender.post(collectors.pem(), served.uri, {}, b"a secret", proxy=address)
        assert refused == {"trouble": Trouble.WRONG_CERTIFICATE}
        assert served.received == []
        both = collectors.pem() + "\n" + inspecting.pem()
        assert sender.post(both, served.uri, {}, b"a secret", proxy=address)["status"] == 200


def test_where_the_proxy_is_gone_the_collector_is_unreachable(serve: Any, tmp_path: Path) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    answer = sender.post(authority.pem(), served.uri, {}, b"x", proxy="http://127.0.0.1:1")
    assert answer == {"trouble": Trouble.UNREACHABLE}
    assert served.received == []

"""A captive portal is told from an attack by where plain HTTP leads, and from nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from agent import portal, sender
from agent.trouble import ADVICE, Trouble

COLLECTOR = "https://127.0.0.1:1/v1/events"


@contextmanager
def answering(status: int, location: str = "") -> Iterator[HTTPServer]:
    """A network that answers plain HTTP in everybody's place; it remembers what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.requestline)
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    asked: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked = asked  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "location", "found"),
    [
        (302, "http://login.hotel.example/", True),
        (307, "https://login.hotel.example/start", True),
        (511, "", True),
        (301, "https://127.0.0.1/", False),
        (302, "/login", False),
        (200, "", False),
        (404, "", False),
        (302, "http://[", False),
    ],
)
def test_what_leads_elsewhere_is_a_portal(status: int, location: str, found: bool) -> None:
    with answering(status, location) as server:
        assert portal.stands_before(COLLECTOR, server.server_port) is found
        assert server.asked == ["GET / HTTP/1.1"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("uri", [COLLECTOR, "https://[::1]:1/", "https:///", "no address"])
def test_where_nobody_answers_there_is_no_portal(uri: str) -> None:
    assert portal.stands_before(uri, 1) is False


def test_the_sender_says_so_and_staff_hear_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with answering(302, "http://login.hotel.example/") as server:
        monkeypatch.setattr(portal.stands_before, "__defaults__", (server.server_port,))
        answer = sender.post(_any_ca(tmp_path), COLLECTOR, {}, b"an event")
        assert answer == {"trouble": Trouble.PORTAL}
        behind = sender.post(_any_ca(tmp_path), COLLECTOR, {}, b"", proxy="http://127.0.0.1:1")
        assert behind == {"trouble": Trouble.UNREACHABLE}
        assert not any("event" in line for line in server.asked)  # type: ignore[attr-defined]
    assert "log in" in ADVICE[Trouble.PORTAL]


def _any_ca(folder: Path) -> str:
    from collectors.base import utc_now
    from server_stub import tls

    tls.make_ca(folder, utc_now())
    return tls.ca_pem(folder).decode("ascii")

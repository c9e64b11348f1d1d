"""The sender: to the pinned collector or to nobody, over real TLS."""

import datetime
import http.server
import ipaddress
import json
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent import sender
from agent.control_server import LONGEST_QUESTION
from agent.trouble import Trouble

DAY = datetime.timedelta(days=1)


@dataclass
class Authority:
    """A certificate authority made for one test."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    called: str = "test authority"

    def __post_init__(self) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.called)])
        self.certificate = self._sign(self.name, self.key, ca=True)

    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server(self, folder: Path, **changes: object) -> ssl.SSLContext:
        """A server's context with a certificate of this authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        certificate = self._sign(name, key, ca=False, **changes)
        pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / "server.pem").write_bytes(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        return context

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        ca: bool,
        address: str = "127.0.0.1",
        begins: datetime.timedelta = -DAY,
        ends: datetime.timedelta = DAY,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
                critical=False,
            )
        )
        return builder.sign(self.key, hashes.SHA256())


class Counting(http.server.BaseHTTPRequestHandler):
    """Answers every POST, and remembers what came."""

    received: list[bytes]
    drip = 0.0
    """Seconds before each byte of the body; 0 sends it at once."""
    answer = (200, {"Signature": "s", "Set-Cookie": "x=1"}, b"hello")

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        status, headers, body = self.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        for byte in (body[i : i + 1] for i in range(len(body))) if self.drip else (body,):
            time.sleep(self.drip)
            self.wfile.write(byte)

    def log_message(self, *_: object) -> None:
        pass


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that walks away during the handshake is what these tests are about."""


@dataclass
class Served:
    uri: str
    received: list[bytes]
    handler: type[Counting]


@pytest.fixture
def serve() -> Iterator[object]:
    servers = []

    def start(context: ssl.SSLContext) -> Served:
        handler = type("Handler", (Counting,), {"received": []})
        server = Quiet(("127.0.0.1", 0), handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        uri = f"https://127.0.0.1:{server.server_address[1]}/v1/events"
        return Served(uri, handler.received, handler)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_pinned_collector_gets_the_body_and_its_reply_comes_back(serve, tmp_path) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    answer = sender.post(authority.pem(), served.uri, {"X-A": "b"}, b"{}")
    assert answer == {"status": 200, "headers": {"signature": "s"}, "body": "hello"}
    assert served.received == [b"{}"]


def test_a_server_of_another_authority_gets_nothing(serve, tmp_path) -> None:
    served = serve(Authority().server(tmp_path))
    answer = sender.post(Authority().pem(), served.uri, {}, b"secret")
    assert answer == {"trouble": Trouble.WRONG_CERTIFICATE}
    assert served.received == []


@pytest.mark.parametrize(
    "changes", [{"address": "127.0.0.2"}, {"begins": DAY / 2}, {"ends": -DAY / 2}]
)
def test_a_wrong_name_or_date_gets_nothing(serve, tmp_path, changes) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path, **changes))
    answer = sender.post(authority.pem(), served.uri, {}, b"secret")
    assert answer == {"trouble": Trouble.WRONG_CERTIFICATE}
    assert served.received == []


@pytest.mark.parametrize(("newest", "heard"), [("TLSv1_2", True), ("TLSv1_1", False)])
def test_tls_1_2_is_the_oldest_that_is_spoken(serve, tmp_path, newest, heard) -> None:
    authority = Authority()
    context = authority.server(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion[newest]
    served = serve(context)
    sender.post(authority.pem(), served.uri, {}, b"secret")
    assert (served.received == [b"secret"]) is heard


def test_a_server_that_hangs_up_in_the_handshake_is_no_impostor() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: listening.accept()[0].close())
        thread.start()
        uri = f"https://127.0.0.1:{listening.getsockname()[1]}/v1/events"
        answer = sender.post(Authority().pem(), uri, {}, b"secret")
        thread.join(10)
    assert answer == {"trouble": Trouble.UNREACHABLE}


def test_authorities_in_the_environment_are_not_believed(serve, tmp_path, monkeypatch) -> None:
    impostor = Authority()
    (tmp_path / "impostor.pem").write_text(impostor.pem())
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "impostor.pem"))
    served = serve(impostor.server(tmp_path))
    answer = sender.post(Authority().pem(), served.uri, {}, b"secret")
    assert answer == {"trouble": Trouble.WRONG_CERTIFICATE}


def test_a_redirect_is_not_followed(serve, tmp_path) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    served.handler.answer = (307, {"Location": served.uri + "/elsewhere"}, b"")
    assert sender.post(authority.pem(), served.uri, {}, b"{}")["status"] == 307
    assert len(served.received) == 1


def test_an_endless_reply_is_cut(serve, tmp_path) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    served.handler.answer = (200, {}, b"x" * (sender.LARGEST_REPLY + 5))
    answer = sender.post(authority.pem(), served.uri, {}, b"{}")
    assert len(answer["body"]) == sender.LARGEST_REPLY


@pytest.mark.parametrize("length", ["100", "5, 6", "-1", "x"])
def test_a_reply_that_breaks_off_is_trouble_and_no_crash(serve, tmp_path, length) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    served.handler.answer = (200, {"Content-Length": length}, b"short")
    answer = sender.post(authority.pem(), served.uri, {}, b"{}")
    assert answer == {"trouble": Trouble.UNREACHABLE} or answer["body"] == "short"


def test_a_reply_that_drips_is_given_up(serve, tmp_path) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    served.handler.drip = 0.05
    served.handler.answer = (200, {}, b"x" * 10_000)
    answer = sender.post(authority.pem(), served.uri, {}, b"{}", seconds=0.5)
    assert answer == {"trouble": Trouble.UNREACHABLE}


def test_the_largest_reply_there_can_be_fits_in_a_question_to_the_agent(serve, tmp_path) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    long = dict.fromkeys(("Signature", "Signature-Input", "Content-Digest"), "\xff" * 60_000)
    served.handler.answer = (200, long, b"\xff" * 1_000_000)
    answer = sender.post(authority.pem(), served.uri, {}, b"{}")
    assert len(json.dumps({"verb": "reply", "arguments": answer})) < LONGEST_QUESTION - 1000


def test_nobody_there_and_no_tls_are_unreachable(tmp_path) -> None:
    pem = Authority().pem()
    for uri in ("https://127.0.0.1:9/v1/events", "http://127.0.0.1:9/v1/events"):
        assert sender.post(pem, uri, {}, b"{}") == {"trouble": Trouble.UNREACHABLE}


def test_the_pause_grows_is_capped_and_jitters() -> None:
    assert 0.5 <= sender.back_off(1) <= 1.5
    assert 4 <= sender.back_off(4) <= 12
    assert max(sender.back_off(n) for n in range(1, 60)) <= sender.LONGEST_WAIT * 1.5
    assert len({sender.back_off(5) for _ in range(10)}) > 1


@pytest.mark.parametrize(
    ("told", "least", "most"), [("1", 1, 2), ("42", 42, 43), ("86400", 300, 301), ("0", 0, 1)]
)
def test_the_collectors_word_of_when_to_come_back_is_kept_to(
    told: str, least: float, most: float
) -> None:
    waits = [sender.asked_to_wait({"retry-after": told}) for _ in range(20)]
    assert all(wait is not None and least <= wait <= most for wait in waits)
    assert len(set(waits)) > 1


@pytest.mark.parametrize("told", ["", "soon", "-5", "1.5", "²", "Mon, 23 Nov 2026 12:00:00 GMT"])
def test_another_word_than_seconds_leaves_the_pause_as_it_was(told: str) -> None:
    assert sender.asked_to_wait({"retry-after": told}) is None


def test_only_a_signed_reply_decides_how_long_the_sender_waits(monkeypatch) -> None:
    """The agent says busy for what the collector signed; whatever else came is told otherwise."""
    given = {"uri": "https://x", "headers": {}, "body": "{}", "ca": ""}
    answer = {"status": 503, "headers": {"retry-after": "7"}, "body": ""}
    monkeypatch.setattr(sender, "post", lambda *_, **__: answer)
    pauses: list[float] = []

    class Enough(Exception):
        pass

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise Enough

    troubles = iter([Trouble.BUSY, Trouble.WRONG_SIGNATURE])

    def ask(_: Path, what: str, **__: object) -> dict[str, object]:
        return given if what == "outbox" else {"trouble": next(troubles)}

    monkeypatch.setattr(sender.control, "ask", ask)
    with pytest.raises(Enough):
        sender.run(Path("socket"), pause)
    assert 7 <= pauses[0] <= 8
    assert pauses[1] <= 3


def test_the_seconds_to_wait_are_kept_of_a_reply(serve, tmp_path) -> None:
    authority = Authority()
    served = serve(authority.server(tmp_path))
    served.handler.answer = (503, {"Retry-After": "9"}, b"{}")
    answer = sender.post(authority.pem(), served.uri, {}, b"{}")
    assert (answer["status"], answer["headers"]) == (503, {"retry-after": "9"})

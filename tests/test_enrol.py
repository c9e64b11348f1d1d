"""Enrolment against a real collector: one token, one laptop, one key; and nobody in between."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from agent import config, identity
from agent.commands import enrol
from agent.errors import EnrolmentError
from agent.identity import Enrolled
from agent.wire import signatures
from agent.wire.messages import device_name, read_token
from collectors.base import utc_now
from tests.laptop import Chain, chain
from tests.test_sender import Authority


@pytest.fixture(scope="module")
def real() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    config.prepare_state(tmp_path / "agent")
    return tmp_path / "agent"


def enrolled(real: Chain, state: Path, token: str) -> Enrolled:
    return enrol.enrol(real.server, token, "issued", state, utc_now())


def test_a_laptop_gets_the_name_of_its_key_and_keeps_it(real: Chain, state: Path) -> None:
    who = enrolled(real, state, real.token())
    public = signatures.public_bytes(identity.device_key(state))
    assert who.device == device_name(public)
    assert identity.enrolled(state) == who
    assert (state / "ca.pem").read_text("ascii").startswith("-----BEGIN CERTIFICATE-----")


def test_secrets_are_for_the_agent_alone(real: Chain, state: Path) -> None:
    enrolled(real, state, real.token())
    for path in state.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    assert state.stat().st_mode & 0o777 == 0o700


def test_a_lost_reply_does_no_harm(real: Chain, state: Path) -> None:
    token = real.token()
    first = enrolled(real, state, token)
    (state / "identity.json").unlink()
    assert enrolled(real, state, token) == first


def test_a_token_serves_one_laptop(real: Chain, state: Path, tmp_path: Path) -> None:
    token = real.token()
    enrolled(real, state, token)
    config.prepare_state(tmp_path / "other")
    with pytest.raises(EnrolmentError, match="refused"):
        enrolled(real, tmp_path / "other", token)
    assert identity.enrolled(tmp_path / "other") is None


def test_an_invented_token_is_refused(real: Chain, state: Path) -> None:
    _, pin = read_token(real.token())
    with pytest.raises(EnrolmentError, match="refused"):
        enrolled(real, state, f"dw1-{'a' * 26}-{pin}")


def test_a_server_of_another_authority_is_not_believed(real: Chain, state: Path) -> None:
    secret, _ = read_token(real.token())
    with pytest.raises(EnrolmentError, match="another pin"):
        enrolled(real, state, f"dw1-{secret}-{'a' * 26}")
    assert identity.enrolled(state) is None


def test_what_stands_between_with_the_right_ca_certificate_but_not_its_key_fails(
    real: Chain, state: Path, tmp_path: Path
) -> None:
    """An impostor may show the collector's CA certificate: everybody has it."""
    from tests.test_sender import Counting, Quiet

    ca = enrol.fetch_ca(real.server, read_token(real.token())[1])
    handler = type("Handler", (Counting,), {"received": [], "do_GET": _show(ca)})
    server = Quiet(("127.0.0.1", 0), handler)
    server.socket = Authority().server(tmp_path).wrap_socket(server.socket, server_side=True)
    import threading

    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"https://127.0.0.1:{server.server_address[1]}"
        with pytest.raises(EnrolmentError, match="not from the CA in the token"):
            enrol.enrol(address, real.token(), "issued", state, utc_now())
        assert handler.received == []
    finally:
        server.shutdown()
        server.server_close()


def _show(ca: str):
    def do_get(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(ca)))
        self.end_headers()
        self.wfile.write(ca.encode())

    return do_get


@pytest.mark.parametrize(
    ("server", "says"),
    [
        ("http://127.0.0.1:1", "begins with https"),
        ("https://127.0.0.1:1", "cannot be reached"),
        ("ftp://x", "begins with https"),
        ("https://x:99999", "begins with https"),
        ("https://x:0", "begins with https"),
    ],
)
def test_a_wrong_address_is_said_plainly(real: Chain, state: Path, server: str, says: str) -> None:
    with pytest.raises(EnrolmentError, match=says):
        enrol.enrol(server, real.token(), "issued", state, utc_now())


def test_a_text_that_is_no_token_is_said_plainly(state: Path) -> None:
    with pytest.raises(EnrolmentError, match="not an enrolment token"):
        enrol.enrol("https://127.0.0.1:1", "hello", "issued", state, utc_now())


def test_the_ca_certificate_is_the_one_the_pin_belongs_to(real: Chain) -> None:
    from cryptography import x509

    from agent.wire.messages import pin_of

    pin = read_token(real.token())[1]
    pem = enrol.fetch_ca(real.server, pin)
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER)
    assert pin_of(der) == pin

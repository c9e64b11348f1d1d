"""Which organisation a connection and a request come to: names in TLS and in ``Host``, and trouble.

What does not fit is refused without naming anybody, and one organisation in trouble, or with a
crowd at its door, leaves the others served.
"""

import os
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509

from server_stub import tls
from server_stub.front import Door, Front
from tests.collector_on_loopback import Laptop, pupil_file, run
from tests.console_visit import Console
from tests.databases import Databases, sqlite_in
from tests.organisations_visit import (
    House,
    add,
    by_name,
    console,
    house,
    password,
    session,
    two,
)

ENDS = 60.0


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("front")
    with two(folder / "state", sqlite_in(folder)) as made:
        yield made


def until(found: Callable[[], bool]) -> bool:
    end = time.monotonic() + ENDS
    while not found() and time.monotonic() < end:
        time.sleep(0.05)
    return found()


def get(made: House, name: str, host: str = "", sni: str = "") -> requests.Response:
    """A page asked for by these names, believing the authority of the one named first."""
    running = made.of(name)
    headers = {"Host": host} if host else {}
    with by_name(sni) as browser:
        browser.verify = running.ca
        return browser.get(running.url + "/login", headers=headers, timeout=20)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["noord", "zuid"])
def test_each_name_gets_the_certificate_and_the_pages_of_its_own(at: House, name: str) -> None:
    assert get(at, name).status_code == 200
    with by_name() as browser:
        browser.verify = at.of(name).ca
        seen = browser.get(at.of(name).url + "/v1/ca", timeout=20)
    own = tls.ca_certificate(at.of(name).state)
    assert x509.load_pem_x509_certificate(seen.content) == own


def test_neither_authority_vouches_for_the_other(at: House) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        at.shake("noord.example", ca=at.of("zuid").ca)
    assert b" 200 " in at.shake("noord.example", ca=at.of("noord").ca)


@pytest.mark.parametrize(
    "name", ["west.example", "localhost", "example", "noord.example.zuid.example", "organisations"]
)
def test_a_name_that_is_not_served_gets_no_certificate(at: House, name: str) -> None:
    with pytest.raises(OSError, match=r"EOF|UNRECOGNIZED_NAME|reset"):
        at.shake(name)


def test_without_a_name_there_is_no_certificate_either(at: House) -> None:
    with pytest.raises(OSError, match=r"EOF|UNRECOGNIZED_NAME|reset"):
        at.shake(None, host="noord.example")


def test_the_spelling_of_a_name_does_not_matter(at: House) -> None:
    assert b" 200 " in at.shake("NOORD.Example", host="Noord.EXAMPLE.:443")


@pytest.mark.parametrize(
    "host", ["zuid.example", "west.example", "127.0.0.1", "", "noord.example, zuid.example", "@"]
)
def test_a_request_for_another_host_than_its_connection_is_misdirected(
    at: House, host: str
) -> None:
    reply = at.shake("noord.example", host=host or " ")
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 421 ")
    assert body == b"This connection is not for that host.\n"
    assert b"oord" not in reply and b"uid" not in reply


def test_the_host_is_looked_at_for_each_request_of_a_connection(at: House) -> None:
    with by_name() as browser:
        browser.verify = at.of("noord").ca
        told = [
            browser.get(at.of("noord").url + "/login", headers={"Host": host}, timeout=20)
            for host in ("noord.example", "zuid.example", "noord.example")
        ]
    assert [one.status_code for one in told] == [200, 421, 200]


def test_an_absolute_address_in_a_request_leads_nowhere_else(at: House) -> None:
    context = ssl.create_default_context(cafile=at.of("noord").ca)
    with (
        socket.create_connection(("127.0.0.1", at.port), 20) as plain,
        context.wrap_socket(plain, server_hostname="noord.example") as connection,
    ):
        line = "GET https://zuid.example/v1/ca HTTP/1.1\r\nHost: noord.example\r\n"
        connection.sendall(f"{line}Connection: close\r\n\r\n".encode())
        reply = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert tls.ca_pem(at.of("zuid").state) not in reply
    assert b" 404 " in reply.partition(b"\r\n")[0]


@pytest.mark.parametrize("host", ["noord", "zuid"])
def test_a_session_of_tls_stays_with_whom_it_was_made(at: House, host: str) -> None:
    """TLS 1.2 can take one up under another name: it is still no way in to that other."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    first, reply = asked_in(at, context, "noord", "noord", None)
    assert tls.ca_pem(at.of("noord").state) in reply
    again, reply = asked_in(at, context, "zuid", host, first)
    assert tls.ca_pem(at.of("zuid").state) not in reply
    assert again is not None


def asked_in(
    made: House, context: ssl.SSLContext, name: str, host: str, kept: ssl.SSLSession | None
) -> tuple[ssl.SSLSession | None, bytes]:
    """The session of a connection made by one name, and what it answers to a request to another."""
    with (
        socket.create_connection(("127.0.0.1", made.port), 20) as plain,
        context.wrap_socket(plain, server_hostname=f"{name}.example", session=kept) as connection,
    ):
        asked = f"GET /v1/ca HTTP/1.1\r\nHost: {host}.example\r\nConnection: close\r\n\r\n"
        connection.sendall(asked.encode())
        assert connection.session_reused == (kept is not None)
        return connection.session, b"".join(iter(lambda: connection.recv(65_536), b""))


def test_strangers_at_the_door_fill_no_log(at: House) -> None:
    before = len(at.log)
    with pytest.raises(OSError):
        at.shake("west.example")
    for hello in (b"\x16\x03\x01\x00", hello_to(b"\xe9\xff\n.example"), hello_to(b"x" * 10)):
        with socket.create_connection(("127.0.0.1", at.port), 20) as plain:
            plain.sendall(hello)
            plain.shutdown(socket.SHUT_WR)
            assert plain.recv(10) == b""
    assert b" 200 " in at.shake("noord.example")
    assert at.log[before:] == []


def hello_to(name: bytes) -> bytes:
    """The first message of TLS, with any bytes as the name it asks for."""
    usual = b"a" * len(name)
    out = ssl.MemoryBIO()
    context = ssl.create_default_context()
    asking = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=usual.decode())
    with pytest.raises(ssl.SSLWantReadError):
        asking.do_handshake()
    return out.read().replace(usual, name)


def test_an_organisation_has_its_share_of_the_connections_and_no_more() -> None:
    front, context = Front(most=4), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    crowded = Door(name="a", host="a.example", context=context, open=2)
    front.set_doors([crowded, Door(name="b", host="b.example", context=other)])
    connection = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    assert front.choose(connection, "a.example", context) is not None
    assert front.choose(connection, "b.example", context) is None
    assert connection.context is other
    crowded.open = 1
    assert front.choose(connection, "a.example", context) is None


def test_a_crowd_of_connections_at_one_leaves_room_at_the_other(at: House) -> None:
    """Half of all connections are one organisation's at the most; the last ones are hung up on."""
    held: list[ssl.SSLSocket] = []
    context = ssl.create_default_context(cafile=at.of("noord").ca)
    refused = 0
    try:
        while not refused and len(held) < 1100:
            plain = socket.create_connection(("127.0.0.1", at.port), 20)
            try:
                held.append(context.wrap_socket(plain, server_hostname="noord.example"))
            except OSError:
                plain.close()
                refused += 1
        assert refused and 990 <= len(held) <= 1000
        assert get(at, "zuid").status_code == 200
    finally:
        for one in held:
            one.close()
    assert until(lambda: served(at, "noord"))


def served(made: House, name: str) -> bool:
    try:
        return get(made, name).status_code == 200
    except requests.ConnectionError:
        return False


# --- trouble --------------------------------------------------------------------------------------


def spoil_database(folder: Path) -> None:
    (folder / "collector.db").write_bytes(b"no database at all" * 1000)


def spoil_key(folder: Path) -> None:
    (folder / "reply-key.pem").write_text("no key")


def spoil_authority(folder: Path) -> None:
    (folder / "ca.pem").write_text("no authority")


def show_key_to_all(folder: Path) -> None:
    (folder / "organisation.json").chmod(0o644)


def lose_file(folder: Path) -> None:
    (folder / "organisation.json").unlink()


def take_host_of_another(folder: Path) -> None:
    file = folder / "organisation.json"
    file.write_bytes(file.read_bytes().replace(b"https://west", b"https://oost"))


SPOILT: dict[Callable[[Path], None], int] = {
    spoil_database: 503,
    spoil_key: 503,
    spoil_authority: 503,
    show_key_to_all: 0,
    lose_file: 0,
    take_host_of_another: 0,
}


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_one_in_trouble_is_named_and_the_others_are_served(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    state = tmp_path / "state"
    for name in ("noord", "oost", "west"):
        assert add(state, name).returncode == 0
    with house(state):
        pass  # from now on each has its certificate
    kept = {one.name: one.read_bytes() for one in (state / "organisations/west").iterdir()}
    spoil(state / "organisations/west")
    with house(state) as made:
        assert get(made, "noord").status_code == 200
        told = [line for line in made.log if "organisation west: it is not served" in line]
        assert told, made.log
        if SPOILT[spoil]:
            reply = made.shake("west.example")
            assert b" 503 " in reply and b"retry-after: 60" in reply.lower()
            assert b"west" not in reply
        else:
            with pytest.raises(OSError):
                made.shake("west.example")
        if spoil is take_host_of_another:
            with pytest.raises(OSError):
                made.shake("oost.example")
        for name, content in kept.items():
            file = state / "organisations/west" / name
            file.write_bytes(content)
            file.chmod(0o600)
        made.process.send_signal(signal.SIGHUP)
        assert until(lambda: served(made, "west"))
        assert served(made, "noord")


def test_a_new_organisation_is_served_after_a_signal_and_laptops_go_on(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert add(state, "noord").returncode == 0
    with house(state) as made:
        at = console(made, "noord")
        browser = session(at, "noord", "ingrid")
        assert add(state, "zuid").returncode == 0
        with pytest.raises(ssl.SSLError):
            made.shake("zuid.example")
        made.process.send_signal(signal.SIGHUP)
        assert until(lambda: served(made, "zuid"))
        at.laptop.receipt(pupil_file())
        assert at.get(browser, "/overview").status_code == 200
        made.of("zuid").laptop().receipt(pupil_file())


def test_nothing_that_can_be_served_is_an_end_with_2(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert add(state, "noord").returncode == 0
    spoil_database(state / "organisations/noord")
    done = run(state, "serve", "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert "no organisation of" in done.stderr and "organisation noord: it is not" in done.stderr


def test_a_database_that_fails_while_served_is_503_at_its_own_only(
    databases: Databases, tmp_path: Path
) -> None:
    with two(tmp_path / "state", databases) as made:
        at = {name: console(made, name) for name in ("noord", "zuid")}
        with made.of("noord").store() as store:
            store.write(lambda c: c.exec_driver_sql("ALTER TABLE sessions RENAME TO gone"))
        assert login_fails(at["noord"])
        session(at["zuid"], "zuid", "ingrid")
        at["zuid"].laptop.receipt(pupil_file())


def login_fails(at: Console) -> bool:
    reply = at.log_in(at.stranger(), "ingrid", password("noord", "ingrid"))
    return reply.status_code == 503


def test_a_laptop_is_told_the_address_of_its_own_collector(at: House) -> None:
    running = at.of("noord")
    wrong = Laptop(running)
    wrong.at.called = "https://zuid.example"
    reply = wrong.enrol(running.token())
    assert reply.status_code == 401
    assert "https://noord.example" in reply.text


def test_one_organisation_is_served_alone_as_any_collector_is(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert add(state, "noord").returncode == 0
    wrong = run(state, "serve", "--organisation", "noord", "--public-url", "https://x.example")
    assert wrong.returncode == 2 and "known by https://noord.example" in wrong.stderr
    assert run(state, "serve", "--public-url", "https://x.example").returncode == 2
    with house(state / "organisations" / "noord") as alone:
        own = tls.ca_pem(state / "organisations" / "noord")
        (tmp_path / "ca").write_bytes(own)
        with by_name("noord.example") as browser:
            browser.verify = str(tmp_path / "ca")
            reply = browser.get(f"https://noord.example:{alone.port}/v1/ca", timeout=20)
        assert reply.content == own
    assert os.listdir(state) == ["organisations"]

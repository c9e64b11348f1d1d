"""The door of the staff member's pages: who is let in, and that nobody else is told a thing."""

import os
import random
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from agent.pages import callers_linux
from agent.pages.door import HEADERS, MOST_ENTRIES, Door
from tests.pages_served import Served, served, start

STRANGER = 65534
FORGED = 2_000
"""Requests; ten thousand take half a minute and found nothing more."""
_AS_STRANGER = """
import socket, sys
got = 0
for number in range(int(sys.argv[2])):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as asking:
        try:
            asking.sendall(sys.argv[3].encode())
            got += len(asking.recv(4096))
        except OSError:
            pass
print(got)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def page(home: Path) -> Iterator[Served]:
    with served("leak", home / "nobody", home) as one:
        yield one


@pytest.fixture(scope="module")
def inside(page: Served, home: Path) -> str:
    """The address of the form, behind the door."""
    return entered(another_address(home))


def another_address(home: Path) -> str:
    second = start("leak", home / "nobody", home)
    second.process.communicate(timeout=20)
    assert second.process.returncode == 0
    return second.address


def entered(address: str) -> str:
    reply = requests.get(address, timeout=10, allow_redirects=False)
    assert reply.status_code == 303
    return address[: address.index("/e/")] + reply.headers["location"]


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as asking:
        asking.settimeout(5)
        try:
            asking.sendall(request)
            asking.shutdown(socket.SHUT_WR)
            return asking.recv(65_536)
        except OSError:
            return b""


def test_a_second_command_is_given_an_address_by_the_first(page: Served, home: Path) -> None:
    assert another_address(home).startswith(f"http://127.0.0.1:{page.port}/e/")


def test_an_address_works_once(page: Served, home: Path) -> None:
    address = another_address(home)
    assert requests.get(entered(address), timeout=10).status_code == 200
    assert requests.get(address, timeout=10).status_code == 404


def test_every_reply_keeps_the_page_to_itself(page: Served, inside: str) -> None:
    for address in (inside, inside + "/none", f"http://127.0.0.1:{page.port}/"):
        reply = requests.get(address, timeout=10)
        assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "evil.example:{port}", "127.0.0.1:1"])
def test_a_name_that_leads_here_does_not_open(page: Served, inside: str, host: str) -> None:
    headers = {"Host": host.format(port=page.port)}
    assert requests.get(inside, headers=headers, timeout=10).status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_what_another_site_brings_about_is_turned_away(inside: str, site: str) -> None:
    assert requests.get(inside, headers={"Sec-Fetch-Site": site}, timeout=10).status_code == 403


@pytest.mark.parametrize("origin", [None, "null", "http://127.0.0.1", "https://evil.example"])
def test_a_form_of_another_page_is_turned_away(inside: str, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    reply = requests.post(inside, data={"kind": "paper"}, headers=headers, timeout=10)
    assert reply.status_code == 403


def test_forms_that_are_none_are_refused_and_nothing_breaks(page: Served, inside: str) -> None:
    origin = {"Origin": f"http://127.0.0.1:{page.port}"}
    for body in (b"\xff\xfe", b"a=1&" * 60, b"text=" + b"x" * 200_000):
        assert requests.post(inside, data=body, headers=origin, timeout=10).status_code == 400
    assert requests.get(inside, timeout=10).status_code == 200


@pytest.mark.root
def test_a_program_of_another_user_is_turned_away_before_it_is_read(
    page: Served, inside: str, home: Path
) -> None:
    """Even with the secret in its hands, and an address that was not used yet."""
    address = another_address(home)
    for path in (inside, address):
        request = (
            f"GET {path[path.index('/', 8) :]} HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n\r\n"
        )
        command = ["/usr/bin/python3", "-c", _AS_STRANGER, str(page.port), "200", request]
        said = subprocess.run(
            command, user=STRANGER, group=STRANGER, extra_groups=[], capture_output=True, check=True
        )
        assert said.stdout == b"0\n"
    assert entered(address), "and it still works for whom it was made"


@pytest.mark.slow
def test_forged_requests_are_given_nothing(page: Served, inside: str) -> None:
    """Of this very user, so that the door alone stands between: without the secret none opens."""
    chance = random.Random(9)
    origin = f"127.0.0.1:{page.port}".encode()
    whole = (
        b"POST /s/"
        + b"A" * 43
        + b"/leak HTTP/1.1\r\nHost: "
        + origin
        + b"\r\nOrigin: http://"
        + origin
        + b"\r\nContent-Length: 10\r\n\r\nkind=paper"
    )
    for _ in range(FORGED):
        forged = bytearray(whole)
        for _ in range(chance.randrange(4)):
            forged[chance.randrange(len(forged))] = chance.randrange(256)
        forged[chance.randrange(9, 50)] = chance.choice(b"abcXYZ019-_")
        answer = raw(page.port, bytes(forged[: chance.choice((len(forged), 20, 60))]) + b"\r\n\r\n")
        assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5")), answer
        assert b"<html" not in answer
    assert requests.get(inside, timeout=10).status_code == 200


def test_no_more_addresses_wait_than_so_many() -> None:
    door = Door(app=lambda *_: None, port=1)  # type: ignore[arg-type, return-value]
    first = door.address_of("leak")
    for _ in range(MOST_ENTRIES):
        door.address_of("leak")
    assert len(door.entries) == MOST_ENTRIES
    assert first.rpartition("/")[2] not in door.entries


def test_the_kernel_says_whose_a_connection_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as asking:
            theirs = asking.getsockname()[1]
            assert callers_linux.uid_of(theirs, port) == os.geteuid()
            assert callers_linux.uid_of(port, port) is None

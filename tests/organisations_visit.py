"""Several organisations at one real collector, and people and laptops who come to each by its name.

Names are led to loopback by the connection itself, with the name in TLS and in ``Host`` as a
browser sends them; a test may have them differ.
"""

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from tests.collector_on_loopback import PROGRAM, ROOT, Running, run, write_ca
from tests.console_visit import ROLES, Console
from tests.databases import Databases

NAMES = ("noord", "zuid")


class ByName(HTTPAdapter):
    """Connects to loopback, by the name that the address says or by another one."""

    def __init__(self, sni: str = "", port: int = 0) -> None:
        super().__init__()
        self.sni = sni
        self.port = port
        """The port to go to; 0: the one that the address says."""

    def get_connection_with_tls_context(self, request: Any, verify: Any, *_: Any, **__: Any) -> Any:
        place, options = self.build_connection_pool_key_attributes(request, verify)
        name = self.sni or place["host"]
        place["host"] = "127.0.0.1"
        place["port"] = self.port or place["port"]
        named = {"server_hostname": name, "assert_hostname": name}
        return self.poolmanager.connection_from_host(**place, pool_kwargs=options | named)

    def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
        request.headers.setdefault("Host", urlsplit(request.url).netloc)
        return super().send(request, *args, **options)


def by_name(sni: str = "") -> requests.Session:
    """A browser's session that finds every name here."""
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", ByName(sni))
    return made


@dataclass
class Organisation(Running):
    """One of several; its commands find its database by themselves."""

    def command(self, *words: str, given: str = "") -> str:
        done = run(self.state, *words, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass
class House:
    """An installation that runs."""

    state: Path
    process: subprocess.Popen[str]
    said: list[str]
    log: list[str]
    port: int = 0
    databases: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> Organisation:
        """One organisation, as its people and laptops reach it."""
        made = Organisation(
            state=self.state / "organisations" / name,
            url=f"https://{name}.example:{self.port}",
            called=f"https://{name}.example",
            log=self.log,
            database=self.databases.get(name, ""),
            connect=by_name,
        )
        write_ca(made)
        return made

    def shake(self, sni: str | None, host: str = "", ca: str = "") -> bytes:
        """What is answered to a bare request; OSError if the handshake is refused."""
        context = ssl.create_default_context(cafile=ca or None)
        if not ca:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.port), 20) as plain,
            context.wrap_socket(plain, server_hostname=sni) as connection,
        ):
            lines = f"GET /login HTTP/1.1\r\nHost: {host or sni}\r\nConnection: close\r\n\r\n"
            connection.sendall(lines.encode())
            return b"".join(iter(lambda: connection.recv(65_536), b""))


def add(state: Path, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    words = ("organisation", "add", name, "--public-url", f"https://{name}.example", *options)
    return run(state, *words)


@contextmanager
def house(state: Path) -> Iterator[House]:
    """An installation, served in a process of its own."""
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--state", str(state), "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"TZ": "Europe/Amsterdam", "DATABASE_URL": "sqlite:////nowhere/at.all"},
    )
    assert process.stdout is not None and process.stderr is not None
    made = House(state, process, [], [])
    listening = threading.Event()
    readers = [
        threading.Thread(target=_read, args=(process.stdout, made.said, listening)),
        threading.Thread(target=_read, args=(process.stderr, made.log, threading.Event())),
    ]
    for reader in readers:
        reader.start()
    try:
        listening.wait(60)
        found = [line for line in made.said if line.startswith("listening on")]
        assert found, (made.said, made.log)
        made.port = int(found[0].rpartition(":")[2])
        yield made
    finally:
        process.terminate()
        code = process.wait(60)
        for reader in readers:
            reader.join(30)
        process.stdout.close()
        process.stderr.close()
    assert code == 0, (code, made.log)
    assert not [line for line in made.log if "unforeseen" in line or "Traceback" in line], made.log


@contextmanager
def two(state: Path, databases: Databases) -> Iterator[House]:
    """Two organisations, of the kind of database asked for."""
    urls = {name: databases.of_a_collector() for name in NAMES}
    for name, url in urls.items():
        done = add(state, name, *(("--database", url) if url else ()))
        assert done.returncode == 0, done.stderr
    with house(state) as made:
        made.databases = urls
        yield made


def console(made: House, name: str) -> Console:
    """The console of one organisation, with its own ingrid, olaf and maaike, and a laptop."""
    running = made.of(name)
    for who, role in ROLES.items():
        given = password(name, who) + "\n"
        running.command("user", "add", who, "--role", role, "--password-stdin", given=given)
    return Console(running, running.laptop())


def password(name: str, who: str) -> str:
    return f"{who}-of-{name}-invented"


def session(at: Console, name: str, who: str) -> requests.Session:
    """Somebody's browser, logged in at one organisation."""
    made = at.stranger()
    assert at.log_in(made, who, password(name, who)).status_code == 303
    return made


def _read(lines: Any, into: list[str], listening: threading.Event) -> None:
    for line in lines:
        into.append(line)
        if line.startswith("listening on"):
            listening.set()

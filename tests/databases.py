"""Databases for the tests: files of SQLite, and a real PostgreSQL server for as long as they run.

The server is the installed one, in a folder of its own, reached by a socket in that folder. It
writes through to the disk as it does anywhere, unless told otherwise, and it can be killed and
started again.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import make_url

from server_stub.storage.store import Store

SECONDS = 60.0
PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)
FORGETFUL = ("fsync=off", "full_page_writes=off")
"""Settings for tests that are not about what survives a power cut: no waiting for the disk."""
needs_postgresql = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed")
KINDS = ("sqlite", pytest.param("postgresql", marks=needs_postgresql))
"""For ``params`` of a fixture: the tests below it run on each."""


def program(name: str) -> str:
    """One of PostgreSQL's own programs, which stand in no search path."""
    assert PROGRAMS is not None
    return str(PROGRAMS.with_name(name))


@dataclass
class Server:
    """A PostgreSQL server with as many databases as are asked for."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=count)
    settings: tuple[str, ...] = ()
    """Of PostgreSQL, such as ``fsync=off``."""

    def start(self) -> None:
        """Run it and wait until it answers. One that was killed may need a few tries."""
        end = time.monotonic() + SECONDS
        # Whatever happens to the tests, it ends with them.
        words = ["/usr/bin/setpriv", "--pdeathsig", "INT", program("postgres")]
        words += ["-D", str(self.folder / "data"), "-k", str(self.folder)]
        for setting in ("listen_addresses=", *self.settings):
            words += ["-c", setting]
        while not self._answers() and time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                with (self.folder / "log").open("ab") as log:
                    self.process = subprocess.Popen(words, stdout=log, stderr=log, **_account())
            time.sleep(0.05)
        assert self._answers(), (self.folder / "log").read_text()

    def kill(self) -> None:
        """SIGKILL to all of it: nothing is finished, nothing is said to anybody."""
        assert self.process is not None
        parts = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for part in parts:
            with suppress(psutil.NoSuchProcess):
                part.kill()
        self.process.wait(SECONDS)
        psutil.wait_procs(parts, timeout=SECONDS)

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(SECONDS)

    def make(self, template: str = "template1") -> str:
        """The URL of a new database."""
        name = f"collector_{next(self.numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new database, dropped at the end."""
        url = self.make()
        yield url
        self.drop(url)

    def drop(self, url: str) -> None:
        self._do(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        with psycopg.connect(self._at("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _at(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._at("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def server(*settings: str) -> Iterator[Server]:
    """A PostgreSQL server of its own, gone without a trace at the end."""
    folder = Path(tempfile.mkdtemp(prefix="dossierwacht-postgresql-"))
    try:
        if os.geteuid() == 0:  # it refuses to run as root
            there = pwd.getpwnam("postgres")
            os.chown(folder, there.pw_uid, there.pw_gid)
        made = ("-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        subprocess.run(
            [program("initdb"), *made, "--locale=C.UTF-8", "--no-sync"],
            check=True,
            capture_output=True,
            timeout=SECONDS,
            **_account(),
        )
        one = Server(folder, settings=settings)
        one.start()
        yield one
        one.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> dict[str, object]:
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if not os.geteuid() else {}


@dataclass
class Databases:
    """As many databases of one kind as a module of tests asks for."""

    kind: str
    make: Callable[[], str]

    @property
    def is_sqlite(self) -> bool:
        return self.kind == "sqlite"

    def of_a_collector(self) -> str:
        """What ``--database`` is to say: nothing where the collector has its usual file."""
        return "" if self.is_sqlite else self.make()

    def store(self) -> Store:
        """An empty database that has the right shape."""
        made = Store(self.make())
        made.migrate()
        return made


def sqlite_in(folder: Path) -> Databases:
    """Files in a folder."""
    numbers = count()
    return Databases("sqlite", lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}")


@contextmanager
def postgresql_on(at: Server) -> Iterator[Databases]:
    """Databases of a server, dropped at the end."""
    made: list[str] = []

    def make() -> str:
        made.append(at.make())
        return made[-1]

    yield Databases("postgresql", make)
    for url in made:
        at.drop(url)


def dump(url: str) -> bytes:
    """Every byte that a database keeps of its rows."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = Path(parsed.database or "")
        return b"".join(one.read_bytes() for one in sorted(file.parent.glob(f"{file.name}*")))
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.run(
        [program("pg_dump"), plain], check=True, capture_output=True, timeout=SECONDS
    ).stdout

"""A real collector over HTTPS on loopback, and a laptop that speaks to it as an agent would.

The collector is the command line in a process of its own; the laptop keeps a chain like a journal
and can be told to break it, so tests can say exactly what arrives.
"""

import base64
import io
import json
import os
import secrets
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import text

from agent.wire import event as wire
from agent.wire import messages, signatures
from server_stub.storage.store import Store
from server_stub.terminal import cli
from tests import databases

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = (sys.executable, "-m", "server_stub")
HEADER = (
    b"age-encryption.org/v1\n-> X25519 "
    + b"A" * 43
    + b"\n"
    + b"B" * 43
    + b"\n--- "
    + b"C" * 43
    + b"\n"
)


def run(
    state: Path, *words: str, given: str = "", database: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one command of the collector's command line; ``serve`` in a process of its own."""
    words = (*words, "--state", str(state), *_named(database))
    if words[0] == "serve":
        return subprocess.run(
            [*PROGRAM, *words], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
        )
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(given)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = cli.main(words)
    finally:
        sys.stdin = before
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@dataclass
class Running:
    """A collector that answers."""

    state: Path
    url: str
    log: list[str]
    many: str = ""
    database: str = ""
    """Its URL, if it is not SQLite in the state folder."""
    called: str = ""
    """The address that laptops sign for, if it is another one than ``url``."""
    connect: Callable[[], requests.Session] = requests.Session
    """How it is reached."""
    pid: int = 0

    @property
    def ca(self) -> str:
        return str(self.state / "ca-only.pem")

    def command(self, *words: str, given: str = "") -> str:
        """The output of a command that must succeed."""
        done = run(self.state, *words, given=given, database=self.database)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, *options: str) -> str:
        return self.command("token", "new", *options).strip()

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Its database, opened beside it."""
        store = Store(self.database or f"sqlite:///{self.state / 'collector.db'}")
        yield store
        store.close()

    def rows(self, query: str, **values: object) -> list[Any]:
        """What stands in the database."""
        with self.store() as store, store.read() as connection:
            return list(connection.execute(text(query), values))

    def dump(self) -> bytes:
        """Every byte of the database, a write-ahead log of SQLite included."""
        return databases.dump(self.database or f"sqlite:///{self.state / 'collector.db'}")

    def laptop(self) -> "Laptop":
        """A laptop that has just enrolled."""
        self.many = self.many or self.token("--uses", "1000")
        made = Laptop(self)
        assert made.enrol(self.many).status_code == 200
        return made


@dataclass
class Laptop:
    """A device key, and a chain as a journal keeps it."""

    at: Running
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    seq: int = 0
    head: str = wire.CHAIN_START
    skew: timedelta = timedelta()
    called: str = ""

    @property
    def name(self) -> str:
        return self.called or messages.device_name(signatures.public_bytes(self.key))

    def enrol(self, token: str, **told: str) -> requests.Response:
        public = base64.b64encode(signatures.public_bytes(self.key)).decode()
        request = messages.EnrolRequest(
            token=token, public_key=public, agent_version="0.1.0", **told
        )
        body = messages.to_json(request)
        return self.post(messages.ENROL_PATH, body, keyid=signatures.ENROLLING)

    def post(
        self, path: str, body: bytes, *, keyid: str = "", nonce: str = "", uri: str = ""
    ) -> requests.Response:
        """Post a signed body; the reply's own signature is checked by ``believed``."""
        headers = signatures.sign_request(
            self.key,
            method="POST",
            uri=uri or (self.at.called or self.at.url) + path,
            body=body,
            keyid=keyid or self.name,
            nonce=nonce or secrets.token_urlsafe(24),
            created=datetime.now(UTC) + self.skew,
        )
        with self.at.connect() as session:
            return session.post(
                self.at.url + path, data=body, headers=headers, verify=self.at.ca, timeout=30
            )

    def records(self, *bodies: str | wire.Event) -> tuple[str, list[messages.Record]]:
        """The next records of the chain, and the value before the first."""
        previous, made = self.head, []
        for one in bodies:
            body = wire.encode(one).decode() if isinstance(one, wire.Event) else one
            self.seq += 1
            self.head = wire.link(self.head, self.seq, body.encode())
            made.append(messages.Record(seq=self.seq, body=body))
        return previous, made

    def batch(self, previous: str, records: list[messages.Record], **other: Any) -> bytes:
        values: dict[str, Any] = {
            "device": self.name,
            "agent_version": "0.1.0",
            "boot_id": str(uuid.uuid4()),
            "sent_at": datetime.now(UTC),
            "previous": previous,
            "records": records,
        }
        return messages.to_json(messages.Batch(**(values | other)))

    def send(self, *bodies: str | wire.Event) -> requests.Response:
        """Chain these bodies and post them."""
        return self.post(messages.EVENTS_PATH, self.batch(*self.records(*bodies)))

    def receipt(self, *bodies: str | wire.Event) -> messages.Receipt:
        reply = self.send(*bodies)
        assert reply.status_code == 200, reply.text
        return msgspec.json.decode(reply.content, type=messages.Receipt)


def pupil_file(**changes: Any) -> wire.Event:
    """An event as the agent makes them."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "kind": "pupil-file-found",
        "observed_at": now,
        "recorded_at": now,
        "facts": {
            "class": "pupil-list",
            "place": "downloads",
            "format": "xlsx",
            "persons-min": 24,
            "persons-max": 31,
            "evidence": ["bsn", "roster"],
            "categories": ["name", "national-number"],
            "sensitive": True,
            "size-kb": 48,
            "file": wire.digest_text(b"invented path, keyed" + b"0" * 12),
        },
        "decision": wire.DecisionPart(action="seal-file", rule="downloads", enforced=True),
        "outcome": wire.OutcomePart(result="done", reason="none"),
        "sealed": base64.b64encode(HEADER + b"\x07" * 200).decode(),
    }
    return wire.Event(**(values | changes))


def problem(reply: requests.Response) -> str:
    """The code of a refusal."""
    return msgspec.json.decode(reply.content, type=messages.Problem).error.code


def believed(reply: requests.Response, key: str, nonce: str) -> None:
    """Check a reply's signature as an agent does; raises SignatureError."""
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))
    signatures.verify_reply(
        signatures.read(reply.headers),
        public,
        status=reply.status_code,
        body=reply.content,
        nonce=nonce,
    )


@contextmanager
def collector(state: Path, *options: str, database: str = "") -> Iterator[Running]:
    """A collector in a process of its own, on a port the system chose."""
    options = (*options, *_named(database))
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--state", str(state), "--listen", "127.0.0.1:0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"TZ": "Europe/Amsterdam"},
    )
    assert process.stdout is not None and process.stderr is not None
    log: list[str] = []
    reader = threading.Thread(target=log.extend, args=(process.stderr,))
    reader.start()
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on https://"), (line, log)
        running = Running(
            state=state, url=line.split()[-1], log=log, database=database, pid=process.pid
        )
        write_ca(running)
        yield running
    finally:
        process.terminate()
        code = process.wait(30)
        reader.join(30)
        process.stdout.close()
        process.stderr.close()
    assert code == 0, (code, log)


def write_ca(running: Running) -> None:
    """Put the authority beside its key, for who is to believe it."""
    pem = (running.state / "ca.pem").read_text()
    Path(running.ca).write_text(pem.partition("PRIVATE KEY")[0].rpartition("-----BEGIN")[0])


def _named(database: str) -> tuple[str, ...]:
    return ("--database", database) if database else ()


def faults(running: Running, device: str) -> list[tuple[str, str, int]]:
    """Kind, reason and number of each fault entry of a device."""
    rows = running.rows(
        "SELECT kind, reason, seq FROM faults WHERE device = :device ORDER BY id", device=device
    )
    return [tuple(row) for row in rows]


def as_json(body: bytes) -> Any:
    return json.loads(body)

"""A laptop that delivers to a real collector: in a process of its own, or in this one.

``Near`` is the collector's whole application, called in this process as a server would call it:
thousands of exchanges cost seconds, its clock is an argument, and its database is a real one.
"""

import asyncio
import dataclasses
import secrets
import sqlite3
import uuid
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import delete

from agent import identity, sender
from agent.identity import Enrolled
from agent.journal import Journal
from agent.outbox import Outbox
from agent.trouble import Trouble
from agent.wire import signatures
from agent.wire.messages import ENROL_PATH, EnrolReply, EnrolRequest, device_name, to_json
from collectors.base import Clock, utc_now
from server_stub import serve, state
from server_stub.app import make_app
from server_stub.config import Config
from server_stub.intake.often import Often
from server_stub.storage.tables import devices
from tests.collector_on_loopback import Laptop, Running, run

URL = "https://collector.example"
Answer = tuple[int, dict[str, str], bytes]
Carrier = Callable[[dict[str, Any]], Answer | Trouble]
"""What brings a request to the collector and its reply back, or says why there is none."""


def enrol(at: Running, folder: Path) -> Enrolled:
    """Enrol the laptop whose state is in ``folder``, with the key that lies there."""
    laptop = Laptop(at, identity.device_key(folder))
    reply = laptop.enrol(at.token())
    key = msgspec.json.decode(reply.content, type=EnrolReply).collector_key
    who = Enrolled(device=laptop.name, server=at.url, collector_key=key, owner="issued")
    identity.save(folder, who, Path(at.ca).read_bytes())
    return who


def outbox(
    journal: Journal,
    folder: Path,
    now: Clock = utc_now,
    who: Enrolled | None = None,
    boot_id: str = "",
) -> Outbox:
    """The outbox of the laptop in ``folder``, after a start of the computer of its own unless that
    is told; ``who`` may lead it elsewhere."""
    return Outbox(
        journal,
        key=lambda: identity.device_key(folder),
        identity=lambda: who or identity.enrolled(folder),
        ca=lambda: (folder / "ca.pem").read_text(),
        boot_id=boot_id or str(uuid.uuid4()),
        now=now,
    )


def turn(box: Outbox, carry: Carrier, wait: float = 0.0) -> Trouble:
    """What the sender's loop does in one turn."""
    request = box.request(wait=wait)
    if not request:
        return Trouble.NONE
    answer = carry(request)
    if isinstance(answer, Trouble):
        box.failed(answer)
    else:
        box.reply(*answer)
    return box.trouble


def drain(box: Outbox, journal: Journal, carry: Carrier) -> bool:
    """Deliver until nothing waits; False if something stands in the way."""
    return all(turn(box, carry) is Trouble.NONE for _ in range(journal.count())) and (
        journal.count() == 0
    )


def over_the_network(request: dict[str, Any], seconds: float = 30.0) -> Answer | Trouble:
    """The real sender's own exchange."""
    body = request["body"].encode()
    answer = sender.post(request["ca"], request["uri"], request["headers"], body, seconds=seconds)
    if "trouble" in answer:
        return Trouble(answer["trouble"])
    return answer["status"], answer["headers"], answer["body"].encode()


class Near:
    """A collector in this process. ``now`` is the clock of the collector."""

    def __init__(self, folder: Path, now: Clock = utc_now) -> None:
        config = Config(state=folder, database=f"sqlite:///{folder / 'collector.db'}")
        state.prepare(config, now())
        self.folder = folder
        # One laptop asks here as often as a thousand do: it is not told to wait for that.
        often = Often(at_once=10**9)
        made = serve.make_collector(config, URL)
        self.collector = dataclasses.replace(made, now=now, often=often)
        self._app = make_app(self.collector)

    def close(self) -> None:
        """Let the database go."""
        self.collector.store.close()

    def enrol(self, folder: Path) -> Enrolled:
        """Enrol the laptop whose state is in ``folder``; what it would ask over HTTPS."""
        key = identity.device_key(folder)
        public = signatures.public_bytes(key)
        body = to_json(
            EnrolRequest(
                token=run(self.folder, "token", "new").stdout.strip(),
                public_key=identity.key_text(public),
                agent_version="0.1.0",
            )
        )
        headers = signatures.sign_request(
            key,
            method="POST",
            uri=URL + ENROL_PATH,
            body=body,
            keyid=signatures.ENROLLING,
            nonce=secrets.token_urlsafe(24),
            created=self.collector.now(),
        )
        request = {"uri": URL + ENROL_PATH, "headers": headers, "body": body.decode()}
        reply = msgspec.json.decode(self.carry(request)[2], type=EnrolReply)
        who = Enrolled(
            device=device_name(public),
            server=URL,
            collector_key=reply.collector_key,
            owner="issued",
        )
        identity.save(folder, who, self.collector.ca_pem)
        return who

    def forget(self, device: str) -> None:
        """Know a laptop no more, as a collector does that was put back from an old copy."""
        self.collector.store.write(
            lambda c: c.execute(delete(devices).where(devices.c.name == device))
        )
        self.collector.keys.forget(device)

    def carry(self, request: dict[str, Any]) -> Answer:
        """Bring one request to the collector."""
        return asyncio.run(self._call(request))

    async def _call(self, request: dict[str, Any]) -> Answer:
        body, sent = request["body"].encode(), list[MutableMapping[str, Any]]()
        headers = {"host": "collector.example", "content-length": str(len(body))}
        headers |= {name.lower(): value for name, value in request["headers"].items()}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "https",
            "path": urlsplit(request["uri"]).path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], names, b"".join(one.get("body", b"") for one in sent[1:])


def stored(folder: Path, device: str) -> list[tuple[int, str, str]]:
    """Number, event and chain value of every row of a laptop, as another process reads them."""
    with sqlite3.connect(f"file:{folder / 'collector.db'}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT seq, event_id, head FROM events WHERE device=? ORDER BY seq", (device,)
        ).fetchall()
    database.close()
    return rows


def told_of(folder: Path, device: str) -> list[str]:
    """Each kind of fault that the collector noted about a laptop."""
    with sqlite3.connect(f"file:{folder / 'collector.db'}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT kind FROM faults WHERE device=?", (device,)).fetchall()
    database.close()
    return [kind for (kind,) in rows]


def gaps(folder: Path, device: str) -> list[int]:
    """How many events each gap that a laptop told of says are missing."""
    with sqlite3.connect(f"file:{folder / 'collector.db'}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT body FROM events WHERE device=? AND kind='journal-gap'", (device,)
        ).fetchall()
    database.close()
    return [int(msgspec.json.decode(body)["facts"]["dropped"]) for (body,) in rows]


def unbroken(rows: list[tuple[int, str, str]]) -> bool:
    """Numbers without a hole, and no number and no event twice."""
    numbers, names = [row[0] for row in rows], [row[1] for row in rows]
    return numbers == list(range(1, len(rows) + 1)) and len(set(names)) == len(names)

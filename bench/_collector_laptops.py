"""Simulated laptops: a key, a chain, and requests that are signed before the clock starts.

Signing and chaining cost a laptop's time, not the collector's, so they are done beforehand. The
events are of the sizes that a laptop sends: one in five tells of a pupil file and carries a sealed
part, the others are short.
"""

import base64
import os
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.wire import event as wire
from agent.wire import messages, signatures

BATCH = 50
VERSION = "0.1.0"
_AGE = (
    b"age-encryption.org/v1\n-> X25519 " + b"A" * 43 + b"\n" + b"B" * 43
    + b"\n--- " + b"C" * 43 + b"\n"
)  # fmt: skip


@dataclass(kw_only=True, slots=True)
class Laptop:
    """A laptop with the end of its chain."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    seq: int = 0
    head: str = wire.CHAIN_START
    boot_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or messages.device_name(signatures.public_bytes(self.key))

    def batch(self, count: int = BATCH) -> bytes:
        """The next events of the chain, as the body of a request."""
        previous, records = self.head, []
        for _ in range(count):
            self.seq += 1
            body = wire.encode(_event(self.seq))
            self.head = wire.link(self.head, self.seq, body)
            records.append(messages.Record(seq=self.seq, body=body.decode()))
        return messages.to_json(
            messages.Batch(
                device=self.name,
                agent_version=VERSION,
                boot_id=self.boot_id,
                sent_at=datetime.now(UTC),
                previous=previous,
                records=records,
            )
        )

    def signed(self, body: bytes, url: str, *, close: bool = False) -> bytes:
        """A whole HTTP request with this body, good for five minutes."""
        headers = signatures.sign_request(
            self.key,
            method="POST",
            uri=url + messages.EVENTS_PATH,
            body=body,
            keyid=self.name,
            nonce=secrets.token_urlsafe(24),
            created=datetime.now(UTC),
        )
        return request(headers, body, close=close)


def request(headers: dict[str, str], body: bytes, *, close: bool = False) -> bytes:
    """A POST of events as bytes."""
    given = {
        "Host": "collector.example",
        "User-Agent": "bench",
        "Accept": "*/*",
        "Connection": "close" if close else "keep-alive",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    lines = [f"{name}: {value}\r\n" for name, value in (given | headers).items()]
    head = f"POST {messages.EVENTS_PATH} HTTP/1.1\r\n{''.join(lines)}\r\n"
    return head.encode("ascii") + body


def laptops(count: int) -> list[Laptop]:
    """New laptops."""
    return [Laptop() for _ in range(count)]


def rows_of(bodies: Sequence[bytes]) -> list[list[tuple[object, ...]]]:
    """The rows of the table of events that these batches become, batch by batch."""
    made = []
    for body in bodies:
        batch = msgspec.json.decode(body, type=messages.Batch)
        head, rows = batch.previous, []
        for record in batch.records:
            head = wire.link(head, record.seq, record.body.encode())
            event = wire.decode(record.body)
            moments = (f"{event.observed_at:%Y-%m-%d %H:%M:%S.%f}",) * 3
            rows.append(
                (batch.device, record.seq, event.id, event.kind, *moments, record.body, head)
            )
        made.append(rows)
    return made


def _event(number: int) -> wire.Event:
    now = datetime.now(UTC)
    identity = str(uuid.UUID(bytes=os.urandom(16)))
    if number % 5:
        facts: dict[str, wire.Fact] = {
            "minutes": number % 60,
            "by": "person",
            "profile": "teaching",
        }
        return wire.Event(
            id=identity, kind="session-locked", observed_at=now, recorded_at=now, facts=facts
        )
    return wire.Event(
        id=identity,
        kind="pupil-file-found",
        observed_at=now,
        recorded_at=now,
        facts={
            "class": "pupil-list", "place": "downloads", "format": "xlsx", "persons-min": 24,
            "persons-max": 31, "evidence": ["bsn", "roster"], "sensitive": True, "size-kb": 48,
            "categories": ["name", "national-number"], "file": wire.digest_text(os.urandom(17)),
        },
        decision=wire.DecisionPart(action="seal-file", rule="downloads", enforced=True),
        outcome=wire.OutcomePart(result="done", reason="none"),
        sealed=base64.b64encode(_AGE + os.urandom(200)).decode(),
    )  # fmt: skip

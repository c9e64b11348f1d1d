"""Valid requests to the collector, as laptops and as the organisation's own programs send them.

Each is made anew each time: signed just then, and with another number.
"""

import base64
import secrets
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.wire import messages, signatures
from agent.wire.contact import CONTACT_PATH, Contact
from server_stub.logins import auth
from server_stub.logins.auth import Scope
from server_stub.storage import store_people
from tests.collector_on_loopback import Laptop, Running
from tests.console_visit import week

LAPTOPS = 8
PULLS_OF_A_TOKEN = 200
"""Fewer than one may make at once, so that most are answered and not sent away."""
PULLS = {
    "/api/v1/devices": ("", "limit=2", "format=csv", "format=jsonl"),
    "/api/v1/posture": ("", "format=csv&limit=1"),
    "/api/v1/coverage": ("", "format=jsonl"),
    "/api/v1/reports": ("", "format=csv"),
    "/api/v1/events": ("", "kind=pupil-file-found&kind=home-open", "format=ocsf&limit=3",
                       "since=2026-01-01T00:00:00Z&until=2099-01-01T00:00:00%2B01:00"),
}  # fmt: skip


@dataclass
class Draft:
    """A request that is being written; ``signer`` signs it before it goes."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    signer: Laptop | None = None
    keyid: str = ""

    def sign(self) -> None:
        """Add the signature of the laptop, over what the request has become."""
        if self.signer is None or not (self.target + self.method).isascii():
            return
        signed = signatures.sign_request(
            self.signer.key,
            method=self.method,
            uri=self.signer.at.url + self.target,
            body=self.body,
            keyid=self.keyid or self.signer.name,
            nonce=secrets.token_urlsafe(24),
            created=datetime.now(UTC),
        )
        self.headers += signed.items()

    def raw(self) -> bytes:
        """The bytes on the wire, with a length where there is a body or could be one."""
        headers = [("Host", "127.0.0.1"), *self.headers]
        if self.body or self.method == "POST":
            headers.append(("Content-Length", str(len(self.body))))
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + self.body


Seed = Callable[[Random], Draft]
"""Each call makes the request anew."""


def of_laptops(at: Running) -> Iterator[Seed]:
    """To every address of the wire."""
    token = at.token("--uses", "1000")
    bodies = {
        messages.EVENTS_PATH: _batch,
        CONTACT_PATH: _word,
        messages.ROTATE_PATH: _rotation,
        messages.ENROL_PATH: lambda laptop, _: _enrolment(laptop, token),
    }
    for laptop in [at.laptop() for _ in range(LAPTOPS)]:
        for path, body in bodies.items():
            yield _of_laptop(laptop, path, body)
    yield lambda _: Draft("GET", messages.CA_PATH)


def _of_laptop(laptop: Laptop, path: str, body: Callable[[Laptop, Random], bytes]) -> Seed:
    keyid = signatures.ENROLLING if path == messages.ENROL_PATH else ""
    signer = Laptop(laptop.at) if path == messages.ENROL_PATH else laptop

    def make(dice: Random) -> Draft:
        kind = [("Content-Type", "application/json")]
        return Draft("POST", path, kind, body(signer, dice), signer, keyid)

    return make


def _batch(laptop: Laptop, dice: Random) -> bytes:
    """Some events, at times with a gap before them or as one that came already."""
    sent = Laptop(laptop.at, laptop.key, seq=dice.choice((0, 0, 5, 2**31, 2**52)))
    return sent.batch(*sent.records(*dice.sample(week(), dice.randrange(1, 5))))


def _word(laptop: Laptop, _: Random) -> bytes:
    word = Contact(
        device=laptop.name,
        agent_version="0.1.0",
        boot_id=str(uuid.uuid4()),
        sent_at=datetime.now(UTC),
        last=laptop.seq,
        head=laptop.head,
        waiting=0,
        policy=1,
        signed=False,
        expired=False,
        mode="report",
        keyring=0,
        state="fine",
    )
    return messages.to_json(word)


def _rotation(laptop: Laptop, _: Random) -> bytes:
    """Asks for another key with a proof that is not good, so the laptop keeps the one it has."""
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(signatures.public_bytes(key)).decode()
    proof = base64.b64encode(key.sign(b"something else")).decode()
    return messages.to_json(
        messages.RotateRequest(device=laptop.name, public_key=public, proof=proof)
    )


def _enrolment(laptop: Laptop, token: str) -> bytes:
    public = base64.b64encode(signatures.public_bytes(laptop.key)).decode()
    return messages.to_json(
        messages.EnrolRequest(token=token, public_key=public, agent_version="0.1.0")
    )


def of_programs(at: Running, device: str, number: int) -> Iterator[Seed]:
    """To every address that is pulled, with enough tokens for ``number`` requests."""
    asked = dict(PULLS) | {f"/api/v1/devices/{device}": ("",)}
    asked |= {"/api/v1/openapi.json": ("",), "/metrics": ("",)}
    asked["/api/v1/events"] += (f"device={device}",)
    given = [_token(at) for _ in range(1 + number // PULLS_OF_A_TOKEN)]
    for path, questions in asked.items():
        for question in questions:
            yield _of_program(given, f"{path}?{question}".rstrip("?"))


def _token(at: Running) -> str:
    """A token for everything that is pulled."""
    token, digest = auth.new_api_token()
    with at.store() as store:
        store.write(
            lambda c: store_people.add_api_token(
                c, digest[:16], digest, " ".join(Scope), datetime.now(UTC)
            )
        )
    return token


def _of_program(tokens: list[str], target: str) -> Seed:
    def make(dice: Random) -> Draft:
        allowed = f"Bearer {dice.choice(tokens)}"
        return Draft("GET", target, [("Authorization", allowed), ("Accept", "*/*")])

    return make

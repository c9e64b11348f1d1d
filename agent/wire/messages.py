"""The requests and replies between agent and collector; all JSON, all decoded strictly.

``POST /v1/enrol``   EnrolRequest -> EnrolReply   once, with a one-time token
``POST /v1/events``  Batch -> Receipt             idempotent by (device, seq)
``POST /v1/rotate``  RotateRequest -> RotateReply idempotent by the new key
any refusal                       -> Problem      with a status outside 200-299

A batch carries each event as the exact text the journal chained, so the collector can compute
``agent.wire.event.link`` over the same bytes. A receipt answers for every record of the batch:
those in ``refused`` were judged unfit and leave the queue as well.
"""

import base64
import hashlib
import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from agent.wire.event import WIRE_VERSION, Identifier, Wire, Word

MOST_RECORDS = 200
"""Records in one batch."""
LARGEST_BODY = 1_048_576
"""Bytes in one request body."""

ENROL_PATH = "/v1/enrol"
EVENTS_PATH = "/v1/events"
ROTATE_PATH = "/v1/rotate"
CA_PATH = "/v1/ca"

Device = Annotated[str, msgspec.Meta(pattern=r"\Ad[a-z2-7]{16}\Z")]
Hash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Seq = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Key = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]{43}=\Z")]
"""A raw Ed25519 public key (32 bytes) in base64."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Owner = Literal["issued", "private"]
Version = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,2}(\.[0-9]{1,3}){2}\Z")]
"""Three numbers with at most eight digits together, so that no BSN fits in."""

_TOKEN = re.compile(r"\Adw1-([a-z2-7]{26})-([a-z2-7]{26})\Z")


class EnrolRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new laptop: the token it was given and the public key it made; signed with that key.

    ``host`` and ``serial`` are digests with the token's secret (``bound_to``), for a token that is
    bound to one laptop; of another token the collector can learn neither.
    """

    token: Annotated[str, msgspec.Meta(max_length=64)]
    public_key: Key
    owner: Owner = "issued"
    agent_version: Version
    host: Hash | msgspec.UnsetType = msgspec.UNSET
    serial: Hash | msgspec.UnsetType = msgspec.UNSET


class RotateRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A laptop takes another key: signed with the old one, and ``proof`` with the new one.

    Asked once more, it may be signed with the new key: then only its reply was lost."""

    device: Device
    public_key: Key
    proof: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]{86}==\Z")]


class RotateReply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From now on this key is the laptop's."""

    device: Device
    public_key: Key


class EnrolReply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The laptop's name from now on, and the key the collector signs its replies with.

    ``policy_root`` is the key that vouches for whoever may sign a policy, where there is one yet.
    """

    device: Device
    collector_key: Key
    policy_root: Key | msgspec.UnsetType = msgspec.UNSET


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One journal row: its number and the canonical body of its event."""

    seq: Seq
    body: Annotated[str, msgspec.Meta(max_length=131_072)]


class Batch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run of journal rows. ``previous`` is the chain's value before the first of them."""

    device: Device
    agent_version: Version
    boot_id: Identifier
    sent_at: Moment
    previous: Hash
    records: Annotated[list[Record], msgspec.Meta(min_length=1, max_length=MOST_RECORDS)]
    wire: Wire = WIRE_VERSION


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """The version of a message and nothing else of it.

    It is read where the strict types did not fit: a message of a later version may hold anything,
    and its sender must hear that, not that the message is broken."""

    wire: int = WIRE_VERSION


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record the collector would not store; it opened a fault entry in its place."""

    seq: Seq
    reason: Word


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The collector's word that everything up to ``last`` is on its disk."""

    device: Device
    last: Seq
    head: Hash
    received_at: Moment
    refused: list[Refusal] = []


class ProblemDetail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``code`` is for programs, ``message`` for people."""

    code: Word
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one shape of every refusal."""

    error: ProblemDetail


def to_json(message: msgspec.Struct) -> bytes:
    """A message as the bytes that are signed and sent."""
    return msgspec.json.encode(message)


def device_name(public_key: bytes) -> str:
    """A laptop's name: ``d`` and 80 bits of its public key's digest, so a name proves its key."""
    digest = base64.b32encode(hashlib.sha256(public_key).digest()).decode("ascii").lower()
    return "d" + digest[:16]


def pin_of(certificate_der: bytes) -> str:
    """The pin of a CA certificate: 130 bits of its SHA-256, in base32."""
    return base64.b32encode(hashlib.sha256(certificate_der).digest()).decode("ascii").lower()[:26]


def bound_to(secret: str, what: str) -> str:
    """The digest by which a token is bound to a laptop's host name or serial number."""
    return hashlib.sha256(f"{secret}\n{what.strip().lower()}".encode()).hexdigest()


def rotation(device: str, new_public: str) -> bytes:
    """What the new key signs as proof that whoever asks has it."""
    return f"dossierwacht rotate 1\n{device}\n{new_public}\n".encode("ascii")


def write_token(secret: bytes, pin: str) -> str:
    """A one-time enrolment token: 17 random bytes (130 bits used) and the pin of the CA."""
    text = base64.b32encode(secret).decode("ascii").lower()[:26]
    return f"dw1-{text}-{pin}"


def read_token(token: str) -> tuple[str, str]:
    """The secret and the pin of a token. Raises ValueError if it is not one."""
    found = _TOKEN.match(token)
    if found is None:
        raise ValueError(
            "not an enrolment token: it looks like dw1-<26 characters>-<26 characters>"
        )
    return found[1], found[2]

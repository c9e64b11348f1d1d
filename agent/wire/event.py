"""The event: the one thing that leaves a laptop, and the types its readable part is held to.

The readable part holds closed words, bounded numbers and keyed digests, nothing else, so there is
no field in which a name, a number of a person or a path could travel. What a person needs to act
stands in ``sealed``: an age file to the privacy officer's recipients, in base64. The decoder
refuses whatever does not fit these types; ``agent.wire.shapes`` then looks once more for anything
that resembles a person's number, an e-mail address or a path.

An event's canonical body is its JSON with sorted keys. The journal chains bodies by
``link(previous, seq, body)``, and the collector computes the same chain from what it received.
"""

import base64
import hashlib
from datetime import datetime
from typing import Annotated

import msgspec

WIRE_VERSION = 1
LARGEST_NUMBER = 9_999_999
SMALLEST_NUMBER = -1
CHAIN_START = "0" * 64
LONGEST_SEALED = 65_536
APART = frozenset({"slip-reported"})
"""Kinds of what people report of their own slips: sealed to the director, kept apart from all
other events, and named in no list of kinds."""

Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\Z", max_length=48)]
"""A closed word in kebab-case: a kind, an action, a reason, a member of an enumeration."""

Number = Annotated[int, msgspec.Meta(ge=SMALLEST_NUMBER, le=LARGEST_NUMBER)]
"""A bounded number: too short to hold a BSN (9 digits) or a CPR number (10 digits)."""

FactText = Annotated[
    str, msgspec.Meta(pattern=r"\A(b32:[a-z2-7]{26}|[a-z][a-z0-9]*(-[a-z0-9]+)*)\Z", max_length=48)
]
"""A closed word, or a keyed digest written ``b32:`` and 26 characters of base32 (130 bits)."""

Fact = bool | Number | FactText | list[Word]
Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
Wire = Annotated[int, msgspec.Meta(ge=1, le=99)]
"""A version of this contract."""
Sealed = Annotated[
    str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]*={0,2}\Z", max_length=LONGEST_SEALED)
]


class DecisionPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the policy said. ``held`` names the guard that kept an action from being enforced, and
    ``due`` is when that will no longer be, as far as the agent can know."""

    action: Word
    rule: Word
    enforced: bool
    held: Word | None = None
    due: Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType = msgspec.UNSET


class OutcomePart(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """How the action ended; for one that knows several ways, those tried, and what proved it."""

    result: Word
    reason: Word
    tried: Annotated[tuple[Word, ...], msgspec.Meta(max_length=8)] = ()
    proof: Word = "none"


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that happened on a laptop; times are aware and in UTC."""

    id: Identifier
    kind: Word
    observed_at: Annotated[datetime, msgspec.Meta(tz=True)]
    recorded_at: Annotated[datetime, msgspec.Meta(tz=True)]
    facts: dict[Word, Fact] = {}
    decision: DecisionPart | None = None
    outcome: OutcomePart | None = None
    sealed: Sealed = ""
    wire: Wire = WIRE_VERSION


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """The canonical body of an event: what is chained, signed, sent and stored."""
    return _encoder.encode(event)


def decode(body: bytes | str) -> Event:
    """Parse a body.

    Raises msgspec.DecodeError (malformed; a ValidationError if of other types), UnicodeDecodeError,
    or RecursionError for a deep nest.
    """
    return _decoder.decode(body)


def link(previous: str, seq: int, body: bytes) -> str:
    """The chain's next value, in hex: SHA-256 over the previous value, the number and the body."""
    return hashlib.sha256(bytes.fromhex(previous) + seq.to_bytes(8, "big") + body).hexdigest()


def digest_text(raw: bytes) -> str:
    """A digest of at least 17 bytes as it is written in a fact: ``b32:`` and 26 characters."""
    return "b32:" + base64.b32encode(raw[:17]).decode("ascii").lower()[:26]

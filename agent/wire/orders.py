"""Orders: the few things an organisation can tell one laptop to do, signed by people.

A signed order is JSON: the exact bytes of the order in base64, and signatures over a fixed first
line and those bytes. The keys that count stand in the policy of the laptop, and none of them lies
at the collector: whoever takes that over can pass orders on, hold them back, and make none.
"""

import base64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.wire.event import WIRE_VERSION, Identifier, Wire
from agent.wire.messages import Device, Key, Moment

FIRST_LINE = b"dossierwacht order 1\n"
LONGEST_LIFE = timedelta(days=30)
MOST_SIGNATURES = 4
LARGEST = 8192
"""Bytes of a signed order."""

Kind = Literal["lost", "found", "wipe", "handed-over"]
NEEDED: Mapping[Kind, int] = {"lost": 1, "found": 1, "wipe": 2, "handed-over": 1}
"""How many people must have signed; two for what cannot be undone."""
Base64 = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]+={0,2}\Z", max_length=4096)]


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing for one laptop to do, once, until a moment. ``item`` is the number of a sealed
    file, where the order is about one."""

    number: Identifier
    kind: Kind
    device: Device
    issued_at: Moment
    expires_at: Moment
    item: Identifier | None = None
    wire: Wire = WIRE_VERSION


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signature and the public key that it is by."""

    key: Key
    value: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]{86}==\Z")]


class SignedOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order as it travels."""

    order: Base64
    signatures: Annotated[list[Signature], msgspec.Meta(max_length=MOST_SIGNATURES)]


class OrderError(Exception):
    """It is no order that may be followed; the message says why."""


def unsigned(order: Order) -> SignedOrder:
    """An order that nobody has signed yet."""
    data = base64.b64encode(msgspec.json.encode(order)).decode("ascii")
    return SignedOrder(order=data, signatures=[])


def sign(given: SignedOrder, key: Ed25519PrivateKey) -> SignedOrder:
    """The same with one more signature; one by the same key is replaced."""
    own = _text(key.public_key().public_bytes_raw())
    value = _text(key.sign(FIRST_LINE + _bytes(given)))
    others = [one for one in given.signatures if one.key != own]
    signatures = [*others, Signature(key=own, value=value)]
    return SignedOrder(order=given.order, signatures=signatures)


def read(data: bytes) -> SignedOrder:
    """A signed order from its file. Raises OrderError."""
    if len(data) > LARGEST:
        raise OrderError(f"it is larger than {LARGEST} bytes")
    try:
        return msgspec.json.decode(data, type=SignedOrder)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OrderError(f"it is no signed order: {error}") from error


def order_in(given: SignedOrder) -> Order:
    """The order itself; who signed it is not looked at. Raises OrderError."""
    try:
        return msgspec.json.decode(_bytes(given), type=Order)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OrderError(f"it holds no order: {error}") from error


def signers(given: SignedOrder, trusted: Iterable[str]) -> set[str]:
    """Which of the trusted keys have signed it; a signature that does not hold counts for none."""
    data, keys = FIRST_LINE + _bytes(given), set(trusted)
    return {one.key for one in given.signatures if one.key in keys and _holds(one, data)}


def _holds(one: Signature, data: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(_exactly(one.key))
        key.verify(_exactly(one.value), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(given: SignedOrder) -> bytes:
    try:
        return _exactly(given.order)
    except ValueError as error:
        raise OrderError(f"it is no signed order: {error}") from error


def _exactly(text: str) -> bytes:
    """Bytes from base64 in its one spelling; the last letter could else be another one."""
    data = base64.b64decode(text, validate=True)
    if _text(data) != text:
        raise ValueError("base64 of another spelling")
    return data


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

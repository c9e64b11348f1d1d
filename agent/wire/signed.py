"""Documents that people sign: orders, policies, and the list of those who may.

A signed document is JSON: the exact bytes in base64, and signatures over a first line and those
bytes. The first line says what kind of document it is, so that no signature over one counts for
another. What is signed is the bytes as they travel; nobody has to agree on how to write JSON.
"""

import base64
from collections.abc import Iterable
from typing import Annotated, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.wire.messages import Key

MOST_SIGNATURES = 4
LARGEST = 196_608
"""Bytes of any signed document."""

Base64 = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]+={0,2}\Z", max_length=LARGEST)]


D = TypeVar("D", bound=msgspec.Struct)


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signature and the public key that it is by."""

    key: Key
    value: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]{86}==\Z")]


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document as it travels."""

    document: Base64
    signatures: Annotated[list[Signature], msgspec.Meta(max_length=MOST_SIGNATURES)]


class DocumentError(Exception):
    """It is no document that may be gone by; the message says why."""


def unsigned(document: msgspec.Struct) -> Signed:
    """A document that nobody has signed yet."""
    return Signed(document=text_of(msgspec.json.encode(document)), signatures=[])


def sign(given: Signed, key: Ed25519PrivateKey, first_line: bytes) -> Signed:
    """The same with one more signature; one by the same key is replaced."""
    own = text_of(key.public_key().public_bytes_raw())
    value = text_of(key.sign(first_line + content(given)))
    others = [one for one in given.signatures if one.key != own]
    signatures = [*others, Signature(key=own, value=value)]
    return Signed(document=given.document, signatures=signatures)


def read(data: bytes, largest: int = LARGEST) -> Signed:
    """A signed document from its file. Raises DocumentError."""
    if len(data) > largest:
        raise DocumentError(f"it is larger than {largest} bytes")
    try:
        return msgspec.json.decode(data, type=Signed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentError(f"it is no signed document: {error}") from error


def content(given: Signed) -> bytes:
    """The bytes that were signed. Raises DocumentError."""
    try:
        return exactly(given.document)
    except ValueError as error:
        raise DocumentError(f"it is no signed document: {error}") from error


def decoded(given: Signed, kind: type[D], called: str) -> D:
    """The document itself, which people call ``called``; who signed it is not looked at.

    Raises DocumentError.
    """
    try:
        return msgspec.json.decode(content(given), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentError(f"it holds no {called}: {error}") from error


def signers(given: Signed, trusted: Iterable[str], first_line: bytes) -> set[str]:
    """Which of the trusted keys have signed it; a signature that does not hold counts for none."""
    data, keys = first_line + content(given), set(trusted)
    return {one.key for one in given.signatures if one.key in keys and _holds(one, data)}


def exactly(text: str) -> bytes:
    """Bytes from base64 in its one spelling; the last letter could else be another one.

    Raises ValueError.
    """
    data = base64.b64decode(text, validate=True)
    if text_of(data) != text:
        raise ValueError("base64 of another spelling")
    return data


def text_of(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def _holds(one: Signature, data: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(exactly(one.key))
        key.verify(exactly(one.value), data)
    except (InvalidSignature, ValueError):
        return False
    return True

"""The signature beside a file that opens sealed details: a signed document that names the file."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec

from agent.wire import signed
from agent.wire.signed import DocumentError, Signed

FIRST_LINE = b"dossierwacht opener 1\n"


class OpenerStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which file is meant, by its SHA-256 in hex, and when that was signed."""

    sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    signed_at: Annotated[datetime, msgspec.Meta(tz=True)]


def digest(file: bytes) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(file).hexdigest()


def check(given: Signed, file: bytes, trusted: Iterable[str]) -> OpenerStatement:
    """What was signed, if it is this file and one of these keys signed it. Raises DocumentError."""
    if not signed.signers(given, trusted, FIRST_LINE):
        raise DocumentError("it is not signed with this key")
    statement = signed.decoded(given, OpenerStatement, "statement about an opener")
    if statement.sha256 != digest(file):
        raise DocumentError("the file is not the one that was signed")
    return statement

"""Where a page ended, as text that programs hand back and need not understand.

A cursor holds the key of the last row, in the order that the rows are read in, so what is added
or changed meanwhile moves no row to another page. It opens nothing: it is checked like any input.
"""

import base64
import binascii
from typing import TypeVar

import msgspec

from server_stub.errors import Refused

LONGEST = 200
"""Characters of a cursor."""
PATTERN = r"^[A-Za-z0-9_-]{1,200}$"
T = TypeVar("T")


def write(listing: str, key: object) -> str:
    """The cursor after the row with this key of a listing."""
    raw = msgspec.json.encode([listing, key])
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def read(text: str, listing: str, kind: type[T]) -> T:
    """The key in a cursor of this listing. Raises Refused."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        found, key = msgspec.json.decode(raw, type=tuple[str, kind])  # type: ignore[valid-type]
    except (msgspec.MsgspecError, binascii.Error, UnicodeError, RecursionError) as error:
        raise _no_cursor() from error
    # Base64 has more than one spelling for the same bytes, and only one was given out.
    if found != listing or write(listing, key) != text:
        raise _no_cursor()
    return key


def _no_cursor() -> Refused:
    return Refused(400, "no-cursor", "cursor is the `next` of an earlier answer of this address")

"""Orders: the few things an organisation can tell one laptop to do, signed by people.

The keys that count stand in the policy of the laptop, and none of them lies at the collector:
whoever takes that over can pass orders on, hold them back, and make none. An order travels as any
signed document does (``agent.wire.signed``).
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.wire import signed
from agent.wire.event import WIRE_VERSION, Identifier, Wire
from agent.wire.messages import Device, Moment
from agent.wire.signed import DocumentError, Signed

FIRST_LINE = b"dossierwacht order 1\n"
LONGEST_LIFE = timedelta(days=30)
LARGEST = 8192
"""Bytes of a signed order."""

Kind = Literal["lost", "found", "wipe", "handed-over", "lock", "report", "rotate-key", "release"]
SealedKey = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]+={0,2}\Z", max_length=2048)]
"""An age file in base64."""
NEEDED: Mapping[Kind, int] = {
    "lost": 1,
    "found": 1,
    "wipe": 2,
    "handed-over": 1,
    "lock": 1,
    "report": 1,
    "rotate-key": 1,
    "release": 1,
}
"""How many people must have signed; two for what cannot be undone."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing for one laptop to do, once, until a moment. ``item`` is the number of a sealed
    file, where the order is about one. ``release`` gives it back: ``key`` opens that file and is
    sealed to the laptop, and for so many ``days`` the file is left alone."""

    number: Identifier
    kind: Kind
    device: Device
    issued_at: Moment
    expires_at: Moment
    item: Identifier | None = None
    key: SealedKey | msgspec.UnsetType = msgspec.UNSET
    days: Annotated[int, msgspec.Meta(ge=1, le=30)] | msgspec.UnsetType = msgspec.UNSET
    wire: Wire = WIRE_VERSION


class OrderError(DocumentError):
    """It is no order that may be followed; the message says why."""


def sign(given: Signed, key: Ed25519PrivateKey) -> Signed:
    """The same with one more signature; one by the same key is replaced."""
    return signed.sign(given, key, FIRST_LINE)


def read(data: bytes) -> Signed:
    """A signed order from its file. Raises DocumentError."""
    return signed.read(data, LARGEST)


def order_in(given: Signed) -> Order:
    """The order itself; who signed it is not looked at. Raises DocumentError."""
    return signed.decoded(given, Order, "order")


def signers(given: Signed, trusted: Iterable[str]) -> set[str]:
    """Which of the trusted keys have signed it; a signature that does not hold counts for none."""
    return signed.signers(given, trusted, FIRST_LINE)

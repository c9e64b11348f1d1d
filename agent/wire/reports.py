"""A laptop's full report as a signed document: IT can carry it on a stick and check it anywhere."""

from typing import Annotated, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.wire import signed
from agent.wire.event import WIRE_VERSION, Wire
from agent.wire.messages import Device, Moment, Version
from agent.wire.signed import DocumentError, Signed

REPORT_LINE = b"dossierwacht report 1\n"


class LaptopReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a laptop says of itself, and when. ``report`` is what `dossierwacht report` shows."""

    device: Device
    made_at: Moment
    agent_version: Version
    report: Annotated[dict[str, Any], msgspec.Meta(max_length=200)]
    wire: Wire = WIRE_VERSION


def sign(report: LaptopReport, key: Ed25519PrivateKey) -> Signed:
    """The report, signed with the laptop's key."""
    return signed.sign(signed.unsigned(report), key, REPORT_LINE)


def verified(given: Signed, public_key: str) -> LaptopReport:
    """The report in a document that this key has signed. Raises DocumentError."""
    if not signed.signers(given, [public_key], REPORT_LINE):
        raise DocumentError("it is not signed with the key of this laptop")
    return report_in(given)


def report_in(given: Signed) -> LaptopReport:
    """The report of a document; who signed it is not looked at. Raises DocumentError."""
    return signed.decoded(given, LaptopReport, "report")

"""One strict profile of HTTP Message Signatures (RFC 9421) with Ed25519 and Content-Digest.

A request covers ``@method``, ``@target-uri`` and ``content-digest``; a reply covers ``@status``
and ``content-digest`` and repeats the request's nonce, so a recorded reply answers nothing else.
Parameters, in this order: created, nonce, keyid, alg, tag. Anything else is refused: a verifier
that accepts one form has no algorithm to confuse and nothing optional to leave out. The body is
signed through its digest, so verifying costs the same whatever the size.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

TAG = "dossierwacht"
COLLECTOR = "collector"
"""The key name under which the collector signs its replies."""
ENROLLING = "enrolling"
"""The key name of a laptop that has no name yet."""
LARGEST_SKEW = timedelta(minutes=5)

_INPUT = re.compile(
    r'\Asig1=\((?P<covered>"@method" "@target-uri" "content-digest"|"@status" "content-digest")\)'
    r';created=(?P<created>[0-9]{1,10});nonce="(?P<nonce>[A-Za-z0-9_-]{22,64})"'
    r';keyid="(?P<keyid>[a-z0-9-]{1,32})";alg="ed25519";tag="dossierwacht"\Z'
)
# In one spelling: the last letter could else be any of sixteen for the same signature.
_VALUE = re.compile(r"\Asig1=:(?P<signature>[A-Za-z0-9+/]{85}[AQgw]==):\Z")


class SignatureError(Exception):
    """The signature is missing, of another form, over something else, or not by this key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A signature as read from the headers, not yet verified."""

    covered: str
    parameters: str
    created: datetime
    nonce: str
    keyid: str
    signature: bytes
    digest: str


def content_digest(body: bytes) -> str:
    """The value of the Content-Digest header (RFC 9530) for a body."""
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii") + ":"


def sign_request(
    key: Ed25519PrivateKey,
    *,
    method: str,
    uri: str,
    body: bytes,
    keyid: str,
    nonce: str,
    created: datetime,
) -> dict[str, str]:
    """The three headers that make a request a signed one."""
    covered = '"@method" "@target-uri" "content-digest"'
    lines = [f'"@method": {method}', f'"@target-uri": {uri}']
    return _sign(key, covered, lines, body, keyid, nonce, created)


def sign_reply(
    key: Ed25519PrivateKey, *, status: int, body: bytes, nonce: str, created: datetime
) -> dict[str, str]:
    """The three headers that make a reply a signed one, bound to the request by its nonce."""
    covered = '"@status" "content-digest"'
    return _sign(key, covered, [f'"@status": {status}'], body, COLLECTOR, nonce, created)


def read(headers: Mapping[str, str]) -> Signed:
    """Read a signature from headers (any case). Raises SignatureError if it has another form."""
    lower = {name.lower(): value for name, value in headers.items()}
    given = lower.get("signature-input", "")
    found, value = _INPUT.match(given), _VALUE.match(lower.get("signature", ""))
    if found is None or value is None or "content-digest" not in lower:
        raise SignatureError("no signature of the form this collector and its agents use")
    return Signed(
        covered=found["covered"],
        parameters=given.removeprefix("sig1="),
        created=datetime.fromtimestamp(int(found["created"]), UTC),
        nonce=found["nonce"],
        keyid=found["keyid"],
        signature=base64.b64decode(value["signature"]),
        digest=lower["content-digest"],
    )


def verify_request(
    signed: Signed, key: Ed25519PublicKey, *, method: str, uri: str, body: bytes
) -> None:
    """Raise SignatureError unless ``key`` signed exactly this request. Does not judge its age."""
    if not signed.covered.startswith('"@method"'):
        raise SignatureError("the signature does not cover a request")
    _verify(signed, key, [f'"@method": {method}', f'"@target-uri": {uri}'], body)


def verify_reply(
    signed: Signed, key: Ed25519PublicKey, *, status: int, body: bytes, nonce: str
) -> None:
    """Raise SignatureError unless ``key`` signed this reply to the request with ``nonce``."""
    if not signed.covered.startswith('"@status"') or signed.keyid != COLLECTOR:
        raise SignatureError("the signature does not cover a reply of a collector")
    if signed.nonce != nonce:
        raise SignatureError("the reply answers another request")
    _verify(signed, key, [f'"@status": {status}'], body)


def too_old_or_new(signed: Signed, now: datetime) -> bool:
    """Whether the signature was made more than five minutes from now, either way."""
    return abs(now - signed.created) > LARGEST_SKEW


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The raw 32 bytes of a key's public half."""
    return key.public_key().public_bytes_raw()


def _base(lines: list[str], digest: str, parameters: str) -> bytes:
    covered = [*lines, f'"content-digest": {digest}', f'"@signature-params": {parameters}']
    return "\n".join(covered).encode("ascii")


def _sign(
    key: Ed25519PrivateKey,
    covered: str,
    lines: list[str],
    body: bytes,
    keyid: str,
    nonce: str,
    created: datetime,
) -> dict[str, str]:
    parameters = (
        f'({covered});created={int(created.timestamp())};nonce="{nonce}"'
        f';keyid="{keyid}";alg="ed25519";tag="{TAG}"'
    )
    digest = content_digest(body)
    signature = base64.b64encode(key.sign(_base(lines, digest, parameters))).decode("ascii")
    return {
        "Content-Digest": digest,
        "Signature-Input": f"sig1={parameters}",
        "Signature": f"sig1=:{signature}:",
    }


def _verify(signed: Signed, key: Ed25519PublicKey, lines: list[str], body: bytes) -> None:
    if signed.digest != content_digest(body):
        raise SignatureError("the body is not the one that was signed")
    try:
        key.verify(signed.signature, _base(lines, signed.digest, signed.parameters))
    except (InvalidSignature, UnicodeEncodeError) as error:
        raise SignatureError("the signature is not by this key over this message") from error

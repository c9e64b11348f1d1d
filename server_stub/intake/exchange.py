"""Signed requests in, signed replies out: the HTTP side of the wire contract.

What an unknown caller can make this code do is small and the same each time: read a few headers,
look up one name, read at most one bounded body. Only then is a signature checked, and only a body
with a good signature is decoded. Replies carry the request's nonce under the collector's key, so
an agent believes no refusal that somebody in between made up.
"""

import asyncio
import base64
import binascii
import re
from datetime import datetime
from email.utils import format_datetime
from typing import TypeVar

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from agent.wire import messages, signatures
from server_stub.errors import Refused
from server_stub.storage import store_devices

BODY_SECONDS = 30
"""How long a caller may take to send a body."""

M = TypeVar("M", bound=msgspec.Struct)
_PLACE = re.compile(r" - at `(\$[^`]*)`\Z")


async def read_body(request: Request, largest: int = messages.LARGEST_BODY) -> bytes:
    """A request's body, never more than ``largest`` bytes. Raises Refused."""
    size = _declared_size(request, largest)
    chunks: list[bytes] = []
    room = size
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                room -= len(chunk)
                if room < 0:
                    raise Refused(413, "too-large", "the body is larger than it says")
                chunks.append(chunk)
    except TimeoutError as error:
        raise Refused(408, "too-slow", f"no whole body came in {BODY_SECONDS} seconds") from error
    return b"".join(chunks)


def read_signature(request: Request) -> signatures.Signed:
    """The signature a request carries, not yet verified. Raises Refused."""
    try:
        return signatures.read(request.headers)
    except signatures.SignatureError as error:
        raise Refused(401, "unsigned", str(error)) from error


def decoded(kind: type[M], body: bytes) -> M:
    """A message of the wire contract. Raises Refused, which names the place but no content."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        place = _PLACE.search(str(error))
        where = f" at {place[1]}" if place else ""
        raise Refused(400, "malformed", f"the body is no {kind.__name__}{where}") from error


def public_key(text: str) -> Ed25519PublicKey:
    """A raw public key in base64. Raises Refused."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise Refused(400, "malformed", "public_key holds no Ed25519 key") from error


def verify(
    request: Request,
    signed: signatures.Signed,
    key: Ed25519PublicKey,
    body: bytes,
    *,
    url: str,
    now: datetime,
) -> None:
    """Check that ``key`` signed this request for this collector just now. Raises Refused."""
    uri = url + request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        signatures.verify_request(signed, key, method=request.method, uri=uri, body=body)
    except signatures.SignatureError as error:
        raise Refused(401, "signature", f"{error} (this collector is {url})") from error
    if signatures.too_old_or_new(signed, now):
        raise Refused(
            401,
            "clock",
            f"signed at {signed.created:%Y-%m-%d %H:%M:%S} UTC, but it is "
            f"{now:%Y-%m-%d %H:%M:%S} UTC here: set the laptop's clock",
        )


def take_nonce(connection: Connection, signed: signatures.Signed, now: datetime) -> None:
    """Accept each signature once. Raises Refused."""
    forget = now - 3 * signatures.LARGEST_SKEW
    if not store_devices.fresh_nonce(connection, signed.keyid, signed.nonce, now, forget):
        raise Refused(401, "replayed", "this very request came before: sign it anew")


def reply(
    request: Request, key: Ed25519PrivateKey, now: datetime, status: int, body: bytes
) -> Response:
    """A JSON reply, signed if the request carried a nonce to bind it to."""
    headers = {"Date": format_datetime(now, usegmt=True), "Cache-Control": "no-store"}
    try:
        nonce = signatures.read(request.headers).nonce
    except signatures.SignatureError:
        pass
    else:
        headers |= signatures.sign_reply(key, status=status, body=body, nonce=nonce, created=now)
    return Response(body, status, headers, media_type="application/json")


def problem(code: str, message: str) -> bytes:
    """The one shape of every refusal."""
    detail = messages.ProblemDetail(code=code, message=message)
    return messages.to_json(messages.Problem(error=detail))


def _declared_size(request: Request, largest: int) -> int:
    declared = request.headers.get("content-length")
    if declared is None or not declared.isascii() or not declared.isdecimal():
        raise Refused(411, "no-length", "send the body with a Content-Length")
    if len(declared) > 12 or int(declared) > largest:
        raise Refused(413, "too-large", f"the body may be at most {largest} bytes")
    return int(declared)

"""What agents call: the CA certificate, enrolment, events."""

import base64
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec
from anyio import to_thread
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import UNSET
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from agent.wire import messages, signatures
from agent.wire.signatures import Signed
from server_stub.collector import Collector, collector_of
from server_stub.errors import Refused
from server_stub.intake import admission, contact, enrol, exchange, ingest, rotate
from server_stub.storage import store_documents
from server_stub.storage.store_devices import Device

T = TypeVar("T")
Work = Callable[[Connection, Device], T]
Take = Callable[[Request, Signed, Ed25519PublicKey, bytes], Response]


async def get_ca(request: Request) -> Response:
    """``GET /v1/ca``: the CA certificate, which an enrolling agent checks against its token."""
    return Response(collector_of(request).ca_pem, media_type="application/x-pem-file")


async def post_enrol(request: Request) -> Response:
    """``POST /v1/enrol``: EnrolRequest -> EnrolReply."""
    signed = exchange.read_signature(request)
    with collector_of(request).rush.taken_in():
        body = await exchange.read_body(request, enrol.LARGEST_REQUEST)
        return await _by_hand(request, _enrol, request, signed, body)


async def post_events(request: Request) -> Response:
    """``POST /v1/events``: Batch -> Receipt."""
    with collector_of(request).metrics.ingest():
        return await _of_a_laptop(request, _take_events, messages.LARGEST_BODY)


async def post_contact(request: Request) -> Response:
    """``POST /v1/contact``: Contact -> News."""
    return await _of_a_laptop(request, _take_word, contact.LARGEST_WORD)


async def post_rotate(request: Request) -> Response:
    """``POST /v1/rotate``: RotateRequest -> RotateReply."""
    return await _of_a_laptop(request, _rotate, enrol.LARGEST_REQUEST)


async def _of_a_laptop(request: Request, take: Take, largest: int) -> Response:
    """Have ``take`` answer a request of a laptop that is known. Raises Refused.

    First whether there is room, then who it claims to be: of a stranger no body is read at all.
    """
    collector = collector_of(request)
    signed = exchange.read_signature(request)
    collector.often.check(signed.keyid)
    with collector.rush.taken_in():
        key = collector.keys.at_hand(signed.keyid)
        if key is None:
            key = await _by_hand(request, collector.keys.of, signed.keyid)
        body = await exchange.read_body(request, largest)
        return await _by_hand(request, take, request, signed, key, body)


async def _by_hand(request: Request, work: Callable[..., T], *given: object) -> T:
    """Run ``work`` in one of the threads that are there for laptops."""
    return await to_thread.run_sync(work, *given, limiter=collector_of(request).hands)


def _enrol(request: Request, signed: Signed, body: bytes) -> Response:
    collector, now = collector_of(request), collector_of(request).now()
    if signed.keyid != signatures.ENROLLING:
        raise Refused(401, "signature", f"sign an enrolment as {signatures.ENROLLING!r}")
    applicant = enrol.read_applicant(body)
    exchange.verify(request, signed, applicant.key, body, url=collector.url, now=now)
    with collector.store.read() as connection:
        enrol.check_token(connection, applicant)
    refused = collector.store.write(lambda c: enrol.admit(c, applicant, signed, now))
    if refused is not None:
        raise refused
    key = base64.b64encode(signatures.public_bytes(collector.reply_key)).decode("ascii")
    answer = messages.EnrolReply(
        device=applicant.name, collector_key=key, policy_root=_policy_root(collector) or UNSET
    )
    return exchange.reply(request, collector.reply_key, now, 200, messages.to_json(answer))


def _policy_root(collector: Collector) -> str | None:
    """The root key of the newest keyring, for a new laptop to hold on to."""
    with collector.store.read() as connection:
        keyring = store_documents.newest_keyring(connection)
    return keyring.root if keyring else None


def _rotate(request: Request, signed: Signed, key: Ed25519PublicKey, body: bytes) -> Response:
    collector, now = collector_of(request), collector_of(request).now()
    key = _verified(request, signed, key, body)
    asked = rotate.read_request(body, signed.keyid)
    _write(request, signed, key, lambda c, _: rotate.take(c, asked, signed, now))
    collector.keys.forget(asked.device)
    answer = messages.RotateReply(device=asked.device, public_key=asked.public_key)
    return exchange.reply(request, collector.reply_key, now, 200, messages.to_json(answer))


def _take_word(request: Request, signed: Signed, key: Ed25519PublicKey, body: bytes) -> Response:
    collector, now = collector_of(request), collector_of(request).now()
    key = _verified(request, signed, key, body)
    collector.quota.check(signed.keyid)
    word = contact.read_word(body, signed.keyid)
    collector.quota.charge(word.device, len(body), 1)
    news = _write(request, signed, key, lambda c, _: contact.take_word(c, word, signed, now))
    shared = base64.b64encode(collector.stick_key).decode("ascii")
    news = msgspec.structs.replace(news, stick_key=shared)
    return exchange.reply(request, collector.reply_key, now, 200, messages.to_json(news))


def _verified(
    request: Request, signed: Signed, key: Ed25519PublicKey, body: bytes
) -> Ed25519PublicKey:
    """The key that signed this: the one at hand, or else the laptop's newest. Raises Refused.

    Another collector on the same database may have taken a new key of the laptop meanwhile."""
    collector = collector_of(request)
    verify = partial(exchange.verify, request, signed, body=body, url=collector.url)
    try:
        verify(key, now=collector.now())
    except Refused:
        collector.keys.forget(signed.keyid)
        newest = collector.keys.of(signed.keyid)
        if newest == key:
            raise
        verify(newest, now=collector.now())
        key = newest
    collector.often.count(signed.keyid)
    return key


def _write(request: Request, signed: Signed, key: Ed25519PublicKey, work: Work[T]) -> T:
    """Run ``work`` in a transaction in which ``key`` is still the laptop's. Raises Refused."""
    collector = collector_of(request)

    def believed(connection: Connection) -> T:
        return work(connection, admission.signed_by(connection, signed.keyid, key))

    try:
        return collector.together.write(believed)
    except Refused:
        collector.keys.forget(signed.keyid)  # it may have been read just before it was changed
        raise


def _take_events(request: Request, signed: Signed, key: Ed25519PublicKey, body: bytes) -> Response:
    collector, now = collector_of(request), collector_of(request).now()
    key = _verified(request, signed, key, body)
    collector.quota.check(signed.keyid)
    batch = ingest.read_batch(body, signed.keyid)
    judged = ingest.judge(batch)

    def work(connection: Connection, device: Device) -> messages.Receipt | Refused:
        return ingest.take_in(connection, batch, judged, signed, now, device)

    answer = _write(request, signed, key, work)
    collector.quota.charge(batch.device, len(body), len(judged))
    if isinstance(answer, Refused):
        raise answer
    return exchange.reply(request, collector.reply_key, now, 200, messages.to_json(answer))

"""Enrolment: a one-time token and a new laptop's public key become a device.

One use of a token is taken by a single UPDATE, so of any number of laptops that show it at once
exactly as many come in as it has uses. A laptop whose reply got lost asks again with the same key
and gets the same answer. A token can be bound to a host name or a serial number; another laptop
that shows it takes no use of it.

Another key with a token for one laptop that is spent, while its time is not over, means that two
have had it and nobody here can tell which is ours: both are parked, and a fault entry calls for a
person. One newcomer is kept for each token, so that a token in strange hands fills no disk.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from agent.wire import messages, signatures
from server_stub.errors import Refused
from server_stub.intake.admission import SAYS, Admission
from server_stub.intake.exchange import decoded, public_key, take_nonce
from server_stub.storage import store_devices, store_tokens
from server_stub.storage.store_devices import Device, Fault
from server_stub.storage.store_tokens import EnrolmentToken

LARGEST_REQUEST = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Applicant:
    """A laptop that asks to be let in: its request, its key, and the name the key gives it."""

    request: messages.EnrolRequest
    key: Ed25519PublicKey
    name: str
    token_digest: str


def token_digest(secret: str) -> str:
    """How a token's secret is stored. It has 130 random bits, so a plain digest is enough."""
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def read_applicant(body: bytes) -> Applicant:
    """The applicant in a request's body. Raises Refused. Its signature is not yet verified."""
    request = decoded(messages.EnrolRequest, body)
    key = public_key(request.public_key)
    try:
        secret, _pin = messages.read_token(request.token)
    except ValueError as error:
        raise Refused(403, "token-unknown", str(error)) from error
    return Applicant(
        request=request,
        key=key,
        name=messages.device_name(key.public_bytes_raw()),
        token_digest=token_digest(secret),
    )


def check_token(connection: Connection, applicant: Applicant) -> None:
    """Refuse a token that was never given out, before anything is written. Raises Refused.

    Anybody can make a key and sign a request with it: that alone must cost the disk nothing.
    """
    if store_tokens.token_by(connection, applicant.token_digest) is None:
        raise _unknown_token()


def admit(
    connection: Connection, applicant: Applicant, signed: signatures.Signed, now: datetime
) -> Refused | None:
    """Let an applicant in, inside a transaction; a refusal is handed back so that its fault entry
    is committed with it. Raises Refused for a replayed request."""
    take_nonce(connection, signed, now)
    token = store_tokens.token_by(connection, applicant.token_digest)
    if token is None:
        return _unknown_token()
    known = store_devices.device(connection, applicant.name, lock=True)
    if _is_old_key(connection, applicant, known):
        return Refused(403, "key-used", "this key was another laptop's: make a new one")
    if known is not None and known.state in (Admission.PARKED, Admission.REVOKED):
        return Refused(403, known.state, SAYS[Admission(known.state)])
    if known is not None and known.token == token.id:
        return None
    if _bound_to_another(token, applicant.request):
        return _other_laptop(connection, token, now)
    if not store_tokens.use_token(connection, token.id, now):
        return _no_use_left(connection, token, applicant, now)
    if known is not None:
        store_devices.reenrol_device(connection, known.name, token.id, now)
        return None
    _add(connection, applicant, token, now)
    return None


def _add(
    connection: Connection,
    applicant: Applicant,
    token: EnrolmentToken,
    now: datetime,
    state: Admission | None = None,
) -> None:
    usual = Admission.WAITING if token.approve else Admission.ACTIVE
    store_devices.add_device(
        connection,
        name=applicant.name,
        public_key=applicant.request.public_key,
        owner=applicant.request.owner,
        agent_version=applicant.request.agent_version,
        token=token.id,
        now=now,
        state=state or usual,
        group=token.group,
    )


def _is_old_key(connection: Connection, applicant: Applicant, known: Device | None) -> bool:
    """Whether the key is one that a laptop has changed, or changed to: it enrols nobody."""
    public = applicant.request.public_key
    if known is not None:
        return known.public_key != public
    return store_devices.was_a_key(connection, public)


def _bound_to_another(token: EnrolmentToken, request: messages.EnrolRequest) -> bool:
    """Whether the token is for a laptop of another name or number than the one that shows it."""
    pairs = ((token.host, request.host), (token.serial, request.serial))
    return any(wanted is not None and wanted != shown for wanted, shown in pairs)


def _other_laptop(connection: Connection, token: EnrolmentToken, now: datetime) -> Refused:
    fault = Fault(kind="token-reuse", reason="token-other-laptop", seq=token.id)
    store_devices.open_fault(connection, fault, now)
    return Refused(
        403,
        "token-other-laptop",
        "the token is for another laptop: its host name or serial number is another",
    )


def _unknown_token() -> Refused:
    return Refused(403, "token-unknown", "this collector gave out no such token")


def _no_use_left(
    connection: Connection, token: EnrolmentToken, applicant: Applicant, now: datetime
) -> Refused:
    if token.expires_at <= now:
        return Refused(403, "token-expired", "the token's time is over: ask for a new one")
    fault = Fault(kind="token-reuse", reason="token-spent", seq=token.id)
    store_devices.open_fault(connection, fault, now)
    if token.uses == 1:
        _park_both(connection, token, applicant, now)
    return Refused(
        403,
        "token-spent",
        "the token was used before, by another laptop: tell IT, because somebody else may have "
        "had it; both are parked until IT says which is its own, and then enrol once more",
    )


def _park_both(
    connection: Connection, token: EnrolmentToken, applicant: Applicant, now: datetime
) -> None:
    """Park the laptop that came before, and the first other one beside it."""
    there = store_devices.let_in_by(connection, token.id)
    if len(there) > 1 or store_devices.device(connection, applicant.name) is not None:
        return
    for one in there:
        if one.state != Admission.REVOKED:
            store_devices.set_state(connection, one.name, Admission.PARKED)
    _add(connection, applicant, token, now, Admission.PARKED)

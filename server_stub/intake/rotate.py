"""A laptop takes another key: the old one says so, and the new one proves that it is there.

Asked again with the key that counts by then, the answer is the same, so a lost reply costs nothing.
A key that any laptop ever had is not taken again.
"""

import base64
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection

from agent.wire import messages, signatures
from agent.wire.messages import RotateRequest
from server_stub.errors import Refused
from server_stub.intake import admission
from server_stub.intake.exchange import decoded, public_key, take_nonce
from server_stub.storage import store_devices


def read_request(body: bytes, device: str) -> RotateRequest:
    """The request in a body whose new key has proven itself. Raises Refused."""
    asked = decoded(RotateRequest, body)
    if asked.device != device:
        raise Refused(403, "wrong-device", "the request is not by the laptop that signed it")
    proof = base64.b64decode(asked.proof)
    try:
        key = public_key(asked.public_key)
        key.verify(proof, messages.rotation(asked.device, asked.public_key))
    except InvalidSignature as error:
        raise Refused(403, "proof", "the new key has not signed its proof") from error
    return asked


def take(
    connection: Connection, asked: RotateRequest, signed: signatures.Signed, now: datetime
) -> None:
    """Believe the new key, inside a transaction. Raises Refused."""
    take_nonce(connection, signed, now)
    device = admission.listened_to(connection, asked.device)
    if device.public_key == asked.public_key:
        return
    if store_devices.was_a_key(connection, asked.public_key):
        raise Refused(403, "key-used", "this key was used before: make a new one")
    old, new = device.public_key, asked.public_key
    store_devices.change_key(connection, device.name, old, new, now)

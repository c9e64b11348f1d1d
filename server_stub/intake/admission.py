"""Whether a laptop is listened to, and who changes that.

    waiting   its token says that IT looks first; it is let in by hand
    active    listened to
    parked    its token was shown by another laptop as well: one of the two is not ours
    revoked   never again; its key may be a thief's

Whoever is not listened to keeps its events and is told why, in a signed reply. Only IT or the
terminal of the collector changes a state, and each change is in the log.
"""

import base64
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from server_stub.errors import Refused
from server_stub.storage import store_devices, store_history
from server_stub.storage.store_devices import Device

Change = Callable[[Connection, str], bool]


class Admission(StrEnum):
    """What a laptop may do here."""

    WAITING = "waiting"
    ACTIVE = "active"
    PARKED = "parked"
    REVOKED = "revoked"


SAYS = {
    Admission.WAITING: "this laptop is not let in yet: IT has to approve it",
    Admission.PARKED: "this laptop is parked, because its token was used by another one as well:"
    " IT has to say which of the two is its own",
    Admission.REVOKED: "this laptop was revoked: its key is believed no more",
}


def listened_to(connection: Connection, name: str, device: Device | None = None) -> Device:
    """The laptop of this name, locked until the transaction ends; ``device`` is it if it was read
    in this transaction before. Raises Refused."""
    device = device or store_devices.device(connection, name, lock=True)
    if device is None:
        raise Refused(401, "unknown-device", "this laptop is not enrolled here: enrol it")
    state = Admission(device.state)
    if state is not Admission.ACTIVE:
        raise Refused(403, state, SAYS[state])
    return device


def signed_by(connection: Connection, name: str, key: Ed25519PublicKey) -> Device:
    """The laptop. Raises Refused unless ``key`` is its own when the transaction begins to write.

    The signature was checked before, with a key that may have been changed since: of two requests
    that the same old key signed, only the first may change it."""
    device = store_devices.device(connection, name, lock=True)
    shown = base64.b64encode(key.public_bytes_raw()).decode("ascii")
    if device is None or device.public_key != shown:
        raise Refused(401, "signature", "this laptop has another key by now")
    return device


def changed(
    connection: Connection, change: Change, name: str, who: str, act: str, now: datetime
) -> bool:
    """Change a laptop's state by ``approve`` or ``revoke``, with a line in the log of who did it;
    False, and no line, if it cannot be."""
    if not change(connection, name):
        return False
    store_history.log_view(connection, who, act, name, now)
    return True


def approve(connection: Connection, name: str) -> bool:
    """Listen to a laptop that waited or was parked; False if it is unknown or was revoked."""
    device = store_devices.device(connection, name, lock=True)
    if device is None or device.state == Admission.REVOKED:
        return False
    return store_devices.set_state(connection, name, Admission.ACTIVE)


def revoke(connection: Connection, name: str) -> bool:
    """Believe a laptop no more; False if it is unknown."""
    return store_devices.set_state(connection, name, Admission.REVOKED)

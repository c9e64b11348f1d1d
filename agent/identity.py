"""Who this laptop is: its keys, the name the collector gave it, and when the agent came.

``device.key`` signs what leaves; it never leaves itself. ``digest.key`` turns paths and serial
numbers into digests that can be joined but not turned back. ``identity.json`` is written once, by
enrolment. All of it lies in the state folder, closed to everybody but the agent.
"""

import base64
import hmac
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.errors import EnrolmentError
from agent.journal_file import sync_folder, write_durably
from agent.wire.event import digest_text
from agent.wire.messages import Device, Key, Owner

SECRET_BYTES = 32
DEVICE_KEY, NEXT_KEY = "device.key", "device.key.next"


class Enrolled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What enrolment settled: the laptop's name, its collector and how to know that again.

    ``policy_root`` is the key that vouches for whoever may sign a policy; it is never learnt later.
    """

    device: Device
    server: Annotated[str, msgspec.Meta(pattern=r"\Ahttps://[^\s/]+(/[^\s]*)?\Z")]
    collector_key: Key
    owner: Owner
    policy_root: Key | None = None

    def verifier(self) -> Ed25519PublicKey:
        """The key the collector signs its replies with."""
        return public_key(self.collector_key)


def public_key(text: str) -> Ed25519PublicKey:
    """A public key from its base64 text."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text))


def key_text(public: bytes) -> str:
    """A raw public key as text."""
    return base64.b64encode(public).decode("ascii")


def device_key(state: Path) -> Ed25519PrivateKey:
    """This laptop's signing key, made at first use."""
    return Ed25519PrivateKey.from_private_bytes(_secret(state / DEVICE_KEY))


def has_next_key(state: Path) -> bool:
    """Whether a key waits to take the place of the one in use."""
    return (state / NEXT_KEY).exists()


def next_key(state: Path) -> Ed25519PrivateKey:
    """The key that will be this laptop's next, made if there is none."""
    return Ed25519PrivateKey.from_private_bytes(_secret(state / NEXT_KEY))


def use_next_key(state: Path) -> None:
    """Let the next key take the place of the one in use, in one step. OSError."""
    os.rename(state / NEXT_KEY, state / DEVICE_KEY)
    sync_folder(state)


def digest_key(state: Path) -> bytes:
    """The key of this laptop's digests, made at first use."""
    return _secret(state / "digest.key")


def stick_key(state: Path) -> bytes | None:
    """The organisation's key for the digests of sticks; None until the collector brought it."""
    try:
        key = (state / "stick.key").read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) == SECRET_BYTES else None


def keep_stick_key(state: Path, key: bytes) -> None:
    """Keep the organisation's key for sticks; the next stick is digested by it. OSError."""
    write_durably(state / "stick.key", key)


def keyed_digest(key: bytes, text: str) -> str:
    """A digest as it may stand in a fact; file names may hold bytes that are no text."""
    return digest_text(hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha256"))


def enrolled(state: Path) -> Enrolled | None:
    """What enrolment settled, or None if this laptop was not enrolled yet."""
    try:
        return msgspec.json.decode((state / "identity.json").read_bytes(), type=Enrolled)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise EnrolmentError(f"{state / 'identity.json'} is damaged: enrol again") from error


def save(state: Path, identity: Enrolled, ca_pem: bytes) -> None:
    """Keep what enrolment settled; the pinned CA first, since an identity needs it."""
    write_durably(state / "ca.pem", ca_pem)
    write_durably(state / "identity.json", msgspec.json.encode(identity))


def installed_at(state: Path) -> datetime:
    """When the agent first ran on this laptop; noted now if this is the first time.

    A damaged note counts as none: the laptop's first days, in which it only reports, begin again.
    """
    path = state / "installed"
    try:
        return datetime.fromisoformat(path.read_text("ascii").strip()).astimezone(UTC)
    except (FileNotFoundError, ValueError, OverflowError):
        now = datetime.now(UTC)
        write_durably(path, now.isoformat().encode("ascii"))
        return now


def _secret(path: Path) -> bytes:
    """A random secret in a file of its own, never readable by others, never half written."""
    if not path.exists():
        write_durably(path, os.urandom(SECRET_BYTES))
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise EnrolmentError(
            f"{path} is damaged: put it back from a copy, or remove it and enrol this laptop again"
        )
    return secret

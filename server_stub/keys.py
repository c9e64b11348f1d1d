"""The collector's secret files, its reply key, and the officer's age identities.

Secret files are made once, for the owner alone, complete or not at all: they are written beside
their place and linked into it, so a crash leaves no half key and two starts agree on one key.
The officer's identities are made here for convenience only; the collector never reads them back.
"""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pyrage import DecryptError, decrypt, encrypt, x25519

from server_stub.errors import AskedError, ConfigError

REPLY_KEY = "reply-key.pem"
STICK_KEY, STICK_KEY_BYTES = "stick.key", 32
FEED_KEY = "feed.key"
LOGIN_KEY = "login.key"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Somebody who can open what is sealed: the file with the secret, and the public half."""

    name: str
    file: Path
    recipient: str


def write_once(path: Path, content: bytes) -> bool:
    """Write a file for the owner alone unless it exists; whether it was written."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return True


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a new content in a file's place in one step."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_reply_key(state: Path) -> None:
    """Make the key that signs replies, unless there is one."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_once(state / REPLY_KEY, pem)


def make_stick_key(state: Path) -> None:
    """Make the key by which every laptop digests the serial numbers of sticks, unless there is."""
    write_once(state / STICK_KEY, secrets.token_bytes(STICK_KEY_BYTES))


def stick_key(state: Path) -> bytes:
    """The organisation's key for sticks. Raises ConfigError."""
    return _secret(state / STICK_KEY)


def make_feed_key(state: Path) -> None:
    """Make the key from which the secrets of webhooks follow, unless there is one."""
    write_once(state / FEED_KEY, secrets.token_bytes(STICK_KEY_BYTES))


def feed_key(state: Path) -> bytes:
    """The key from which the secrets of webhooks follow. Raises ConfigError."""
    return _secret(state / FEED_KEY)


def make_login_key(state: Path) -> None:
    """Make the key that seals the secrets of logins, unless there is one."""
    write_once(state / LOGIN_KEY, secrets.token_bytes(STICK_KEY_BYTES))


def login_key(state: Path) -> bytes:
    """The key that seals the secrets of logins. Raises ConfigError."""
    return _secret(state / LOGIN_KEY)


def _secret(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing: run `dossierwacht-collector migrate`") from error
    if len(key) != STICK_KEY_BYTES:
        raise ConfigError(f"{path} is damaged: put the copy from your backup back")
    return key


def reply_key(state: Path) -> Ed25519PrivateKey:
    """The key that signs replies. Raises ConfigError."""
    path = state / REPLY_KEY
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing: run `dossierwacht-collector migrate`") from error
    except ValueError as error:
        raise ConfigError(f"{path} holds no key: put the copy from your backup back") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds another kind of key: put the copy from your backup back")
    return key


def new_identities(folder: Path, names: tuple[str, ...], now: datetime) -> list[Identity]:
    """Make and prove one age identity for each name. Raises AskedError if a file is in the way."""
    _make_folder(folder)
    for name in names:
        if (folder / f"{name}.agekey").exists():
            raise AskedError(
                f"{folder / name}.agekey exists already and is left as it is: "
                "name another folder with --out"
            )
    return [_new_identity(folder / f"{name}.agekey", name, now) for name in names]


def _make_folder(folder: Path) -> None:
    """The folder for identities. On a server whoever asks as root works as another account."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        usable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        usable = False
    if not usable:
        raise AskedError(
            f"{folder} cannot be written to: name with --out a folder that is open to this account"
        )


def _new_identity(path: Path, name: str, now: datetime) -> Identity:
    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())
    text = f"# created: {now:%Y-%m-%dT%H:%M:%SZ}\n# public key: {recipient}\n{identity}\n"
    if not write_once(path, text.encode("ascii")):
        raise AskedError(f"{path} exists already and is left as it is: name another folder")
    _prove(path, recipient)
    return Identity(name=name, file=path, recipient=recipient)


def _prove(path: Path, recipient: str) -> None:
    """Open a sealed test message with the secret as it stands in the file, not in memory."""
    message = secrets.token_bytes(32)
    sealed = encrypt(message, [x25519.Recipient.from_str(recipient)])
    secret = path.read_text(encoding="ascii").splitlines()[-1]
    try:
        opened = decrypt(sealed, [x25519.Identity.from_str(secret)])
    except DecryptError as error:
        raise AskedError(f"{path} cannot open what is sealed to it: do not use it") from error
    if opened != message:
        raise AskedError(f"{path} opens to something else than was sealed: do not use it")

"""``opener make`` and ``opener verify``: the file that opens sealed details offline.

It belongs on the machine of whoever signs releases; no collector's state is read. Beside the file
lies its signature, in the form of every document that people sign here.
"""

import argparse
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agent.wire import openers, signed
from agent.wire.openers import OpenerStatement
from agent.wire.signed import DocumentError
from server_stub import keys, wording
from server_stub.collector import utc_now
from server_stub.console import opener
from server_stub.errors import AskedError, ConfigError

BESIDE = ".sig.json"
"""Ends the name of a signature; before it stands the name of the file."""
LARGEST = 4_194_304
"""Bytes of a file that is looked at."""


def make(arguments: argparse.Namespace) -> int:
    """``opener make``: write the file, sign it where a key is given, and print its SHA-256."""
    key = _key(Path(arguments.key)) if arguments.key else None
    file, content = Path(arguments.file), opener.offline(wording.load()[arguments.language])
    beside = _beside(file)
    _write(file, content)
    if key is not None:
        _write(beside, _signature(key, content))
    else:
        beside.unlink(missing_ok=True)  # one of an earlier file would not fit this one
    print(f"{openers.digest(content)}  {file}")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """``opener verify``: whether somebody with this key signed exactly this file; 1 if not."""
    file = Path(arguments.file)
    content = _read(file)
    print(f"{openers.digest(content)}  {file}")
    try:
        given = signed.read(_read(_beside(file)))
        statement = openers.check(given, content, (arguments.signer,))
    except DocumentError as error:
        raise AskedError(f"{file}: {error}") from error
    print(f"signed with this key at {statement.signed_at:%Y-%m-%d %H:%M} UTC")
    return 0


def _signature(key: Ed25519PrivateKey, content: bytes) -> bytes:
    now = utc_now().replace(microsecond=0)
    statement = OpenerStatement(sha256=openers.digest(content), signed_at=now)
    made = signed.sign(signed.unsigned(statement), key, openers.FIRST_LINE)
    return msgspec.json.encode(made) + b"\n"


def _beside(file: Path) -> Path:
    return file.with_name(file.name + BESIDE)


def _key(path: Path) -> Ed25519PrivateKey:
    """A key that ``dossierwacht policy key`` made. Raises ConfigError."""
    try:
        found = load_pem_private_key(_read(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} is no key that `dossierwacht policy key` made") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise ConfigError(f"{path} is no key that `dossierwacht policy key` made")
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise ConfigError(f"{path} is larger than {LARGEST} bytes")
    return content


def _write(path: Path, content: bytes) -> None:
    try:
        keys.replace(path, content, 0o644)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error

"""``dossierwacht order key`` and ``policy key``: keys of people, and the files they sign.

A key is kept by its owner, away from the laptops and from the collector; what is printed is its
public half, which goes into the policy (for orders) or into the keyring (for policies).
"""

import argparse
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from agent import identity
from agent.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of both."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file")


def main(arguments: argparse.Namespace) -> int:
    """Make a key, and print its public half."""
    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(arguments.out, flags, 0o600), "wb") as file:
            file.write(pem)
    except OSError as error:
        raise ConfigError(f"cannot write {arguments.out}: {error.strerror}") from error
    print(public_text(made))
    return 0


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half as it stands in policies and keyrings."""
    return identity.key_text(key.public_key().public_bytes_raw())


def read_key(path: Path) -> Ed25519PrivateKey:
    """A key that ``main`` made. Raises ConfigError."""
    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} is no key that 'dossierwacht policy key' made") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise ConfigError(f"{path} is no key that 'dossierwacht policy key' made")
    return found


def read_file(path: Path, largest: int) -> bytes:
    """A file, and of a larger one no more than shows that it is. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            return file.read(largest + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error

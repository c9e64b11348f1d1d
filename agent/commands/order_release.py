"""``dossierwacht order release``: give a sealed file back to the laptop it came from.

The officer's machine opens the file's return key and seals it to the laptop, which alone can use
it. The address of the laptop stands beside the key in what is opened here, so nobody on the way
could have put in another.
"""

import argparse
import base64
import binascii
import json
import uuid
from datetime import timedelta
from pathlib import Path

import msgspec

from agent.commands import signing_keys
from agent.commands.order import device_named, show
from agent.commands.sealed import identities
from agent.errors import ConfigError
from agent.wire import orders, signed
from agent.wire.event import LONGEST_SEALED, Identifier
from collectors.base import utc_now
from enforcement import age, return_key
from enforcement.return_key import ReturnKey

LIFE = timedelta(days=14)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``order release``."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="the sealed details of 'file-wanted-back', or NUMBER.return.age of the laptop's vault",
    )
    parser.add_argument("--device", required=True, metavar="NAME", help="as the console shows it")
    parser.add_argument(
        "--identity", metavar="KEYFILE", type=Path, required=True, help="an age identity file"
    )
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="your signing key")
    parser.add_argument(
        "--days", type=int, default=7, help="for how long the file is left alone there (7)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Print a signed order."""
    if not 1 <= arguments.days <= orders.LONGEST_LIFE.days:
        raise ConfigError(f"a file is left alone for 1 to {orders.LONGEST_LIFE.days} days")
    device, key = device_named(arguments.device), signing_keys.read_key(arguments.key)
    found = _return_key(arguments.file, identities(arguments.identity))
    try:
        item = msgspec.convert(found.number, type=Identifier)
        sealed = age.seal_to(found.text(), (found.to,))
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"{arguments.file} holds a damaged return key") from error
    now = utc_now().replace(microsecond=0)
    order = orders.Order(
        number=str(uuid.uuid4()),
        kind="release",
        device=device,
        issued_at=now,
        expires_at=now + LIFE,
        item=item,
        key=base64.b64encode(sealed).decode("ascii"),
        days=arguments.days,
    )
    return show(orders.sign(signed.unsigned(order), key))


def _return_key(file: Path, keys: age.Identities) -> ReturnKey:
    """The return key in a file, either by itself or within the details of an event."""
    opened = _opened(file, signing_keys.read_file(file, LONGEST_SEALED), keys)
    try:
        return return_key.read(opened)
    except ValueError:
        pass
    try:
        details = json.loads(opened)
        sealed = base64.b64decode(details["return"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise ConfigError(
            f"{file} brings no return key: give the details of a 'file-wanted-back'; a file that "
            "was sealed before there were any comes back with 'sealed restore' only"
        ) from error
    try:
        return return_key.read(_opened(file, sealed, keys))
    except ValueError as error:
        raise ConfigError(f"{file} holds a damaged return key") from error


def _opened(file: Path, sealed: bytes, keys: age.Identities) -> bytes:
    try:
        return age.open_bytes(sealed, keys)
    except age.OpenError as error:
        raise ConfigError(f"{file} does not open: {error}") from error

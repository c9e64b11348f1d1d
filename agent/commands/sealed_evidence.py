"""``dossierwacht sealed evidence``: one sealed file and what is known of it, as evidence.

A folder holds the sealed file and its sealed attributes as they are, the record, and a statement
that names the SHA-256 of each, signed with this laptop's key. Nothing is opened, and nobody is
named who was not named before; whoever gets the folder can show later that nothing was changed.
"""

import argparse
import base64
import hashlib
import json
import os
from pathlib import Path

from agent import identity
from agent.errors import ConfigError
from agent.printable import printable
from agent.restore import SealedError, explained
from collectors.base import utc_now
from enforcement.stage import check_id

FIRST_LINE = b"dossierwacht evidence 1\n"
PARTS = ("age", "meta.age", "json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``sealed evidence``."""
    parser.add_argument("id", metavar="ID", help="as 'sealed list' shows it")
    parser.add_argument("--out", metavar="FOLDER", type=Path, required=True, help="a new folder")


def main(arguments: argparse.Namespace) -> int:
    """Write the bundle."""
    who = identity.enrolled(arguments.state)
    with explained(arguments.state):
        parts = _parts(arguments.state / "vault", check_id(arguments.id))
        statement = {
            "sealed": arguments.id,
            "device": who.device if who else None,
            "made_at": utc_now().isoformat(timespec="seconds"),
            "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()},
        }
        text = json.dumps(statement, indent=1, sort_keys=True).encode("ascii")
        key = identity.device_key(arguments.state)
        signature = {
            "key": identity.key_text(key.public_key().public_bytes_raw()),
            "signature": base64.b64encode(key.sign(FIRST_LINE + text)).decode("ascii"),
        }
        signed = json.dumps(signature, indent=1).encode("ascii")
        _write(arguments.out, {**parts, "statement.json": text, "statement.sig.json": signed})
    print(f"evidence of {arguments.id} lies in {printable(str(arguments.out))}")
    return 0


def _parts(folder: Path, sealed_id: str) -> dict[str, bytes]:
    names = [f"{sealed_id}.{part}" for part in PARTS]
    if not all((folder / name).is_file() for name in names):
        raise SealedError(f"nothing whole is sealed as {sealed_id}; see 'sealed list'")
    return {name: (folder / name).read_bytes() for name in names}


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(f"cannot make {folder}: {error.strerror}") from error
    for name, data in files.items():
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(folder / name, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

"""``dossierwacht sealed list`` and ``sealed restore``: what is in the vault, and the way back.

Restoring needs an officer's identity file and is therefore done where that file is: on the
officer's machine, with a copy of the agent's state folder, or in the demo. The copy in the vault
stays. A file comes back under its name only when every byte of it was opened and its digest agrees;
until then it has a name of its own beside it, which is taken away again if anything is wrong.
Nothing is ever overwritten.
"""

import argparse
import contextlib
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError, ConfigError
from enforcement import age, attributes, durable, stage, syscalls, vault
from enforcement.attributes import Attributes
from enforcement.base import EnforcementError

OPEN = "open"
"""Taken into the stage and not yet at its end; the agent goes on with it at its next start."""


class SealedError(AgentError):
    """A sealed file cannot be listed or given back; nothing was changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A file that is back. ``left`` names what could not be given to it again."""

    path: str
    left: tuple[str, ...]


def add_list(parser: argparse.ArgumentParser) -> None:
    """The options of ``sealed list``."""
    parser.add_argument("--json", action="store_true", help="for programs")


def add_restore(parser: argparse.ArgumentParser) -> None:
    """The options of ``sealed restore``."""
    parser.add_argument("id", metavar="ID", help="as 'sealed list' shows it")
    parser.add_argument(
        "--identity", metavar="KEYFILE", type=Path, required=True, help="an age identity file"
    )
    parser.add_argument(
        "--to", metavar="PATH", type=Path, help="a new file or a folder; default: where it lay"
    )


def listing(arguments: argparse.Namespace) -> int:
    """``dossierwacht sealed list``: 1 if something in the vault is damaged."""
    found = rows(arguments.state)
    if arguments.json:
        print(json.dumps(found, indent=2))
    elif not found:
        print("nothing is sealed here")
    else:
        print(f"{'ID':36}  {'SEALED AT':25}  {'BYTES':>12}  STATE")
        for row in found:
            print(f"{row['id']:36}  {row['sealed_at']:25}  {row['size']:12}  {row['state']}")
    return int(any(row["state"] == vault.State.DAMAGED for row in found))


def restore(arguments: argparse.Namespace) -> int:
    """``dossierwacht sealed restore``."""
    back = give_back(arguments.state, arguments.id, arguments.identity, arguments.to)
    print(f"restored {printable(back.path)}")
    for what in back.left:
        print(f"not given back: its {printable(what)}", file=sys.stderr)
    return 0


def rows(state: Path) -> list[dict[str, str | int]]:
    """Everything sealed, and what is under way, oldest first. Raises AgentError."""
    with _explained(state):
        if not state.is_dir():
            raise ConfigError(f"{state} is no agent's state folder; name it with --state")
        under_way = {
            attempt_id for path in stage.stages_in(os.fspath(state)) for attempt_id in _ids(path)
        }
        known = [one for one in vault.records(state / "vault") if one.id not in under_way]
    found: list[dict[str, str | int]] = [
        {"id": one.id, "state": one.state, "sealed_at": one.sealed_at, "size": one.size}
        for one in known
    ]
    return found + [
        {"id": one, "state": OPEN, "sealed_at": "", "size": 0} for one in sorted(under_way)
    ]


def give_back(state: Path, sealed_id: str, identity: Path, to: Path | None = None) -> Restored:
    """Open a sealed file and put it at ``to`` or where it lay. Raises AgentError."""
    keys = identities(identity)
    with _explained(state):
        folder = state / "vault"
        _known(folder, sealed_id)
        about = _attributes(folder, sealed_id, keys)
        target = os.fspath(_target(about, to))
        with durable.held(_open_folder(target, follow=to is not None)) as place:
            left = _write(place, target, folder / f"{sealed_id}.age", about, keys)
    return Restored(path=target, left=tuple(left))


def printable(text: str) -> str:
    """A name as it can be shown: control and direction characters are written out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _ids(path: str) -> set[str]:
    with stage.opened(path) as here:
        return here.ids()


def identities(path: Path) -> age.Identities:
    """The officer's keys. Raises ConfigError."""
    try:
        return age.read_identities(path.read_text("ascii"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no age identity file") from error
    except age.KeyFileError as error:
        raise ConfigError(f"{path} {error}") from error


def _known(folder: Path, sealed_id: str) -> None:
    """The record itself is not needed: what is whole comes back even where that is damaged."""
    try:
        parts = [folder / f"{stage.check_id(sealed_id)}.{kind}" for kind in ("age", "meta.age")]
    except EnforcementError:
        parts = []
    there = [part.is_file() for part in parts]
    if not any(there):
        raise SealedError(f"nothing is sealed as {printable(sealed_id)}; see 'sealed list'")
    if not all(there):
        raise SealedError(f"{sealed_id} is damaged: a part of it is missing in {folder}")


def _attributes(folder: Path, sealed_id: str, keys: age.Identities) -> Attributes:
    try:
        sealed = (folder / f"{sealed_id}.meta.age").read_bytes()
        return attributes.from_json(age.open_bytes(sealed, keys))
    except age.OpenError as error:
        raise SealedError(f"{sealed_id} does not open: {error}") from error
    except ValueError as error:
        raise SealedError(f"{sealed_id} is damaged: {error}") from error


def _target(about: Attributes, to: Path | None) -> Path:
    if to is None:
        return Path(about.path)
    return to / os.path.basename(about.path) if to.is_dir() else to


def _open_folder(target: str, follow: bool) -> int:
    """The folder to write in: through no link unless the caller named it himself."""
    folder = os.path.dirname(os.path.abspath(target))
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        return os.open(folder, flags) if follow else syscalls.open_plain(folder, flags)
    except OSError as error:
        advice = "" if follow else "; name another place with --to"
        shown = printable(folder)
        raise SealedError(f"cannot write in {shown}: {error.strerror}{advice}") from error


def _write(
    place: int, target: str, sealed: Path, about: Attributes, keys: age.Identities
) -> list[str]:
    """Write beside the name, check, and only then give it the name."""
    name, beside = os.path.basename(target), f".dossierwacht-restore-{secrets.token_hex(8)}"
    if durable.has(place, name):
        raise SealedError(f"{printable(target)} exists; name another place with --to")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with durable.held(os.open(beside, flags, 0o600, dir_fd=place)) as new:
        try:
            _open_into(new, sealed, about, keys)
            left = attributes.give(new, about)
            os.fsync(new)
            syscalls.rename_exclusive(place, beside, place, name)
        except BaseException:
            durable.remove(place, beside)
            raise
    os.fsync(place)
    return left


def _open_into(new: int, sealed: Path, about: Attributes, keys: age.Identities) -> None:
    seen = hashlib.sha256()
    with durable.held(os.open(sealed, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)) as source:
        try:
            age.open_stream(source, _both(seen.update, new), keys)
        except age.OpenError as error:
            raise SealedError(f"{sealed.stem} does not open: {error}") from error
    if seen.hexdigest() != about.sha256:
        raise SealedError(f"{sealed.stem} is damaged: it is not the file that was sealed")


def _both(update: Callable[[bytes], None], target: int) -> Callable[[bytes], None]:
    def take(piece: bytes) -> None:
        update(piece)
        durable.write_all(target, piece)

    return take


@contextlib.contextmanager
def _explained(state: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        where = printable(str(error.filename or state))
        raise SealedError(f"not allowed at {where}; run this as root") from error
    except OSError as error:
        where = printable(str(error.filename or state))
        raise SealedError(f"{where}: {error.strerror or error}") from error
    except EnforcementError as error:
        raise SealedError(str(error)) from error

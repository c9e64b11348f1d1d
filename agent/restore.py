"""The way back: a sealed file is opened with an officer's key and put where it lay, or elsewhere.

A file comes back under its name only when every byte of it was opened and its digest agrees; until
then it has a name of its own beside it, which is taken away again if anything is wrong. Nothing is
ever overwritten, and the copy in the vault stays.
"""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError
from agent.printable import printable
from enforcement import age, attributes, durable, stage, syscalls
from enforcement.attributes import Attributes
from enforcement.base import EnforcementError
from enforcement.vault import Vault


class SealedError(AgentError):
    """A sealed file cannot be listed or given back; nothing was changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A file that is back. ``left`` names what could not be given to it again."""

    path: str
    left: tuple[str, ...]


def give_back(
    state: Path, sealed_id: str, keys: age.Identities, to: Path | None = None
) -> Restored:
    """Open a sealed file and put it at ``to`` or where it lay. Raises AgentError."""
    with explained(state):
        folder = state / "vault"
        check_whole(folder, sealed_id)
        about = attributes_of(folder, sealed_id, keys)
        target = os.fspath(_target(about, to))
        with durable.held(open_folder(target, follow=to is not None)) as place:
            left = write_checked(place, target, folder / f"{sealed_id}.age", about, keys)
    return Restored(path=target, left=tuple(left))


def note_returned(state: Path, sealed_id: str) -> None:
    """The sealed copy is not the only one any more; a note that fails changes nothing."""
    with contextlib.suppress(OSError, EnforcementError):
        Vault(state / "vault").returned(sealed_id)


def check_whole(folder: Path, sealed_id: str) -> None:
    """Raises SealedError where a part is missing. The record itself is not needed: what is whole
    comes back even where that is damaged."""
    try:
        parts = [folder / f"{stage.check_id(sealed_id)}.{kind}" for kind in ("age", "meta.age")]
    except EnforcementError:
        parts = []
    there = [part.is_file() for part in parts]
    if not any(there):
        raise SealedError(f"nothing is sealed as {printable(sealed_id)}; see 'sealed list'")
    if not all(there):
        raise SealedError(f"{sealed_id} is damaged: a part of it is missing in {folder}")


def attributes_of(folder: Path, sealed_id: str, keys: age.Identities) -> Attributes:
    """What the file was besides its bytes. Raises SealedError, OSError."""
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


def open_folder(target: str, follow: bool) -> int:
    """The folder to write in: through no link unless the caller named it. Raises SealedError."""
    folder = os.path.dirname(os.path.abspath(target))
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        return os.open(folder, flags) if follow else syscalls.open_plain(folder, flags)
    except OSError as error:
        advice = "" if follow else "; name another place with --to"
        shown = printable(folder)
        raise SealedError(f"cannot write in {shown}: {error.strerror}{advice}") from error


def write_checked(
    place: int, target: str, sealed: Path, about: Attributes, keys: age.Identities
) -> list[str]:
    """Write beside the name, check, and only then give it the name; what could not be given to it
    again. Raises SealedError, OSError."""
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
def explained(state: Path) -> Iterator[None]:
    """Whatever goes wrong inside is a SealedError that says where."""
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

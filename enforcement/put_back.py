"""Puts one part of the agent's own back, as a process beside the agent.

It is a process of its own because the agent's is kept from writing to the system's folders. It has
the copy compared with its digest first, and what stands in the way found as it was judged. That is
not deleted: it is kept in ``set-aside`` in the agent's state, since it may be an administrator's
work. It prints one word: a result, or the reason why nothing was done.
"""

import hashlib
import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enforcement import durable, restore_own_part_linux
from enforcement.base import EnforcementError, Reason, Result
from enforcement.reasons import told

ASIDE = "set-aside"
ABSENT = "absent"
_MOST = 1024 * 1024
_OURS = frozenset({"changed", "missing"})
_THEIRS = frozenset({"masked", "overridden"})
_UNITS = frozenset({".service", ".path"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What to put back: the part at ``path``, where ``how`` was seen at ``at``, with ``found``
    there; ``wanted`` is the digest of the copy below ``shipped``. All below ``root``."""

    path: str
    how: str
    at: str
    found: str
    wanted: str
    shipped: Path
    state: Path
    root: Path = Path("/")


def put_back(wish: Wish) -> Result:
    """Put it back and say how that ended. Raises EnforcementError with nothing changed."""
    with told():
        copy, mode = _copy(wish)
        if wish.how == "disabled":
            return _enabled(wish)
        found, raw = _found(wish, wish.at)
        if _is_right(wish, found, mode):
            return Result.ALREADY
        if found != wish.found:
            raise EnforcementError(Reason.CHANGED, "something else is there by now")
        if found == "other":
            raise EnforcementError(Reason.NOT_PLAIN, "it is no file that could be kept")
        if found != ABSENT and found != f"file-{wish.wanted}":
            _keep(wish, raw)
        if wish.how in _OURS:
            _write(_below(wish, wish.path), copy, mode)
        elif wish.how in _THEIRS:
            _remove(_below(wish, wish.at))
        else:
            raise EnforcementError(Reason.FAULT, "no such way of being wrong")
    return Result.DONE


def _copy(wish: Wish) -> tuple[bytes, int]:
    """The copy's bytes and mode, if it still is what was shipped."""
    if not _plain(wish.path) or not _plain(wish.at):
        raise EnforcementError(Reason.OUTSIDE, "that is no place of a part")
    with durable.held(_open(wish.shipped / wish.path.lstrip("/"))) as copy:
        raw = os.pread(copy, _MOST, 0)
        if hashlib.sha256(raw).hexdigest() != wish.wanted:
            raise EnforcementError(Reason.CHANGED, "the copy is not what was shipped")
        return raw, stat.S_IMODE(os.fstat(copy).st_mode)


def _found(wish: Wish, at: str) -> tuple[str, bytes]:
    """What is there, in the words of the proof, and its bytes."""
    place = _below(wish, at)
    try:
        mode = os.lstat(place).st_mode
    except FileNotFoundError:
        return ABSENT, b""
    if stat.S_ISLNK(mode):
        target = os.fsencode(os.readlink(place))
        return f"link-{hashlib.sha256(target).hexdigest()}", b"-> " + target + b"\n"
    if not stat.S_ISREG(mode) or os.lstat(place).st_size > _MOST:
        return "other", b""
    with durable.held(_open(place)) as file:
        raw = os.pread(file, _MOST, 0)
    return f"file-{hashlib.sha256(raw).hexdigest()}", raw


def _is_right(wish: Wish, found: str, mode: int) -> bool:
    if wish.how in _THEIRS:
        return found == ABSENT
    if found != f"file-{wish.wanted}":
        return False
    there = os.lstat(_below(wish, wish.path))
    return stat.S_IMODE(there.st_mode) == mode and there.st_uid == os.geteuid()


def _keep(wish: Wish, raw: bytes) -> None:
    """Keep what stood there; the same thing once."""
    digest = hashlib.sha256(raw).hexdigest()[:8]
    name = f"{wish.at.strip('/').replace('/', '_')[-200:]}.{digest}"
    with durable.held(durable.private_folder(os.fspath(wish.state / ASIDE))) as folder:
        durable.write_file(folder, name, raw, "set-aside", durable.pass_by)


def _write(place: Path, raw: bytes, mode: int) -> None:
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with durable.held(os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as folder:
        with durable.held(durable.create(folder, place.name + durable.TEMPORARY)) as target:
            durable.write_all(target, raw)
            os.fchmod(target, mode)
            os.fchown(target, os.geteuid(), os.getegid())
            durable.to_disk(target)
        durable.publish(folder, place.name, "part", durable.pass_by)
        os.fsync(folder)


def _remove(place: Path) -> None:
    with durable.held(os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as folder:
        durable.remove(folder, place.name)
        os.fsync(folder)


def starts_with_the_laptop(wish: Wish) -> bool:
    """Whether it is a unit that should be running: what masked it may have stopped it too."""
    unit = os.path.splitext(wish.path)[1] in _UNITS
    return unit and b"\n[Install]\n" in _copy(wish)[0]


def _enabled(wish: Wish) -> Result:
    """Have a unit start with the laptop again."""
    name = os.path.basename(wish.path)
    if os.path.splitext(name)[1] not in _UNITS:
        raise EnforcementError(Reason.FAULT, "that is no unit")
    if os.path.lexists(_below(wish, wish.at)):
        return Result.ALREADY
    restore_own_part_linux.enable(name)
    return Result.DONE


def _below(wish: Wish, path: str) -> Path:
    return wish.root / path.lstrip("/")


def _plain(path: str) -> bool:
    return os.path.isabs(path) and "\0" not in path and os.path.normpath(path) == path


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def main(words: Sequence[str]) -> int:
    """What the action asks for, in order: where, how, at, found, wanted, shipped and state."""
    path, how, at, found, wanted, shipped, state = words
    wish = Wish(
        path=path,
        how=how,
        at=at,
        found=found,
        wanted=wanted,
        shipped=Path(shipped),
        state=Path(state),
    )
    try:
        result = put_back(wish)
        if result is Result.DONE:
            restore_own_part_linux.read_again()
            if starts_with_the_laptop(wish):
                restore_own_part_linux.start(os.path.basename(path))
        print(result)
    except EnforcementError as error:
        print(error.reason)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

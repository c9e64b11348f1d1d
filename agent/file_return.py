"""Gives one sealed file back because an officer ordered it (``release``).

The order brings the key of that file, sealed to this laptop; it is used and forgotten. The file
goes where it lay. Where that folder is gone it goes to the nearest one above it that belongs to the
same person, and where its name is taken it gets a number: nothing is ever overwritten, and nothing
is written outside the folders that the policy lists. An order that a crash cut off is followed once
more, so a file that is back already is left as it is.
"""

import base64
import hashlib
import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

from agent import restore, return_address
from agent.left_alone import LeftAlone
from agent.own_files import FileReturned, Returned
from agent.restore import SealedError
from agent.wire.orders import Order, OrderError
from collectors.base import Clock, Observation
from enforcement import age, durable, syscalls
from enforcement.attributes import Attributes
from enforcement.return_key import ReturnKey, read

DAYS = 7
"""For how long a file is left alone if the order does not say."""
_NAMES = 100


class _Failed(Exception):
    def __init__(self, how: Returned) -> None:
        self.how = how


@dataclass(kw_only=True)
class FileReturn:
    """``left_alone`` keeps what was given back from being sealed again at once."""

    state: Path
    roots: Sequence[Path]
    left_alone: LeftAlone
    record: Callable[[Observation], str | None]
    now: Clock

    def follow(self, order: Order) -> None:
        """Give it back, and tell how that ended. OSError; OrderError if the order lacks a part."""
        if order.item is None or isinstance(order.key, msgspec.UnsetType):
            raise OrderError("it names no sealed file, or brings no key")
        days = DAYS if isinstance(order.days, msgspec.UnsetType) else order.days
        path, how = "", Returned.FAULT
        try:
            path, how = self._give_back(order.item, order.key, days)
            restore.note_returned(self.state, order.item)
        except _Failed as error:
            how = error.how
        except SealedError:
            pass
        self.record(
            FileReturned(observed_at=self.now(), subject=order.item, how=how, days=days, path=path)
        )

    def _give_back(self, number: str, sealed: str, days: int) -> tuple[str, Returned]:
        folder = self.state / "vault"
        with restore.explained(self.state):
            with _or(Returned.GONE):
                restore.check_whole(folder, number)
            keys = self._keys(number, sealed)
            with _or(Returned.KEY):
                about = restore.attributes_of(folder, number, keys)
            with self._place(about) as (place, parent):
                path, is_back = _target(place, parent, about)
                if is_back:
                    return path, Returned.ALREADY
                self.left_alone.leave(path, self.now() + timedelta(days=days), self.now())
                restore.write_checked(place, path, folder / f"{number}.age", about, keys)
        return path, Returned.DONE

    def _keys(self, number: str, sealed: str) -> age.Identities:
        try:
            opened = age.open_bytes(base64.b64decode(sealed), return_address.identities(self.state))
            found = read(opened)
        except (OSError, ValueError, age.OpenError, age.KeyFileError) as error:
            raise _Failed(Returned.KEY) from error
        if found.number != number:
            raise _Failed(Returned.KEY)
        return _identities(found)

    @contextmanager
    def _place(self, about: Attributes) -> Iterator[tuple[int, str]]:
        """The folder to put it in, open, and its path."""
        for parent in self._folders(about.path):
            try:
                found = restore.open_folder(posixpath.join(parent, "x"), follow=False)
            except SealedError:
                continue
            with durable.held(found) as place:
                if parent == posixpath.dirname(about.path) or _owner(place) == about.uid:
                    yield place, parent
                    return
        raise _Failed(Returned.PLACE)

    def _folders(self, path: str) -> Iterator[str]:
        """The folder of a path and those above it, up to the root that the policy lists."""
        roots = {os.path.normpath(root) for root in self.roots}
        above = [posixpath.dirname(path)]
        while above[-1] not in roots and above[-1] != posixpath.dirname(above[-1]):
            above.append(posixpath.dirname(above[-1]))
        return iter(above if above[-1] in roots else ())


def _target(place: int, parent: str, about: Attributes) -> tuple[str, bool]:
    """A free path for it, and whether the very file lies there already."""
    stem, end = posixpath.splitext(posixpath.basename(about.path))
    for number in range(1, _NAMES):
        name = f"{stem}{end}" if number == 1 else f"{stem} ({number}){end}"
        if not durable.has(place, name):
            return posixpath.join(parent, name), False
        if _is_it(place, name, about):
            return posixpath.join(parent, name), True
    raise _Failed(Returned.PLACE)


def _is_it(place: int, name: str, about: Attributes) -> bool:
    """Whether what lies there is the file itself; another size answers without reading it."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with durable.held(syscalls.open_beneath(place, name, flags)) as file:
            if os.fstat(file).st_size != about.size:
                return False
            with open(file, "rb", closefd=False) as whole:
                return hashlib.file_digest(whole, "sha256").hexdigest() == about.sha256
    except OSError:
        return False


def _owner(descriptor: int) -> int:
    return os.fstat(descriptor).st_uid


def _identities(key: ReturnKey) -> age.Identities:
    try:
        return age.read_identities(key.secret)
    except age.KeyFileError as error:
        raise _Failed(Returned.KEY) from error


@contextmanager
def _or(how: Returned) -> Iterator[None]:
    try:
        yield
    except SealedError as error:
        raise _Failed(how) from error

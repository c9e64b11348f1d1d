"""Walks a folder: every plain file on the same mount, no link followed, the rest counted.

Each folder is opened through ``open_beneath``, so swapping one for a link half way leads nowhere.
A pipe, socket or device is never opened; it and everything that could not be read is counted, for
what was not read is not clean.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from collectors.base import Stop
from collectors.folders.opening import open_beneath, open_root

STAGE = ".dossierwacht-"
"""How the hidden folders begin in which files wait while they are being sealed."""

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that is looked through: its real path and an open descriptor of it."""

    path: str
    descriptor: int

    def close(self) -> None:
        os.close(self.descriptor)

    def still_there(self) -> bool:
        """Whether the path still leads to the folder that was opened."""
        try:
            return os.path.samestat(os.lstat(self.path), os.fstat(self.descriptor))
        except OSError:
            return False

    def relative(self, path: str) -> str | None:
        """A path relative to this root, or None if it does not lie beneath it."""
        if path == self.path:
            return ""
        prefix = self.path.rstrip("/") + "/"
        return path[len(prefix) :] if path.startswith(prefix) else None

    def absolute(self, relative: str) -> str:
        return os.path.join(self.path, relative) if relative else self.path


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain file: its path relative to the root, and its status when it was seen."""

    relative: str
    status: os.stat_result


@dataclass(slots=True)
class Tally:
    """What a walk came past and did not read."""

    odd: int = 0
    """Pipes, sockets, devices."""
    unreadable: int = 0
    """Files and folders that could not be opened or judged."""
    folders: int = 0
    """Folders that were walked through."""


def open_folder(path: str) -> Root:
    """Open a root. A link in the path itself is followed once, here, as the administrator meant."""
    real = os.path.realpath(path)
    return Root(real, open_root(real))


def excluded(relative: str, patterns: Sequence[str]) -> bool:
    """Whether any part of a path is a stage or matches a pattern; a pattern with a slash matches
    the path from the root."""
    parts = relative.split("/")
    if any(part.startswith(STAGE) for part in parts):
        return True
    for pattern in patterns:
        if "/" in pattern:
            if fnmatchcase(relative, pattern) or relative.startswith(f"{pattern}/"):
                return True
        elif any(fnmatchcase(part, pattern) for part in parts):
            return True
    return False


def walk(
    root: Root, start: str, skip: Callable[[str], bool], tally: Tally, stop: Stop
) -> Iterator[Plain]:
    """Every plain file beneath ``start``, a path relative to the root."""
    folders = [start]
    while folders and not stop.is_set():
        folder = folders.pop()
        tally.folders += 1
        for name, status in _entries(root, folder, tally):
            relative = f"{folder}/{name}" if folder else name
            if skip(relative):
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(relative)
            elif stat.S_ISREG(status.st_mode):
                yield Plain(relative, status)
            elif not stat.S_ISLNK(status.st_mode):
                tally.odd += 1


def _entries(root: Root, folder: str, tally: Tally) -> list[tuple[str, os.stat_result]]:
    try:
        descriptor = open_beneath(root.descriptor, folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        tally.unreadable += error.errno not in _GONE
        return []
    try:
        with os.scandir(descriptor) as entries:
            return [found for entry in entries if (found := _status(entry, tally))]
    except OSError:
        tally.unreadable += 1
        return []
    finally:
        os.close(descriptor)


def _status(entry: os.DirEntry[str], tally: Tally) -> tuple[str, os.stat_result] | None:
    try:
        return entry.name, entry.stat(follow_symlinks=False)
    except OSError as error:
        tally.unreadable += error.errno not in _GONE
        return None


def open_plain(root: Root, relative: str, tally: Tally) -> tuple[int, os.stat_result] | None:
    """Open a file for reading if it is a plain file still; what it is not is counted."""
    try:
        descriptor = open_beneath(root.descriptor, relative, os.O_RDONLY)
    except OSError as error:
        # A socket cannot be opened, a device without a driver neither: both are odd, not closed.
        tally.odd += error.errno in (errno.ENXIO, errno.ENODEV)
        tally.unreadable += error.errno not in (*_GONE, errno.ELOOP, errno.ENXIO, errno.ENODEV)
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        tally.odd += not stat.S_ISDIR(status.st_mode)
        return None
    return descriptor, status

"""Walks a folder: every plain file on the same mount, no link followed, the rest counted.

Each folder is opened through ``open_beneath``, so swapping one for a link half way leads nowhere.
What is mounted in it is not entered: ``folders.roots`` knows of it and says what becomes of it.
A pipe, socket or device is never opened; it and everything that could not be read is counted, for
what was not read is not clean.
"""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import NamedTuple

from collectors.base import Stop
from collectors.folders.opening import open_beneath, open_root

STAGE = ".dossierwacht-"
"""How the hidden folders begin in which files wait while they are being sealed."""

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EXDEV)
"""Errors that say that there is nothing to read here: not any more, or not on this mount."""

_KIND = 0o170000
_GLOB = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that is looked through: its real path and an open descriptor of it.

    ``inside`` is its path from the name of the policy's root on, which differs from its own name
    where it is a drive mounted beneath that root.
    """

    path: str
    descriptor: int
    inside: str = ""

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
        return beneath(self.path, path)

    def absolute(self, relative: str) -> str:
        return f"{self.path.rstrip('/')}/{relative}" if relative else self.path


class Plain(NamedTuple):
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
    files: int = 0
    """Plain files that were come upon."""
    pupil_files: int = 0
    """Files of those that hold data about pupils."""


def open_folder(path: str) -> Root:
    """Open a root. A link in the path itself is followed once, here, as the administrator meant."""
    real = os.path.realpath(path)
    return Root(real, open_root(real), os.path.basename(real))


def open_mount(path: str, inside: str) -> Root:
    """Open a drive that is mounted beneath a root; no link leads to it. Raises OSError."""
    return Root(path, open_root(path), inside)


def beneath(folder: str, path: str) -> str | None:
    """A path relative to a folder, "" for the folder itself, None if it does not lie beneath it."""
    if path == folder:
        return ""
    prefix = folder.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def excluded(relative: str, patterns: Sequence[str]) -> bool:
    """Whether any part of a path is a stage or matches a pattern; a pattern with a slash matches
    the path from the root."""
    return exclusion(tuple(patterns)).all(relative)


class Exclusion:
    """Patterns, made ready: most are plain names, and those need no matching."""

    def __init__(self, patterns: Sequence[str]) -> None:
        names = [pattern for pattern in patterns if "/" not in pattern]
        self._names = frozenset(name for name in names if not _GLOB.search(name))
        globs = [translate(name) for name in names if name not in self._names]
        self._match = re.compile("|".join(globs)).match if globs else None
        self._paths = [pattern for pattern in patterns if "/" in pattern]

    def all(self, relative: str) -> bool:
        """Whether a path is excluded, by any part of it."""
        return any(self._name(part) for part in relative.split("/")) or self._path(relative)

    def last(self, relative: str) -> bool:
        """The same for a path whose folder is not excluded, as in a walk: it is quicker."""
        name = relative[relative.rfind("/") + 1 :]
        if name in self._names or name.startswith(STAGE):
            return True
        if self._match is not None and self._match(name) is not None:
            return True
        return bool(self._paths) and self._path(relative)

    def _name(self, name: str) -> bool:
        if name in self._names or name.startswith(STAGE):
            return True
        return self._match is not None and self._match(name) is not None

    def _path(self, relative: str) -> bool:
        return any(
            fnmatchcase(relative, pattern) or relative.startswith(f"{pattern}/")
            for pattern in self._paths
        )


exclusion = lru_cache(maxsize=8)(Exclusion)


def walk(
    root: Root, start: str, skip: Callable[[str], bool], tally: Tally, stop: Stop
) -> Iterator[Plain]:
    """Every plain file beneath ``start``, a path relative to the root; folder after folder."""
    folders = [start]
    while folders and not stop.is_set():
        folder = folders.pop()
        tally.folders += 1
        prefix = f"{folder}/" if folder else ""
        for name, status in _entries(root, folder, tally):
            relative = prefix + name
            if skip(relative):
                continue
            kind = status.st_mode & _KIND
            if kind == stat.S_IFREG:
                yield Plain(relative, status)
            elif kind == stat.S_IFDIR:
                folders.append(relative)
            elif kind != stat.S_IFLNK:
                tally.odd += 1


def _entries(root: Root, folder: str, tally: Tally) -> list[tuple[str, os.stat_result]]:
    try:
        descriptor = open_beneath(root.descriptor, folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        tally.unreadable += error.errno not in _GONE
        return []
    found = []
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                try:
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
                except OSError as error:
                    tally.unreadable += error.errno not in _GONE
        return found
    except OSError:
        tally.unreadable += 1
        return []
    finally:
        os.close(descriptor)


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

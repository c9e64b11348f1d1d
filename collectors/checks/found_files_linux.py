"""Linux: programs that no package brought; if a policy asks, how many films and how much music.

Homes are walked without following a link, in the folders that a person sees, a few levels deep and
no further than a limit. Of a program the first four bytes are read; of anything else nothing.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from collectors.checks.reading import Unreadable, below
from collectors.checks.told import Told, Why

MOST_ENTRIES = 20_000
"""Names looked at in one home."""
DEEPEST = 4
"""Folders below a home."""
MOST_NAMES = 10
_UNPACKAGED = ("/usr/local/bin", "/usr/local/sbin")
_HIDDEN_FOLDERS = frozenset({".local"})
"""Where programs of a person's own are put, though they see it not."""
_ELF = b"\x7fELF"
_MEDIA = frozenset(
    {
        ".aac", ".avi", ".flac", ".m4a", ".m4v", ".mkv", ".mov", ".mp3", ".mp4", ".mpeg", ".mpg",
        ".ogg", ".opus", ".wav", ".webm", ".wma", ".wmv",
    }
)  # fmt: skip
Found = tuple[str, int]
"""A file by its name and the open folder that it lies in."""


def own_programs(root: Path, homes: Sequence[str]) -> Told:
    """Programs in homes and beside the packages. Raises Unreadable if a home may not be read."""
    places = [*homes, *_UNPACKAGED]
    names = sorted({name for name, folder in _files(root, places) if _is_program(name, folder)})
    if names:
        return Told(Why.OWN_PROGRAM, len(names), tuple(names[:MOST_NAMES]))
    return Told(Why.ONLY_PACKAGES if homes else Why.NOT_TOLD)


def media_files(root: Path, homes: Sequence[str]) -> Told:
    """How many films and pieces of music lie in homes, by the end of their names alone."""
    count = sum(PurePath(name).suffix.lower() in _MEDIA for name, _ in _files(root, homes))
    if count:
        return Told(Why.MEDIA_THERE, count)
    return Told(Why.NO_MEDIA if homes else Why.NOT_TOLD)


def _files(root: Path, places: Sequence[str]) -> Iterator[Found]:
    tops = (below(root, place) for place in places)
    for top in tops:
        if top.is_dir():
            yield from _below(str(top))


def _below(top: str) -> Iterator[Found]:
    seen = 0
    for path, folders, names, here in os.fwalk(top, onerror=_refused, follow_symlinks=False):
        depth = len(PurePath(path).parts) - len(PurePath(top).parts)
        inside = path[len(top) :].lstrip("/")
        folders[:] = [one for one in folders if depth < DEEPEST and _wanted(inside, one)]
        seen += len(folders) + len(names)
        if seen > MOST_ENTRIES:
            return
        yield from ((name, here) for name in names)


def _wanted(inside: str, folder: str) -> bool:
    return not folder.startswith(".") or (not inside and folder in _HIDDEN_FOLDERS)


def _refused(error: OSError) -> None:
    if isinstance(error, PermissionError):
        raise Unreadable(str(error))


def _is_program(name: str, folder: int) -> bool:
    """Whether a plain file that may be started begins as a program does."""
    try:
        look = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(look.st_mode) or not look.st_mode & 0o111:
            return False
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return False  # it has gone, or is nobody's to read
    try:
        return os.read(opened, len(_ELF)) == _ELF
    finally:
        os.close(opened)

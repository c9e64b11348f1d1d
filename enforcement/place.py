"""Where a file lies: a listed root, a folder below it, a name. Opened so that nobody redirects it.

A path that a person can change is never walked by the kernel on our behalf. Each folder is opened
below its root with ``RESOLVE_BENEATH | NO_SYMLINKS | NO_MAGICLINKS | NO_XDEV``: a link anywhere in
it, a step out of the root or onto another mount is refused, however the person times the swap.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from enforcement import durable, syscalls
from enforcement.base import EnforcementError, Reason

OURS = ".dossierwacht-"
"""Folders whose names begin so are the agent's own: never scanned, never sealed."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """``root`` is absolute; ``folder`` is relative to it ("." for the root itself)."""

    root: str
    folder: str
    name: str

    @property
    def path(self) -> str:
        """The absolute path, for people and for the way back."""
        return os.path.normpath(os.path.join(self.root, self.folder, self.name))


def locate(subject: str, roots: Iterable[Path]) -> Place:
    """Find the listed root a path lies under. Raises EnforcementError (``outside``)."""
    if "\0" in subject or not os.path.isabs(subject) or os.path.normpath(subject) != subject:
        raise EnforcementError(Reason.OUTSIDE, "not an absolute path in its plain form")
    if any(part.startswith(OURS) for part in subject.split("/")[:-1]):
        raise EnforcementError(Reason.OUTSIDE, "it lies in a folder of the agent")
    listed = [os.path.normpath(root) for root in roots]
    above = [root for root in listed if subject.startswith(root.rstrip("/") + "/")]
    if not above:
        raise EnforcementError(Reason.OUTSIDE, "it is not under a root that the policy lists")
    root = max(above, key=len)
    folder, name = os.path.split(os.path.relpath(subject, root))
    return Place(root=root, folder=folder or ".", name=name)


def open_root(root: str) -> int:
    """Open a listed root, which must hold no symbolic link in its own path. OSError."""
    try:
        return syscalls.open_plain(root, _FOLDER)
    except OSError as error:
        if os.path.realpath(root) == root:
            raise
        note = f"{root} goes through a symbolic link; list {os.path.realpath(root)} as the root"
        raise EnforcementError(Reason.OUTSIDE, note) from error


def open_folder(place: Place) -> int:
    """Open the folder of a place. Raises EnforcementError, OSError."""
    with durable.held(open_root(place.root)) as root:
        return syscalls.open_beneath(root, place.folder, _FOLDER)

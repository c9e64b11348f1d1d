"""Is this still the file that was judged? Asked before a file is taken, and again once nobody can
swap it any more.

A verdict is bound to the content and to the inode it was read from. A path is not enough: the
person who owns a folder can put another file in its place at any moment.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from enforcement import syscalls
from enforcement.base import EnforcementError, Reason

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
"""How a file of somebody else is opened: no link, and no waiting on a pipe."""

LARGEST = 2 * 1024**3
"""Bytes. A file of holes can be made endless in an instant, and would be read to its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What a file was when it was judged. ``sha256`` is in lower-case hex."""

    sha256: str
    device: int
    inode: int


def from_proof(proof: Mapping[str, object]) -> Judged:
    """Read ``sha256``, ``device`` and ``inode``. Raises EnforcementError (``fault``)."""
    sha256, device, inode = proof.get("sha256"), proof.get("device"), proof.get("inode")
    if not (isinstance(sha256, str) and len(sha256) == 64 and isinstance(device, int)):
        raise EnforcementError(Reason.FAULT, "the proof names no sha256 and device")
    if not isinstance(inode, int):
        raise EnforcementError(Reason.FAULT, "the proof names no inode")
    return Judged(sha256=sha256, device=device, inode=inode)


@contextmanager
def undisturbed(descriptor: int) -> Iterator[None]:
    """Nobody has the file open for writing, and whoever tries meanwhile waits or shows.

    Raises EnforcementError (``in-use``, or ``not-plain``: only a regular file can be held so),
    OSError.
    """
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise EnforcementError(Reason.NOT_PLAIN, "not a regular file")
    try:
        syscalls.take_lease(descriptor)
    except BlockingIOError as error:
        raise EnforcementError(Reason.IN_USE, "somebody has it open for writing") from error
    try:
        yield
    finally:
        syscalls.drop_lease(descriptor)


def still_undisturbed(descriptor: int) -> None:
    """Raises EnforcementError if somebody asked to write to it, or gave it a second name, since."""
    if not syscalls.lease_holds(descriptor):
        raise EnforcementError(Reason.IN_USE, "somebody opened it for writing meanwhile")
    if os.fstat(descriptor).st_nlink != 1:
        raise EnforcementError(Reason.LINKED, "it was given a second name meanwhile")


def confirm(descriptor: int, judged: Judged) -> None:
    """Raises EnforcementError if this file has a second name or is not the one judged. OSError."""
    found = os.fstat(descriptor)
    if (found.st_dev, found.st_ino) != (judged.device, judged.inode):
        raise EnforcementError(Reason.CHANGED, "another file stands at this name")
    if found.st_nlink != 1:
        raise EnforcementError(Reason.LINKED, f"it has {found.st_nlink} names")
    if found.st_size > LARGEST:
        raise EnforcementError(Reason.CHANGED, "it is larger than anything that is judged")
    if digest(descriptor) != judged.sha256:
        raise EnforcementError(Reason.CHANGED, "its content is not what was judged")


def digest(descriptor: int) -> str:
    """SHA-256 of everything in an open file, in hex."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", buffering=0, closefd=False) as source:
        return hashlib.file_digest(source, "sha256").hexdigest()

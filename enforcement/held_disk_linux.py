"""Linux: one disk held open from before the first question until its last byte is written.

Two descriptors. The first is kept throughout: while it is open the kernel gives the disk's name and
number to no other disk, so a stick that was pulled out cannot be mistaken for the next one. The
second is the claim (``O_EXCL``), which the kernel refuses while the disk or a part of it is mounted
in any mount namespace, swapped to, or the ground of a mapping; and while it lasts nobody can begin
with one of these. A tool that claims the disk itself is lent it.

A card that was changed in a reader keeps the disk's name: the kernel's number of the medium
(``diskseq``), which opening the disk brings up to date, tells it.
"""

import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from enforcement import durable
from enforcement.base import EnforcementError, Reason

PATIENCE = 5.0
"""Seconds in which a tool that has ended, or udev, may still be about to close the disk."""
_PAUSE = 0.1
_BLKGETDISKSEQ = 0x80081280
_BLKROGET = 0x125E
_BLKRRPART = 0x125F
_LOOK = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_CLAIM = os.O_RDWR | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_USE = "it or a part of it is mounted, unlocked or in use; unmount and lock it first"
_READ_ONLY = "it cannot be written to; is there a switch on it?"
_REFUSALS = {
    errno.EBUSY: (Reason.IN_USE, _IN_USE),
    errno.ENOMEDIUM: (Reason.GONE, "there is no medium in it"),
    errno.EROFS: (Reason.REFUSED, _READ_ONLY),
    errno.EACCES: (Reason.REFUSED, _READ_ONLY),
}


@contextmanager
def claimed(node: Path, sequence: int) -> Iterator["HeldDisk"]:
    """Hold a disk with that medium in it, and claim it. Raises EnforcementError, OSError."""
    with durable.held(os.open(node, _LOOK)) as kept:
        disk = HeldDisk(node, sequence, kept)
        try:
            disk.take()
            if _number(kept, _BLKROGET, "i"):
                raise EnforcementError(Reason.REFUSED, _READ_ONLY)
            yield disk
        finally:
            disk.give_back()


class HeldDisk:
    """A disk, the medium that has to be in it, and the claim while there is one."""

    def __init__(self, node: Path, sequence: int, kept: int) -> None:
        self.node = node
        self.sequence = sequence
        self._kept = kept
        self._claim: int | None = None

    def confirm(self) -> None:
        """Raises EnforcementError (``changed``) if it is another disk or medium by now."""
        try:
            with durable.held(os.open(self.node, _LOOK)) as now:
                found = {_number(disk, _BLKGETDISKSEQ, "Q") for disk in (self._kept, now)}
        except OSError as error:
            raise EnforcementError(Reason.CHANGED, f"it is gone: {error.strerror}") from error
        if found != {self.sequence}:
            raise EnforcementError(Reason.CHANGED, "another stick than the one that was shown")

    def take(self, patience: float = 0.0) -> None:
        """Claim the disk, and find it the same. Raises EnforcementError, OSError."""
        end = time.monotonic() + patience
        while self._claim is None:
            try:
                self._claim = os.open(self.node, _CLAIM)
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() >= end:
                    raise _refusal(error) from error
                time.sleep(_PAUSE)
        self.confirm()

    def give_back(self) -> None:
        """End the claim, if there is one; the disk stays held."""
        if self._claim is not None:
            claim, self._claim = self._claim, None
            os.close(claim)

    @contextmanager
    def lent(self) -> Iterator[Path]:
        """The disk for a tool that claims it itself; claimed again if the tool succeeded."""
        self.confirm()
        self.give_back()
        yield self.node
        self.take(PATIENCE)

    def size(self) -> int:
        """Bytes. OSError."""
        return os.lseek(self._claimed(), 0, os.SEEK_END)

    def write_zeros(self, at: int, count: int) -> None:
        """Over so many bytes from there. OSError."""
        zeros = memoryview(bytes(count))
        while zeros:
            written = os.pwrite(self._claimed(), zeros, at)
            at, zeros = at + written, zeros[written:]

    def flush(self) -> None:
        """Have everything on the medium. OSError."""
        os.fsync(self._claimed())

    def forget_parts(self) -> None:
        """Have the kernel read the table anew, which is gone. EnforcementError, OSError.

        Refused while somebody looks at a part, which udev does for moments.
        """
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.ioctl(self._claimed(), _BLKRRPART)
                return
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() >= end:
                    raise _refusal(error) from error
                time.sleep(_PAUSE)

    def _claimed(self) -> int:
        if self._claim is None:
            raise EnforcementError(Reason.FAULT, "the disk is not claimed")
        return self._claim


def _refusal(error: OSError) -> Exception:
    """The kernel's refusal in words; what has none stays as it is."""
    words = _REFUSALS.get(error.errno or 0)
    return EnforcementError(*words) if words else error


def _number(disk: int, question: int, form: str) -> int:
    """What the kernel answers about an open disk. EnforcementError, OSError."""
    answer = bytearray(struct.calcsize(form))
    try:
        fcntl.ioctl(disk, question, answer)
    except OSError as error:
        if error.errno != errno.ENOTTY:
            raise
        note = "no disk, or the kernel does not number its media (before Linux 5.15)"
        raise EnforcementError(Reason.UNSUPPORTED, note) from error
    return int(struct.unpack(form, answer)[0])

"""Writing that survives a power cut, in a folder that is held open by its descriptor.

A file gets its name only when its bytes are on the disk, and the name counts only when the folder
is on the disk too; hence write, fsync, rename, fsync of the folder, in this order. ``Checkpoint``
is called between the steps with a word for the place: nothing in everyday use, and in the tests
the place where the process is killed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from enforcement.base import EnforcementError, Reason

Checkpoint = Callable[[str], None]
TEMPORARY = ".tmp"


def pass_by(place: str) -> None:
    """The checkpoint of everyday use."""


@contextmanager
def held(descriptor: int) -> Iterator[int]:
    """A descriptor that is closed at the end."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def private_folder(path: str) -> int:
    """Open a folder that is closed to everybody else, making it if need be. OSError.

    Raises EnforcementError if it is there but belongs to somebody else or lets others in.
    """
    parent, name = os.path.split(path)
    with held(os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as above:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=above)
            os.fsync(above)
        folder = os.open(name, _FOLDER, dir_fd=above)
    found = os.fstat(folder)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        os.close(folder)
        note = f"{path} belongs to somebody else or lets others in; make it 0700 and the agent's"
        raise EnforcementError(Reason.REFUSED, note)
    return folder


_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def create(folder: int, name: str) -> int:
    """Open a new or emptied file for reading and writing; only its owner may read it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, 0o600, dir_fd=folder)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, however few the kernel takes at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def to_disk(descriptor: int) -> None:
    """Put a file on the disk and forget it in memory, so that reading it asks the disk."""
    os.fsync(descriptor)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def write_file(folder: int, name: str, data: bytes, what: str, checkpoint: Checkpoint) -> None:
    """Write a whole small file under its name, durably; an older one is replaced in one step."""
    with held(create(folder, name + TEMPORARY)) as target:
        write_all(target, data)
        checkpoint(f"{what}-written")
        to_disk(target)
    publish(folder, name, what, checkpoint)
    os.fsync(folder)
    checkpoint(f"{what}-durable")


def publish(folder: int, name: str, what: str, checkpoint: Checkpoint) -> None:
    """Give the finished temporary file its name; the folder is yet to be put on the disk."""
    os.rename(name + TEMPORARY, name, src_dir_fd=folder, dst_dir_fd=folder)
    checkpoint(f"{what}-named")


def read_small(folder: int, name: str, limit: int = 1_048_576) -> bytes:
    """The bytes of a small file; FileNotFoundError if there is none. OSError."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with held(os.open(name, flags, dir_fd=folder)) as source:
        with open(source, "rb", closefd=False) as whole:
            return whole.read(limit)


def has(folder: int, name: str) -> bool:
    """Whether a name stands in a folder, whatever it names."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def remove(folder: int, name: str) -> None:
    """Take a name out of a folder if it is there; the folder is yet to be put on the disk."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)

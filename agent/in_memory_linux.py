"""A file in memory on Linux (memfd): it has no name, and ends with the last who holds it open."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def memory_file() -> Iterator[int]:
    """An empty file, open for reading and writing, that is nowhere on a disk. Raises OSError."""
    descriptor = os.memfd_create("dossierwacht", os.MFD_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

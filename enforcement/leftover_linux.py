"""Linux: an empty file that a refused copy leaves behind is taken away, since its name may tell."""

import os
import time
from contextlib import suppress

from enforcement import durable, syscalls

NEW = 30.0
"""Seconds within which an empty file counts as made by the opening that was refused."""


def take_away(file: int) -> None:
    """Remove an open file if it is empty and new, and its name still leads to it."""
    with suppress(OSError):
        status = os.fstat(file)
        if status.st_size or time.time() - status.st_ctime > NEW:
            return
        folder, name = os.path.split(os.readlink(f"/proc/self/fd/{file}"))
        flags = os.O_RDONLY | os.O_DIRECTORY
        with durable.held(syscalls.open_plain(folder, flags)) as above:
            found = os.stat(name, dir_fd=above, follow_symlinks=False)
            if (found.st_dev, found.st_ino) == (status.st_dev, status.st_ino):
                os.unlink(name, dir_fd=above)

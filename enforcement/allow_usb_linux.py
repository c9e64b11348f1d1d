"""Linux: the kernel's own switch that makes a block device read-only."""

import fcntl
import os
import struct
from collections.abc import Sequence

BLKROSET = 0x125D
_READ_ONLY = struct.pack("i", 1)


def set_read_only(names: Sequence[str]) -> None:
    """Have the kernel refuse writes to block devices, parts and disks alike. Raises OSError."""
    for name in names:
        descriptor = os.open(f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, BLKROSET, _READ_ONLY)
        finally:
            os.close(descriptor)

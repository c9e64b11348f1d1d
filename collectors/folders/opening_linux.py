"""``openat2`` on Linux (5.6 or newer), by ctypes: it cannot be led out of a folder.

The agent opens files as root in folders that belong to somebody else, who may put a link in the
place of a folder at any moment. Checking first and opening after would lose that race; here the
kernel itself refuses links of any kind, other mounts, and any path that leaves the root. The call
has no wrapper in the C library and carries the same number on every architecture.
"""

import ctypes
import errno
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

_OPENAT2 = 437
_AT_FDCWD = -100
_NO_XDEV, _NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 1, 2, 4, 8
_NO_LINKS = _NO_SYMLINKS | _NO_MAGICLINKS
_TRIES = 16


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def open_root(path: str) -> int:
    """Open a folder by its absolute path, none of whose parts may be a link. Raises OSError."""
    return _openat2(_AT_FDCWD, path, os.O_RDONLY | os.O_DIRECTORY, _NO_LINKS)


def open_beneath(root: int, path: str, flags: int) -> int:
    """Open ``path`` below an open folder, on the same mount, through no link. Raises OSError.

    Never waits: a pipe is opened at once, to be told apart by its status.
    """
    flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
    return _openat2(root, path or ".", flags, _BENEATH | _NO_XDEV | _NO_LINKS)


def status_beneath(root: int, path: str) -> os.stat_result:
    """The status of whatever ``path`` is, unopened, since a pipe would notice. Raises OSError."""
    flags = os.O_PATH | os.O_NOFOLLOW
    descriptor = _openat2(root, path or ".", flags, _BENEATH | _NO_XDEV | _NO_LINKS)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _openat2(folder: int, path: str, flags: int, resolve: int) -> int:
    how = _OpenHow(flags | os.O_CLOEXEC, 0, resolve)
    number = errno.EAGAIN
    # EAGAIN: something was renamed while the kernel looked the path up.
    for _ in range(_TRIES):
        opened = _libc.syscall(
            ctypes.c_long(_OPENAT2),
            ctypes.c_int(folder),
            ctypes.c_char_p(os.fsencode(path)),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        if opened >= 0:
            return int(opened)
        number = ctypes.get_errno()
        if number not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(number, os.strerror(number), path)

"""openat2, renameat2 and leases on Linux (5.6 or newer), by ctypes.

``openat2`` has no wrapper in the C library and carries the same number, 437, on every architecture;
``renameat2`` has had a wrapper since glibc 2.28, so its number is not needed.
"""

import ctypes
import errno
import fcntl
import os
import signal
from contextlib import suppress

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

_OPENAT2 = 437
_AT_FDCWD = -100
_NO_XDEV, _NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 1, 2, 4, 8
_RENAME_NOREPLACE = 1
_TRIES = 16


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def open_beneath(folder: int, path: str, flags: int) -> int:
    """Open ``path`` below an open folder, on its mount, through no link of any kind. OSError."""
    return _openat2(folder, path, flags, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS | _NO_XDEV)


def open_plain(path: str, flags: int) -> int:
    """Open an absolute path in which no part may be a symbolic link. OSError."""
    return _openat2(_AT_FDCWD, path, flags, _NO_SYMLINKS | _NO_MAGICLINKS)


def _openat2(folder: int, path: str, flags: int, resolve: int) -> int:
    how = _OpenHow(flags | os.O_CLOEXEC, 0, resolve)
    # The kernel answers EAGAIN when something was renamed while it looked the path up.
    for attempt in range(_TRIES):
        opened = _libc.syscall(
            ctypes.c_long(_OPENAT2),
            ctypes.c_int(folder),
            ctypes.c_char_p(os.fsencode(path)),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        number = ctypes.get_errno()
        if opened >= 0:
            return int(opened)
        if number not in (errno.EAGAIN, errno.EINTR) or attempt == _TRIES - 1:
            break
    raise OSError(number, os.strerror(number), path)


def rename_exclusive(folder: int, name: str, new_folder: int, new_name: str) -> None:
    """Rename within one mount; FileExistsError rather than overwrite anything. OSError."""
    failed = _libc.renameat2(
        ctypes.c_int(folder),
        ctypes.c_char_p(os.fsencode(name)),
        ctypes.c_int(new_folder),
        ctypes.c_char_p(os.fsencode(new_name)),
        ctypes.c_uint(_RENAME_NOREPLACE),
    )
    if failed:
        number = ctypes.get_errno()
        if number == errno.EINVAL:
            raise OSError(errno.EOPNOTSUPP, "this file system cannot rename without overwriting")
        raise OSError(number, os.strerror(number), name)


def take_lease(descriptor: int) -> None:
    """Ask to be told before anybody opens this file for writing.

    Raises BlockingIOError if somebody has it open for writing already, mapped memory included.
    Somebody who opens it for writing now waits until the lease is dropped, at most 45 seconds.
    """
    # A broken lease is told by SIGIO, which would end the process; SIGURG is ignored by default.
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise OSError(errno.EOPNOTSUPP, "this file system has no leases") from error
        raise


def lease_holds(descriptor: int) -> bool:
    """Whether nobody has asked to write since ``take_lease``."""
    return fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def drop_lease(descriptor: int) -> None:
    """Let whoever waits to write go on."""
    with suppress(BlockingIOError):  # the kernel took it back: somebody waited too long
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def mount_of(descriptor: int) -> int:
    """The number of the mount a descriptor lies on: a bind mount differs where st_dev does not."""
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name == "mnt_id":
                return int(value)
    raise OSError(errno.ENOSYS, "the kernel names no mount for a descriptor")

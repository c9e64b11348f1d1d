"""Landlock with an empty ruleset, by ctypes: no file can be opened, made, renamed or removed.

Newer kernels know more kinds of access; each is asked for only where the kernel has it. Descriptors
that are already open go on working, which is just what the worker needs.
"""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

_CREATE, _RESTRICT = 444, 446
_ASK_VERSION = 1
_FS_BITS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From which version on how many kinds of access to files are known."""
_NET_FROM, _SCOPE_FROM = 4, 6
_ALL_NET = 0b11
_ALL_SCOPES = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("fs", ctypes.c_uint64),
        ("net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def version() -> int:
    """The kernel's version of Landlock, 0 where there is none."""
    answer = _call(_CREATE, None, 0, _ASK_VERSION)
    return max(0, answer)


def restrict() -> int:
    """Take away every access that the kernel can take away; returns the version, 0 for none.

    Needs NO_NEW_PRIVS. Raises OSError where the kernel has Landlock and refuses.
    """
    known = version()
    if known == 0:
        return 0
    bits = max(count for since, count in _FS_BITS if known >= since)
    rules = _Ruleset(
        (1 << bits) - 1,
        _ALL_NET if known >= _NET_FROM else 0,
        _ALL_SCOPES if known >= _SCOPE_FROM else 0,
    )
    size = 24 if known >= _SCOPE_FROM else 16 if known >= _NET_FROM else 8
    ruleset = _call(_CREATE, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset was refused")
    try:
        if _call(_RESTRICT, ruleset, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "landlock_restrict_self was refused")
    finally:
        os.close(ruleset)
    return known


def _call(number: int, first: object, second: int, third: int) -> int:
    head = ctypes.c_int(first) if isinstance(first, int) else first
    return int(
        _libc.syscall(ctypes.c_long(number), head, ctypes.c_size_t(second), ctypes.c_uint32(third))
    )

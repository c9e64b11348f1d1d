"""A seccomp filter by ctypes: an allow-list of system calls, everything else answers EPERM.

The list is what reading one descriptor, computing and answering on one socket take. There is no
call in it that names a file, so not even the size of one can be asked; memory can never be made
executable; and no descriptor can be sent.
"""

import ctypes
import errno
import platform
import struct

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_SECCOMP, _FILTER = 22, 2
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _HAS_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _THIRD_ARGUMENT_AT = 0, 4, 32
_PROT_EXEC = 4

_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10,
        "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15,
        "pread64": 17, "sched_yield": 24, "mremap": 25, "madvise": 28, "setitimer": 38,
        "sendto": 44, "recvfrom": 45, "recvmsg": 47, "exit": 60, "futex": 202,
        "restart_syscall": 219, "clock_gettime": 228, "exit_group": 231, "ppoll": 271,
        "getrandom": 318,
    },
    "aarch64": {
        "close": 57, "lseek": 62, "read": 63, "write": 64, "pread64": 67, "ppoll": 73,
        "exit": 93, "exit_group": 94, "futex": 98, "setitimer": 103, "clock_gettime": 113,
        "sched_yield": 124, "restart_syscall": 128, "rt_sigaction": 134, "rt_sigprocmask": 135,
        "rt_sigreturn": 139, "sendto": 206, "recvfrom": 207, "recvmsg": 212, "brk": 214,
        "munmap": 215, "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233,
        "getrandom": 278,
    },
}  # fmt: skip
_NEVER_EXECUTABLE = ("mmap", "mprotect")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def restrict() -> bool:
    """Install the filter; false on a processor it has not been written for. Raises OSError.

    Needs NO_NEW_PRIVS.
    """
    machine = platform.machine()
    if machine not in _CALLS:
        return False
    code = program(_ARCHES[machine], _CALLS[machine])
    buffer = ctypes.create_string_buffer(code, len(code))
    filter = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    if _libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(filter), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused the seccomp filter")
    return True


def program(arch: int, calls: dict[str, int]) -> bytes:
    """The filter as BPF: a call of another architecture kills, an unlisted one is refused."""
    code = [
        _step(_LOAD, _ARCH_AT),
        _step(_EQUAL, arch, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
    ]
    for name, number in sorted(calls.items()):
        if name in _NEVER_EXECUTABLE:
            code += _unless_executable(number)
        else:
            code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ALLOW)]
    return b"".join([*code, _step(_RETURN, _ERRNO | errno.EPERM)])


def _unless_executable(number: int) -> list[bytes]:
    return [
        _step(_EQUAL, number, 0, 4),
        _step(_LOAD, _THIRD_ARGUMENT_AT),
        _step(_HAS_BITS, _PROT_EXEC, 1, 0),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, _ERRNO | errno.EPERM),
    ]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)

"""The worker's sandbox on Linux: another account, limits, Landlock and seccomp, in that order.

The order matters. The account is changed while the process is still root; changing it clears the
death signal, which is therefore set after it; Landlock and seccomp want NO_NEW_PRIVS first; and
seccomp comes last, since it refuses the calls that set up everything before it.
"""

import ctypes
import os
import pwd
import resource
import signal

from collectors.recognise import idle_io_linux, landlock_linux, seccomp_linux
from collectors.recognise.message import Layers

MEMORY = 512 << 20
"""Bytes of address space. Python, the rules and PDFium map about 50 MB before the first file."""

NICENESS = 19
"""A sweep must not be felt."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_ALL_CPU = 3600
"""Seconds of processor time in a worker's whole life; per document see ``limit_cpu``."""
_LIMITS = (
    (resource.RLIMIT_CPU, _ALL_CPU),
    (resource.RLIMIT_NOFILE, 16),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
)

_libc = ctypes.CDLL(None, use_errno=True)


def enter(user: str, memory: int = MEMORY) -> Layers:
    """Give up every right for good; says which layers took hold. Raises OSError.

    ``memory`` is the address space that is left to this process, in bytes.
    """
    parent = os.getppid()
    dropped = _change_account(user)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)
    _prctl(_PR_SET_DUMPABLE, 0)
    os.nice(NICENESS)
    idle_io_linux.enter_idle_class()
    for limit, value in ((resource.RLIMIT_AS, memory), *_LIMITS):
        resource.setrlimit(limit, (value, value))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    landlock = landlock_linux.restrict()
    seccomp = seccomp_linux.restrict()
    return Layers(landlock=landlock, seccomp=seccomp, uid_dropped=dropped)


def limit_cpu(seconds: float) -> None:
    """End this process once it has used that much processor time from now on; 0 lifts it."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _change_account(user: str) -> bool:
    if os.geteuid() != 0:
        return False
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        account = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    return True


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")

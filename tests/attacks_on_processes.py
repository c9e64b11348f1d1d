"""What a person without root's rights tries on a process of another, with none of our code.

``python3 attacks_on_processes.py PID...`` prints a line of JSON for each process: what was tried,
and the errno by which the kernel refused it; null is an attack that succeeded, and 2 or 3 one that
found the process gone.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable

_libc = ctypes.CDLL(None, use_errno=True)
_ATTACH, _SEIZE = 16, 0x4206
_IOPRIO_SET, _IDLE = 251, 3 << 13
_PIDFD_GETFD = 438


def checked(result: int) -> None:
    """Raise what the kernel said of a call of the C library."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def attacks(pid: int) -> dict[str, Callable[[], object]]:
    """Each attack by its name."""
    proc = f"/proc/{pid}"
    found: dict[str, Callable[[], object]] = {
        one.name.lower(): lambda one=one: os.kill(pid, one)  # type: ignore[misc]
        for one in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGUSR1)
    }
    return found | {
        "ptrace": lambda: checked(_libc.ptrace(_ATTACH, pid, 0, 0)),
        "ptrace-seize": lambda: checked(_libc.ptrace(_SEIZE, pid, 0, 0)),
        "read-memory": lambda: os.close(os.open(f"{proc}/mem", os.O_RDONLY)),
        "write-memory": lambda: os.close(os.open(f"{proc}/mem", os.O_RDWR)),
        "read-environment": lambda: os.close(os.open(f"{proc}/environ", os.O_RDONLY)),
        "take-a-file": lambda: checked(_libc.syscall(_PIDFD_GETFD, os.pidfd_open(pid), 0, 0)),
        "list-files": lambda: os.listdir(f"{proc}/fd"),
        "nice": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
        "ionice": lambda: checked(_libc.syscall(_IOPRIO_SET, 1, pid, _IDLE)),
        "affinity": lambda: os.sched_setaffinity(pid, {0}),
        "scheduler": lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
        "limit-files": lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (4, 4)),
        "limit-size": lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0)),
        "oom-first": lambda: os.close(os.open(f"{proc}/oom_score_adj", os.O_WRONLY)),
        "move-pages": lambda: checked(_libc.syscall(256, pid, 64, b"\1" * 8, b"\1" * 8)),
    }


def refusal(attack: Callable[[], object]) -> int | None:
    """The errno by which an attack failed; None if it succeeded."""
    try:
        attack()
    except (PermissionError, ProcessLookupError, FileNotFoundError) as error:
        return error.errno
    except ValueError as error:  # how the module ``resource`` tells of EPERM
        return None if "not allowed" not in str(error) else 1
    return None


if __name__ == "__main__":
    for word in sys.argv[1:]:
        tried = attacks(int(word))
        print(json.dumps({name: refusal(attack) for name, attack in tried.items()}))

"""Linux: starting the probe, and what the probe gives up before it reads its first byte.

The child runs as nobody when its parent is root, cannot gain rights, write a file, start a process
or use more than a little memory and time.
"""

import ctypes
import os
import resource
import subprocess
import sys

NOBODY = 65_534
SECONDS = 20.0
"""A slow stick needs a second or two; what takes longer does not answer at all."""
_GRACE = 2.0
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_LIMITS = {
    resource.RLIMIT_AS: 256 * 1024 * 1024,
    resource.RLIMIT_CPU: 10,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NOFILE: 16,
    resource.RLIMIT_CORE: 0,
}


def ask_child(module: str, argument: str, disk: int, most: int) -> bytes:
    """Run ``module`` as a child with ``disk`` as its input; its output, at most ``most`` bytes.

    Raises OSError if the child fails or does not end in time.
    """
    child = subprocess.Popen(
        [sys.executable, "-I", "-m", module, argument],
        stdin=disk,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        close_fds=True,
    )
    try:
        output, _ = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        _end(child)
        raise TimeoutError(f"no answer within {SECONDS:.0f} s") from error
    if child.returncode != 0 or len(output) > most:
        raise OSError(f"the probe ended with {child.returncode} and {len(output)} bytes")
    return output


def give_up_rights() -> None:
    """Keep nothing but the open descriptors; raises OSError if anything could not be given up."""
    libc = ctypes.CDLL(None, use_errno=True)
    for limit, value in _LIMITS.items():
        resource.setrlimit(limit, (value, value))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_DUMPABLE, 0)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Kill the child; one that hangs in the kernel on a broken disk is left to it."""
    child.kill()
    try:
        child.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        if child.stdout is not None:
            child.stdout.close()

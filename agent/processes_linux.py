"""Processes on Linux: starting one, giving rights up for good, ending with the parent."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from agent.errors import AgentError

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
Child = subprocess.Popen[bytes]
LONGEST_PAUSE = 60.0
"""Seconds before a process that keeps ending is started again."""


def start(module: str, arguments: Sequence[str], log: Path | None = None) -> Child:
    """Start one of our own modules with this interpreter; what it prints goes to ``log``."""
    with open(log, "ab") if log else contextlib.nullcontext() as output:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=ENVIRONMENT,
            cwd="/",
            close_fds=True,
        )


def ask(module: str, arguments: Sequence[str], timeout: float = 60.0) -> str:
    """Run one of our own modules to its end; what it printed. Raises AgentError if it failed."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=ENVIRONMENT,
        cwd="/",
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise AgentError(f"{module} {' '.join(arguments[:2])} failed: {said}")
    return done.stdout.decode("utf-8")


def keep_running(module: str, arguments: Sequence[str], stop: threading.Event) -> None:
    """Run one of our own modules until ``stop`` is set; start it again when it ends."""
    pause = 1.0
    while not stop.is_set():
        child = start(module, arguments)
        while child.poll() is None and not stop.wait(0.2):
            pass
        end(child)
        stop.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def end(child: Child) -> None:
    """End a process: asked first, then made to."""
    child.terminate()
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def drop_rights(user: str) -> None:
    """As root, become ``user`` (``nobody`` if there is no such user); never gain rights again."""
    if os.geteuid() == 0:
        entry = _account(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def end_with_parent(parent: int) -> None:
    """Be killed when the parent (a pid) dies; end now if it is dead already.

    Call it after dropping rights: that clears the setting.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


def boot_id() -> str:
    """The kernel's random name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def account_uid(user: str) -> int:
    """The uid that ``drop_rights(user)`` ends up with when started as root."""
    return _account(user).pw_uid


def _account(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user or "nobody")
    except KeyError:
        return pwd.getpwnam("nobody")


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl was refused")

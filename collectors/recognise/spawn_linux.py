"""Starts a worker on Linux: a fresh interpreter that inherits one socket and nothing else.

A fresh interpreter, not a fork: the agent has threads, keys and open files that must not come
along. ``-I`` keeps the environment and the current folder out of the import path.
"""

import contextlib
import functools
import socket
import subprocess
import sys
from dataclasses import dataclass

_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
_WORKER = "collectors.recognise.worker"
_OCR_WORKER = "collectors.recognise.ocr_worker"
_END = 5.0


@dataclass(frozen=True, slots=True)
class Child:
    """A worker process and our end of its socket, which keeps packets apart."""

    process: subprocess.Popen[bytes]
    socket: socket.socket

    def gone(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def died_of_time(self) -> bool:
        """Whether a worker that is gone ended itself for using too much processor time."""
        return self.end() in (-27, -24)  # SIGPROF, SIGXCPU

    def end(self, kill: bool = False) -> int:
        """Close the socket, at which a worker ends by itself, or kill it. The exit code."""
        if kill:
            self.process.kill()
        self.socket.close()
        try:
            return self.process.wait(_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def spawn(user: str, idle: float, module: str = _WORKER, own: bytes = b"") -> Child:
    """Start a worker that becomes ``user`` if it can and ends after ``idle`` seconds without work.

    ``own`` are the organisation's rules in a packet; nobody else on the laptop sees them pass.

    Raises OSError if no process can be started.
    """
    with contextlib.ExitStack() as both:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        both.enter_context(theirs)
        given = "1" if own else "0"
        if own:
            ours.send(own)
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", module, str(theirs.fileno()), user, str(idle), given],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            close_fds=True,
            pass_fds=(theirs.fileno(),),
        )
    return Child(process, ours)


spawn_ocr = functools.partial(spawn, module=_OCR_WORKER)
"""Start a worker that reads pictures of pages, which needs more memory and time."""

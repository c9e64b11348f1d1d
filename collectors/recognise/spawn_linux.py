"""Starts a worker on Linux: a fresh interpreter that inherits one socket and nothing else.

A fresh interpreter, not a fork: the agent has threads, keys and open files that must not come
along. ``-I`` keeps the environment and the current folder out of the import path.
"""

import contextlib
import functools
import os
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from collectors import starting_linux

_WORKER = "collectors.recognise.worker"
_OCR_WORKER = "collectors.recognise.ocr_worker"
_END = 5.0
_MOST_MEMORY = 256 << 20
"""Half of what ``sandbox_linux`` allows; a worker that is well holds a fifth at most."""


def own_peak() -> int:
    """Bytes of memory that this process held at most. Not from ``getrusage``, which counts what
    the program held that started this one."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


@dataclass(slots=True)
class Child:
    """A worker process and our end of its socket, which keeps packets apart."""

    process: subprocess.Popen[bytes] | starting_linux.Started
    socket: socket.socket
    peak: int = 0
    """Bytes of memory that it held at most, known once it has ended; what this process held when
    it started the worker counts too, which is all that ``floor`` is for."""
    floor: int = field(default_factory=own_peak)

    def gone(self) -> bool:
        """Whether the process has ended."""
        if self.process.returncode is None:
            self._look()
        return self.process.returncode is not None

    def _look(self) -> None:
        if isinstance(self.process, starting_linux.Started):
            self.process.poll()
            self.peak, self.floor = self.process.peak, self.process.floor
            return
        ended, status, used = os.wait4(self.process.pid, os.WNOHANG)
        if ended:
            self.process.returncode = os.waitstatus_to_exitcode(status)
            self.peak = used.ru_maxrss * 1024

    def died_of_time(self) -> bool:
        """Whether a worker that is gone ended itself for using too much processor time."""
        return self.end() in (-27, -24)  # SIGPROF, SIGXCPU

    def died_of_memory(self) -> bool:
        """Whether a worker that is gone broke down with most of its memory in use: native code
        does not say so, but touches an address where there is nothing."""
        return self.end() < 0 and self.peak > max(_MOST_MEMORY, self.floor)

    def end(self, kill: bool = False) -> int:
        """Close the socket, at which a worker ends by itself, or kill it. The exit code."""
        if kill and not self.gone():
            self.process.kill()
        self.socket.close()
        end, pause = time.monotonic() + _END, 0.0005
        while not self.gone():
            if time.monotonic() > end:
                self.process.kill()
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        return self.process.returncode or 0


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
        try:
            process = starting_linux.start(module, [user, str(idle), given], passed=theirs.fileno())
        except OSError:
            ours.close()
            raise
    return Child(process, ours)


spawn_ocr = functools.partial(spawn, module=_OCR_WORKER)
"""Start a worker that reads pictures of pages, which needs more memory and time."""

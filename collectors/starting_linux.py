"""Linux: starting a process of ours that is to be somebody else, which takes rights of its own.

The installed agent may not change accounts. Beside it waits the starter (``agent.starter_linux``),
which can do that and little else; its unit's environment says where (``STARTER``). Without one this
process starts the child itself. Either way the caller has what looks like ``subprocess.Popen``.

One connection stands for one child. It begins with a packet that says what to start, with the
descriptors it is given, and is answered by the child's number, or by why there is none; at the
child's end comes one more. ``kill``, or closing the connection, kills the child.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from collectors.fresh_linux import LONGEST, PERSON, here

STARTER = "DOSSIERWACHT_STARTER"
"""Names the environment's variable with the path of the starter's socket."""
KILL = b"kill"
_SECONDS = 30.0
"""Longest the starter may take to say that a child is there."""


@dataclass(kw_only=True, slots=True)
class Started:
    """A child of the starter."""

    pid: int
    floor: int
    """Bytes that the starter held when it started the child, which count in ``peak``."""
    link: socket.socket
    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    returncode: int | None = None
    peak: int = field(default=0)

    def poll(self) -> int | None:
        """Its exit code as soon as it has ended."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises TimeoutError."""
        code = self._ended(timeout)
        if code is None:
            raise TimeoutError("a child of the starter does not end")
        return code

    def kill(self) -> None:
        """Have it killed."""
        with contextlib.suppress(OSError):
            self.link.send(KILL)

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """Close its input and wait for its end. Raises TimeoutError."""
        for stream in (self.stdin, self.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self.wait(timeout)
        return b"", b""

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self.link], [], [], seconds)[0]:
            told = _told(self.link)
            # A starter that is gone took its children along.
            self.returncode = int(told.get("code", -signal.SIGKILL))
            self.peak = int(told.get("peak", 0))
            self.link.close()
        return self.returncode


def start(
    module: str, words: Sequence[str], *, passed: int | None = None, **streams: int | None
) -> "subprocess.Popen[bytes] | Started":
    """Start a module that gives up its rights by itself; ``passed`` is an open descriptor whose
    number is its first word. ``streams`` are ``stdin`` and ``stdout``. Raises OSError."""
    place = os.environ.get(STARTER)
    if place is None:
        return here(module, words, passed=passed, **streams)
    return _asked(place, {"module": module, "words": list(words)}, passed, **streams)


def person(uid: int, session: str) -> Started | None:
    """Somebody who acts as ``uid`` in a session, by the starter; None if there can be nobody."""
    asked = {"module": PERSON, "words": [str(uid), session]}
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        stdin, writes = os.pipe()
        theirs.callback(os.close, stdin)
        to_it = ours.enter_context(open(writes, "wb", 0))
        reads, stdout = os.pipe()
        theirs.callback(os.close, stdout)
        from_it = ours.enter_context(open(reads, "rb", 0))
        with contextlib.suppress(OSError):
            child = _asked(os.environ[STARTER], asked, None, stdin=stdin, stdout=stdout)
            child.stdin, child.stdout = to_it, from_it
            ours.pop_all()
            return child
    return None


def _asked(
    place: str,
    asked: dict[str, Any],
    passed: int | None,
    stdin: int | None = None,
    stdout: int | None = None,
) -> Started:
    named = {"stdin": stdin, "stdout": stdout, "passed": passed}
    given = {name: number for name, number in named.items() if number is not None}
    packet = json.dumps(asked | {"given": list(given)}).encode("ascii")
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        link.settimeout(_SECONDS)
        link.connect(place)
        socket.send_fds(link, [packet], list(given.values()))
        told = _told(link)
        if "pid" not in told:
            raise OSError(f"the starter started nothing: {told.get('why', 'it is gone')}")
        return Started(pid=int(told["pid"]), floor=int(told["floor"]), link=link)
    except BaseException:
        link.close()
        raise


def _told(link: socket.socket) -> Mapping[str, Any]:
    """What the starter says; nothing if it is gone."""
    try:
        told = json.loads(link.recv(LONGEST) or b"{}")
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}

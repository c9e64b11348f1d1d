"""Linux: what has to be done and seen with the rights of the person whose screen it is.

Root connects to no bus and no screen of a person. A process of ours becomes the person for good and
is told one word a line; it answers with known words, and whatever else it says counts as nothing.
It is slow, silent or gone: then there was nobody to ask, and the other steps go on.
"""

import contextlib
import os
import pwd
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Protocol

ASKED = "asked"
COVERED = "covered"
_KNOWN = frozenset({ASKED, COVERED})
_ANSWER = 4.0
"""Seconds one answer may take; the first includes the start of the process."""
_FIRST = 0.5
_LONGEST = 64
_DIGITS = 10
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1"}


class Child(Protocol):
    """What is needed of a process that was started."""

    @property
    def stdin(self) -> IO[bytes] | None: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    def kill(self) -> None: ...
    def communicate(self, *, timeout: float) -> object: ...


elsewhere: Callable[[int, str], Child | None] | None = None
"""Who starts a person's process where this one may not change accounts; set by the agent."""


class Person:
    """The process in the person's place; without one nothing is done and nothing seen."""

    def __init__(self, child: Child | None) -> None:
        self._child = child
        self._owed = False

    def was_covered(self) -> bool:
        """Whether a locker that surely locks covered the screen before anybody was asked to.

        A process that is slow to start is not waited for long: its answer is then not used.
        """
        answer = self._answer("before", _FIRST)
        return COVERED in _known(answer)

    def does(self, word: str) -> bool:
        """Whether somebody was asked to do this."""
        return ASKED in _known(self._answer(word))

    def sees_cover(self) -> bool:
        """Whether a locker covers the person's screen."""
        return COVERED in _known(self._answer("look"))

    def idle(self) -> int | None:
        """Seconds since something was touched, by the person's X server; None if it is not told."""
        answer = self._answer("idle").strip()
        return int(answer) if answer.isdigit() and len(answer) < _DIGITS else None

    def _answer(self, word: str, patience: float = _ANSWER) -> bytes:
        """The answer to one word; nothing if it does not come in time."""
        if self._child is None or self._child.stdin is None:
            return b""
        if self._owed and not self._line(_ANSWER):
            return b""
        try:
            self._child.stdin.write(f"{word}\n".encode())
        except OSError:
            self.end()
            return b""
        return self._line(patience)

    def _line(self, patience: float) -> bytes:
        """One whole line; a process that sends none in ``_ANSWER`` seconds is done with."""
        line = self._read(patience)
        self._owed = not line and patience < _ANSWER
        if not self._owed and not line.endswith(b"\n"):
            self.end()
            return b""
        return line

    def _read(self, patience: float) -> bytes:
        assert self._child is not None
        assert self._child.stdout is not None
        descriptor, end, line = self._child.stdout.fileno(), time.monotonic() + patience, b""
        while not line.endswith(b"\n") and len(line) < _LONGEST:
            left = end - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                break
            if not (more := os.read(descriptor, _LONGEST - len(line))):
                break
            line += more
        return line

    def end(self) -> None:
        """Let the process go."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            with contextlib.suppress(OSError):
                child.communicate(timeout=5)


def _known(answer: bytes) -> frozenset[str]:
    return _KNOWN & frozenset(answer.decode("ascii", "replace").split())


@contextlib.contextmanager
def person(uid: int, session: str) -> Iterator[Person]:
    """Somebody who acts as ``uid`` in the session; root's own screen is none of a person."""
    who = Person(_started(uid, session))
    try:
        yield who
    finally:
        who.end()


def _started(uid: int, session: str) -> Child | None:
    if elsewhere is not None:
        return elsewhere(uid, session)
    try:
        account = pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        return None
    other = uid != os.geteuid()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "enforcement.in_session", session],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**_ENVIRONMENT, "XDG_RUNTIME_DIR": f"/run/user/{uid}", "HOME": account.pw_dir},
            cwd="/",
            bufsize=0,
            user=uid if other else None,
            group=account.pw_gid if other else None,
            extra_groups=() if other else None,
        )
    return None

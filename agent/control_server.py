"""The agent's end of the control socket: who is calling decides what may be asked.

The kernel names the caller's uid (SO_PEERCRED); nothing in the question can change it. Staff may
ask for the status and report a leak, the sender may take batches and bring replies, root and the
agent's own user may ask everything. Questions are short, answered in threads that are few, and a
caller that dawdles is cut off, so nobody on the laptop can keep others from asking. Whoever waits
to be told of a change is handed on (``Later``), and holds neither a thread nor a place here.
"""

import contextlib
import json
import logging
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.peer import peer_of

log = logging.getLogger(__name__)

LONGEST_QUESTION = 2 * 1024 * 1024
"""Bytes; a collector's reply passes through here."""
LONGEST_OF_STAFF = 64 * 1024
PATIENCE = 5.0
"""Seconds within which a caller must have put its whole question, and have taken the answer."""
MOST_CALLERS = 32
"""Staff who may be asking at once; the sender and root have places of their own."""
MOST_OF_ONE = 8
"""Questions of one user at once."""
BACKLOG = 1024
"""Connections that may wait to be taken; somebody who makes hundreds must turn nobody else away."""
PAUSE = 0.5
"""Seconds after which a connection that could not be taken is tried again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks, as the kernel says, and the file they handed over with their question."""

    uid: int
    pid: int
    descriptor: int | None = None


class Refused(AgentError):
    """A question that is not answered; ``code`` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Later:
    """In the place of an answer: who takes the connection over, and answers when it is time."""

    take: Callable[[socket.socket], None]


Answer = Callable[[Caller, Mapping[str, Any]], Mapping[str, Any] | Later]
Allowed = Callable[[Caller], Collection[str]]


class ControlServer:
    """Answers on a Unix socket until closed."""

    def __init__(self, path: Path, answers: Mapping[str, Answer], allowed: Allowed) -> None:
        self._path = path
        self._answers = answers
        self._allowed = allowed
        self._callers: Counter[int] = Counter()
        self._counting = threading.Lock()
        self._closed = threading.Event()
        self._socket = _listen(path)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop answering and remove the socket."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # closing alone wakes nobody who waits in it
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                self._take()
            except (OSError, RuntimeError) as error:  # out of descriptors or threads for a while
                if not self._closed.wait(PAUSE):
                    log.warning("no connection can be taken now: %s", error)

    def _take(self) -> None:
        connection, _ = self._socket.accept()
        try:
            caller = _peer(connection)
            allowed = self._allowed(caller)
            if not self._enter(caller, staff="reply" not in allowed):
                connection.close()
                return
            meeting = threading.Thread(
                target=self._meet, args=(connection, caller, allowed), daemon=True
            )
            self._start(meeting, caller)
        except BaseException:
            connection.close()
            raise

    def _start(self, meeting: threading.Thread, caller: Caller) -> None:
        try:
            meeting.start()
        except RuntimeError:
            self._leave(caller)
            raise

    def _enter(self, caller: Caller, *, staff: bool) -> bool:
        """Whether there is a place; nobody can take so many that others find none."""
        with self._counting:
            full = staff and self._callers.total() >= MOST_CALLERS
            if full or self._callers[caller.uid] >= MOST_OF_ONE:
                return False
            self._callers[caller.uid] += 1
            return True

    def _leave(self, caller: Caller) -> None:
        with self._counting:
            self._callers[caller.uid] -= 1
            self._callers += Counter()  # forget those at none

    def _meet(self, connection: socket.socket, caller: Caller, allowed: Collection[str]) -> None:
        try:
            with connection:
                answer = self._answer(caller, allowed, connection)
                if isinstance(answer, Later):
                    answer.take(connection.dup())
                    return
                connection.settimeout(PATIENCE)
                connection.sendall(json.dumps(answer).encode("utf-8") + b"\n")
        except OSError as error:
            log.debug("a caller went away: %s", error)
        finally:
            self._leave(caller)

    def _answer(
        self, caller: Caller, allowed: Collection[str], connection: socket.socket
    ) -> Mapping[str, Any] | Later:
        shown = _Shown()
        try:
            longest = LONGEST_QUESTION if "reply" in allowed else LONGEST_OF_STAFF
            verb, arguments = _question(_line(connection, longest, shown))
            if verb not in self._answers:
                raise Refused("unknown", f"there is no question '{verb}'")
            if verb not in allowed:
                raise Refused("forbidden", f"you may not ask '{verb}'")
            return self._answers[verb](replace(caller, descriptor=shown.first()), arguments)
        except Refused as error:
            return {"error": {"code": error.code, "message": str(error)}}
        except AgentError as error:
            log.warning("a question failed: %s", error)
            return {"error": {"code": "failed", "message": str(error)}}
        finally:
            shown.close()


def _listen(path: Path) -> socket.socket:
    """A socket that every user of the laptop can reach; who may ask what is decided per caller."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise AgentError(f"cannot open the control socket {path}: {error}") from error
    os.chmod(path, 0o666)  # noqa: S103 (the kernel names each caller)
    listener.listen(BACKLOG)
    return listener


def _peer(connection: socket.socket) -> Caller:
    pid, uid = peer_of(connection)
    return Caller(uid=uid, pid=pid)


class _Shown:
    """The open files that came with a question; all are closed when it has been answered."""

    def __init__(self) -> None:
        self._descriptors: list[int] = []

    def add(self, descriptors: list[int]) -> None:
        self._descriptors += descriptors
        for one in self._descriptors[1:]:
            os.close(one)
        del self._descriptors[1:]

    def first(self) -> int | None:
        return self._descriptors[0] if self._descriptors else None

    def close(self) -> None:
        for one in self._descriptors:
            os.close(one)


def _line(connection: socket.socket, longest: int, shown: _Shown) -> bytes:
    received, end = bytearray(), time.monotonic() + PATIENCE
    while not received.endswith(b"\n"):
        connection.settimeout(max(0.001, end - time.monotonic()))
        piece, descriptors, _, _ = socket.recv_fds(connection, 65_536, 1, socket.MSG_CMSG_CLOEXEC)
        shown.add(descriptors)
        if not piece:
            raise Refused("garbled", "the question ended before its end of line")
        received += piece
        if len(received) > longest:
            raise Refused("too-long", f"a question holds at most {longest} bytes")
    return bytes(received)


def _question(line: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        given = json.loads(line)
        verb, arguments = given["verb"], given["arguments"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("garbled", "a question is a JSON object with verb and arguments") from error
    if not isinstance(verb, str) or not isinstance(arguments, dict):
        raise Refused("garbled", "verb is a text and arguments an object")
    return verb, arguments

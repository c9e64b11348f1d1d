"""Asking the agent: one question over its socket, one answer, as lines of JSON.

This half imports nothing of the agent but its errors, since the tray uses it with the staff
member's own rights. What a caller may ask is decided at the other end, by who the kernel says
is calling (``agent.control_server``).
"""

import json
import socket
import time
from pathlib import Path
from typing import Any

from agent.errors import AgentError

LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes."""
_PLACE = 0.05
"""Seconds between two tries to get a place among those who wait."""


class ControlError(AgentError):
    """The agent could not be asked, or refused; ``code`` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def ask(
    path: Path,
    verb: str,
    *,
    timeout: float = 10.0,
    descriptor: int | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Put one question; ``timeout`` in seconds. Raises ControlError.

    An open ``descriptor`` goes along, for the agent to see that the caller may read that file.
    """
    question = json.dumps({"verb": verb, "arguments": arguments}).encode("utf-8") + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            _connect(connection, path, timeout)
            _send(connection, question, descriptor)
            answer = _line(connection)
    except OSError as error:
        raise ControlError("offline", _advice(path, error)) from error
    return _read(answer)


def _connect(connection: socket.socket, path: Path, timeout: float) -> None:
    """Connect, and wait for a place where so many are waiting that the kernel has none."""
    end = time.monotonic() + timeout
    while True:
        try:
            return connection.connect(str(path))
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(_PLACE)


def _send(connection: socket.socket, question: bytes, descriptor: int | None) -> None:
    sent = 0
    if descriptor is not None:
        sent = socket.send_fds(connection, [question], [descriptor])
    if sent < len(question):  # whoever has the whole question may have answered and hung up
        connection.sendall(question[sent:])


def _line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        piece = connection.recv(65_536)
        if not piece or len(received) > LONGEST_ANSWER:
            raise ConnectionResetError("the agent hung up before its answer was complete")
        received += piece
    return bytes(received)


def _read(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise ControlError("garbled", "the agent's answer is not JSON") from error
    if not isinstance(found, dict):
        raise ControlError("garbled", "the agent's answer is no object")
    if "error" in found:
        raise ControlError(str(found["error"]["code"]), str(found["error"]["message"]))
    return found


def _advice(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return f"no agent answers at {path}; is it running?"
    if isinstance(error, PermissionError):
        return f"you may not use {path}; ask as the owner of the agent or as root"
    if isinstance(error, TimeoutError):
        return f"the agent at {path} did not answer in time"
    return f"cannot ask the agent at {path}: {error}"

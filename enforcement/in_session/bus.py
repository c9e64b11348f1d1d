"""The person's own message bus, and the system's as they may use it, asked one thing at a time."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from jeepney import DBusAddress, Message, MessageFlag, MessageType, new_method_call
from jeepney.auth import AuthenticationError
from jeepney.io.blocking import DBusConnection, open_dbus_connection

SECONDS = 1.5
"""Longest wait for one answer."""


class BusError(Exception):
    """The bus, or who was asked on it, does not answer or says no."""


SYSTEM = "SYSTEM"


@contextlib.contextmanager
def connected(address: str = "") -> Iterator[DBusConnection]:
    """A connection to the session's bus, or to another. Raises BusError."""
    try:
        bus = open_dbus_connection(bus=address or _own(), auth_timeout=SECONDS)
    except (OSError, AuthenticationError, RuntimeError, ValueError) as error:
        raise BusError(f"the bus cannot be reached: {error}") from error
    with contextlib.closing(bus):
        yield bus


def _own() -> str:
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    return os.environ.get("DBUS_SESSION_BUS_ADDRESS") or f"unix:path={runtime}/bus"


def call(
    bus: DBusConnection,
    at: DBusAddress,
    method: str,
    signature: str = "",
    body: tuple[Any, ...] = (),
) -> tuple[Any, ...]:
    """Call a method of something that runs already; nothing is started by it. Raises BusError."""
    question: Message = new_method_call(at, method, signature or None, body)
    question.header.flags |= MessageFlag.no_auto_start
    try:
        answer = bus.send_and_get_reply(question, timeout=SECONDS)
    except OSError as error:
        raise BusError(f"no answer: {error}") from error
    if answer.header.message_type is MessageType.error:
        raise BusError(str(answer.body[0] if answer.body else "refused"))
    said: tuple[Any, ...] = answer.body
    return said

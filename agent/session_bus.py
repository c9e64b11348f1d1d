"""The desktop's own message bus: showing a notification, asking how long nothing was touched.

Used with the staff member's own rights. Every call has an end: a desktop without a notification
daemon, or with one that hangs, costs a few seconds and nothing else. The idle time is asked of the
desktop that keeps one: Mutter (GNOME) and the KDE screen saver, both in milliseconds; KDE's answer
is missing under Wayland.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from jeepney import DBusAddress, Message, MessageType, new_method_call
from jeepney.auth import AuthenticationError
from jeepney.io.blocking import DBusConnection, open_dbus_connection

SECONDS = 3.0
"""Longest wait for one answer."""
SHOWN_SECONDS = 10.0
"""How long a notification is shown unless its sender knows better."""
_NOTIFICATIONS = DBusAddress(
    "/org/freedesktop/Notifications",
    "org.freedesktop.Notifications",
    "org.freedesktop.Notifications",
)
_IDLE: tuple[tuple[str, DBusAddress, str], ...] = (
    (
        "mutter",
        DBusAddress(
            "/org/gnome/Mutter/IdleMonitor/Core",
            "org.gnome.Mutter.IdleMonitor",
            "org.gnome.Mutter.IdleMonitor",
        ),
        "GetIdletime",
    ),
    (
        "kde-screen-saver",
        DBusAddress(
            "/org/freedesktop/ScreenSaver",
            "org.freedesktop.ScreenSaver",
            "org.freedesktop.ScreenSaver",
        ),
        "GetSessionIdleTime",
    ),
)


class BusError(Exception):
    """The desktop's bus, or the part of the desktop that was asked, does not answer."""


def notify(
    title: str,
    text: str,
    *,
    replaces: int = 0,
    lasts: float = SHOWN_SECONDS,
    seconds: float = SECONDS,
) -> int:
    """Show a notification; its number, to replace it with. Raises BusError."""
    actions: list[str] = []
    hints: dict[str, Any] = {}
    body = ("Dossierwacht", replaces, "", title, text, actions, hints, int(1000 * lasts))
    with connected() as bus:
        question = new_method_call(_NOTIFICATIONS, "Notify", "susssasa{sv}i", body)
        return int(_ask(bus, question, seconds))


def session_idle(*, seconds: float = SECONDS) -> tuple[float, str]:
    """Seconds since something was touched in this session, and who says so. Raises BusError."""
    with connected() as bus:
        for source, address, method in _IDLE:
            with contextlib.suppress(BusError):
                return int(_ask(bus, new_method_call(address, method), seconds)) / 1000, source
    raise BusError("no part of this desktop keeps an idle time")


@contextlib.contextmanager
def connected() -> Iterator[DBusConnection]:
    """A connection of one's own to the session's bus. Raises BusError."""
    try:
        bus = open_dbus_connection(bus=_address(), auth_timeout=SECONDS)
    except (OSError, AuthenticationError, RuntimeError, ValueError) as error:
        raise BusError(f"no session bus: {error}") from error
    with contextlib.closing(bus):
        yield bus


def _address() -> str:
    """Where the session's bus is, also when only the run-time folder is known."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    return os.environ.get("DBUS_SESSION_BUS_ADDRESS") or f"unix:path={runtime}/bus"


def _ask(bus: DBusConnection, question: Message, seconds: float) -> Any:
    try:
        answer = bus.send_and_get_reply(question, timeout=seconds)
    except OSError as error:
        raise BusError(f"no answer on the session bus: {error}") from error
    if answer.header.message_type is MessageType.error or not answer.body:
        raise BusError(str(answer.body[0] if answer.body else "an empty answer"))
    return answer.body[0]

"""Linux: logind tells of sleep, the lid's switch of the lid, udev of a security key.

All three are waited for at once, and nothing wakes the laptop in between. The device of a lid has
switches and no keys. A closed lid with a screen of a desk connected is somebody at work.
"""

import contextlib
import os
import select
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import pyudev
from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, message_bus
from jeepney import new_method_call as question
from jeepney.auth import AuthenticationError
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from collectors.base import Stop
from collectors.ending_linux import Ending
from collectors.lid_linux import Lid
from collectors.session_state import DeskError

SECONDS = 5.0
"""Longest wait for one answer."""
_MOST_HEARD = 64
_LOGIND = "org.freedesktop.login1"
_PATH = "/org/freedesktop/login1"
_MANAGER = DBusAddress(_PATH, _LOGIND, f"{_LOGIND}.Manager")
_PROPERTIES = DBusAddress(_PATH, _LOGIND, "org.freedesktop.DBus.Properties")
_BROKEN = (OSError, AuthenticationError, RuntimeError, ValueError, IndexError, TypeError)


class LinuxMoments:
    """The moments of this machine, as the words of ``leaving.Moment``."""

    def __init__(self, *, key: bool = False, lid: Lid | None = None) -> None:
        self._key = key
        self._lid = lid or Lid()
        self._ending = Ending()
        self._bus: DBusConnection | None = None
        self._heard: deque[Message] = deque(maxlen=_MOST_HEARD)
        self._held: int | None = None
        self._asleep = False
        self._monitor: pyudev.Monitor | None = None

    def wait(self, stop: Stop) -> Sequence[str]:
        """The moments that came. Raises DeskError if logind or its bus is not there."""
        try:
            bus = self._connected()
            self._hold()
            return list(self._came(bus, stop))
        except _BROKEN as error:
            self.close()
            raise DeskError(f"logind cannot be heard: {error}") from error

    def let_sleep(self) -> None:
        """Let go of what holds sleep up, once it was announced; it is held anew after waking."""
        if self._asleep:
            self._let_go()

    def close(self) -> None:
        """Let go of everything."""
        self._let_go()
        self._lid.close()
        if self._bus is not None:
            with contextlib.suppress(OSError):
                self._bus.close()
        self._bus, self._asleep = None, False

    def _came(self, bus: DBusConnection, stop: Stop) -> Iterator[str]:
        lids, monitor = self._lid.descriptors(), self._keys()
        watched = [bus.sock, self._ending.of(stop), *lids, *([monitor] if monitor else [])]
        ready, _, _ = select.select(watched, [], [], 0 if self._heard else None)
        if bus.sock in ready:
            _read(bus)
        if self._announced(bus):
            yield "sleep"
        if any(one in ready for one in lids) and self._lid.closed() and not self._docked(bus):
            yield "lid"
        if monitor is not None and monitor in ready and _pulled_out(monitor.poll(0)):
            yield "key"

    def _announced(self, bus: DBusConnection) -> bool:
        """Whether logind has said that the laptop is about to sleep; it says as well when it woke.

        While anything was asked of the bus, such words were put aside here. Anybody may send them;
        whose they are is asked of the bus.
        """
        announced = False
        while self._heard:
            message = self._heard.popleft()
            if message.header.fields.get(HeaderFields.sender) == _owner(bus):
                self._asleep = message.body[0] is True
                announced = announced or self._asleep
        return announced

    def _docked(self, bus: DBusConnection) -> bool:
        asked = question(_PROPERTIES, "Get", "ss", (f"{_LOGIND}.Manager", "Docked"))
        return _answer(bus, asked)[0][1] is True

    def _hold(self) -> None:
        """Have sleep wait for us, for as long as logind's own limit lets it."""
        if self._held is None and not self._asleep and self._bus is not None:
            what = ("sleep", "Dossierwacht", "locks the screen first", "delay")
            held = _answer(self._bus, question(_MANAGER, "Inhibit", "ssss", what))[0]
            self._held = held.to_raw_fd()

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
        self._held = None

    def _connected(self) -> DBusConnection:
        if self._bus is None:
            self._bus = open_dbus_connection(bus="SYSTEM", enable_fds=True, auth_timeout=SECONDS)
            about = {"type": "signal", "path": _PATH, "member": "PrepareForSleep"}
            rule = MatchRule(**about, interface=f"{_LOGIND}.Manager")
            self._heard.clear()
            self._bus.filter(rule, queue=self._heard)
            _answer(self._bus, message_bus.AddMatch(rule))
        return self._bus

    def _keys(self) -> pyudev.Monitor | None:
        if self._key and self._monitor is None:
            self._monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="udev")
            self._monitor.filter_by("hidraw")
            self._monitor.start()
        return self._monitor


def _pulled_out(device: pyudev.Device | None) -> bool:
    """Whether what went was a key for logging in; udev's own rule marks those."""
    return (
        device is not None
        and device.action == "remove"
        and device.properties.get("ID_SECURITY_TOKEN") == "1"
    )


def _owner(bus: DBusConnection) -> str:
    """Who is logind on this bus now."""
    return str(_answer(bus, message_bus.GetNameOwner(_LOGIND))[0])


def _read(bus: DBusConnection) -> None:
    """Take in whatever has come; what is waited for is put aside by its filter."""
    with contextlib.suppress(TimeoutError):
        while True:
            bus.recv_messages(timeout=0)


def _answer(bus: DBusConnection, asked: Message) -> tuple[Any, ...]:
    answer = bus.send_and_get_reply(asked, timeout=SECONDS)
    if answer.header.message_type is MessageType.error:
        raise OSError(str(answer.body[0] if answer.body else "refused"))
    body: tuple[Any, ...] = answer.body
    return body

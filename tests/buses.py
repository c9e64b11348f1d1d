# ruff: noqa: F821, F722  (on this bus, an annotation is a signature)
"""Real private message buses for tests, and services on them that answer as the real ones do."""

import asyncio
import contextlib
import shutil
import subprocess
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class PrivateBus:
    """A dbus-daemon of the test's own; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("dbus-daemon", path="/usr/bin:/bin")
        if program is None:
            pytest.skip("needs dbus-daemon")
        self.program = program
        self.path = folder / "bus"
        self.config = folder / "bus.conf"
        self.config.write_text(CONFIG.format(path=self.path))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"unix:path={self.path}"

    def start(self) -> None:
        command = [self.program, f"--config-file={self.config}", "--nofork", "--print-address"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith(b"unix:"), "the bus did not start"

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate(timeout=10)
            self.process = None
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


class Services:
    """Runs services on a bus, in a thread with its own loop."""

    def __init__(self, bus: PrivateBus) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.bus: MessageBus = self._run(self._connect(bus.address))

    async def _connect(self, address: str) -> MessageBus:
        return await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def offer(self, name: str, objects: dict[str, ServiceInterface]) -> None:
        async def export() -> None:
            for path, interface in objects.items():
                self.bus.export(path, interface)
            await self.bus.request_name(name)

        self._run(export())

    def add(self, path: str, interface: ServiceInterface) -> None:
        async def export() -> None:
            self.bus.export(path, interface)

        self._run(export())

    def remove(self, path: str) -> None:
        async def unexport() -> None:
            self.bus.unexport(path)

        self._run(unexport())

    def close(self) -> None:
        async def hang_up() -> None:
            self.bus.disconnect()
            with contextlib.suppress(Exception):
                await self.bus.wait_for_disconnect()

        self._run(hang_up())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@contextlib.contextmanager
def private_bus(folder: Path) -> Iterator[PrivateBus]:
    folder.mkdir(parents=True, exist_ok=True)
    bus = PrivateBus(folder)
    bus.start()
    try:
        yield bus
    finally:
        bus.stop()


@contextlib.contextmanager
def services(bus: PrivateBus) -> Iterator[Services]:
    running = Services(bus)
    try:
        yield running
    finally:
        running.close()


# --- logind ---------------------------------------------------------------------------------------

USUAL: dict[str, Any] = {
    "Type": "x11",
    "Class": "user",
    "Active": True,
    "State": "active",
    "Remote": False,
    "LockedHint": False,
    "IdleHint": False,
    "IdleSinceHintMonotonic": 0,
    "Timestamp": 1_700_000_000_000_000,
    "TimestampMonotonic": 0,
}
SIGNATURES = {"IdleSinceHintMonotonic": "t", "Timestamp": "t", "TimestampMonotonic": "t"}


def session_interface(values: dict[str, Any]) -> ServiceInterface:
    """org.freedesktop.login1.Session whose properties are read from ``values`` at each question."""

    def readable(name: str) -> Any:
        signature = SIGNATURES.get(name, "b" if isinstance(USUAL[name], bool) else "s")

        def get(self: ServiceInterface) -> Any:
            return values[name]

        get.__name__ = name
        get.__annotations__ = {"return": signature}
        return dbus_property(access=PropertyAccess.READ)(get)

    members = {name: readable(name) for name in USUAL}
    made = type("Session", (ServiceInterface,), members)
    return made("org.freedesktop.login1.Session")


class Manager(ServiceInterface):
    """org.freedesktop.login1.Manager with the questions that are asked of it."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.Manager")
        self.rows: list[list[Any]] = []
        self.inhibitors: list[list[Any]] = []
        self.asked = 0

    @dbus_method()
    def ListSessions(self) -> "a(susso)":
        self.asked += 1
        return self.rows

    @dbus_method()
    def ListInhibitors(self) -> "a(ssssuu)":
        return self.inhibitors


class Login1:
    """A logind that stands in: its sessions are dictionaries that a test may change."""

    def __init__(self, running: Services) -> None:
        self.running = running
        self.manager = Manager()
        self.sessions: dict[str, dict[str, Any]] = {}
        running.offer("org.freedesktop.login1", {"/org/freedesktop/login1": self.manager})

    def add(
        self, identity: str, user: str = "a.devries", seat: str = "seat0", **values: Any
    ) -> dict[str, Any]:
        path = f"/org/freedesktop/login1/session/_3{identity}"
        properties = {**USUAL, **values}
        self.sessions[identity] = properties
        self.running.add(path, session_interface(properties))
        self.manager.rows.append([identity, 1000, user, seat, path])
        return properties

    def end(self, identity: str, *, still_listed: bool = False) -> None:
        self.running.remove(f"/org/freedesktop/login1/session/_3{identity}")
        if not still_listed:
            self.manager.rows = [row for row in self.manager.rows if row[0] != identity]


# --- a desktop ------------------------------------------------------------------------------------


class Notifications(ServiceInterface):
    """org.freedesktop.Notifications that remembers what it was asked to show."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.shown: list[tuple[int, str, str]] = []

    @dbus_method()
    def Notify(
        self,
        app: "s",
        replaces: "u",
        icon: "s",
        summary: "s",
        body: "s",
        actions: "as",
        hints: "a{sv}",
        expires: "i",
    ) -> "u":
        self.shown.append((replaces, summary, body))
        return replaces or len(self.shown)


class IdleMonitor(ServiceInterface):
    """org.gnome.Mutter.IdleMonitor with an idle time of the test's choice, in milliseconds."""

    def __init__(self, milliseconds: int) -> None:
        super().__init__("org.gnome.Mutter.IdleMonitor")
        self.milliseconds = milliseconds

    @dbus_method()
    def GetIdletime(self) -> "t":
        return self.milliseconds

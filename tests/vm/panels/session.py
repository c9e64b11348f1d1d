"""A session with one panel: display, bus, window manager, panel, an agent, and the tray itself."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jeepney import message_bus, new_method_call
from jeepney.io.blocking import open_dbus_connection

from tests.displays import x_server
from tests.tray_agent import StatusAgent
from tests.vm.panels.desktops import Desktop
from tests.vm.panels.screen import Screen

WATCHER = "org.kde.StatusNotifierWatcher"
DISPLAY_SIZE = "1000x640"
PANEL_SECONDS = 90.0
DROPPED = ("DBUS_SESSION_BUS_ADDRESS", "LC_ALL", "LANGUAGE", "WAYLAND_DISPLAY", "XDG_CONFIG_DIRS")


class Session:
    """Everything a tray has around it."""

    def __init__(self, desktop: Desktop, home: Path, display: str, language: str) -> None:
        self.desktop = desktop
        self.home = home
        self.screen = Screen(display)
        self.agent = StatusAgent(home / "control.sock")
        self.environment = _environment(desktop, home, display, language)
        self.log = home / "tray.log"
        self.tray: subprocess.Popen[bytes] | None = None
        self._running: list[subprocess.Popen[bytes]] = []
        self._panel: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """All but the tray, until the panel takes icons."""
        self.agent.start()
        for name in ("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"):
            self.environment[name] = self._bus()
        if self.desktop.windows:
            self._start([self.desktop.windows], "windows")
        self.desktop.prepare(self.home)
        self.start_panel()

    def start_panel(self) -> None:
        """Start the panel and wait until it takes icons."""
        self._panel = self._start(list(self.desktop.command), "panel")
        if not until(self.takes_icons, PANEL_SECONDS):
            raise OSError(f"the panel of {self.desktop.name} did not start")

    def stop_panel(self) -> None:
        """Kill the panel, as when it crashes."""
        assert self._panel is not None
        _end(self._panel)

    def takes_icons(self) -> bool:
        """Whether the panel is ready, in its own way."""
        if self.desktop.way == "xembed":
            return self.screen.has_older_tray()
        name = "org.gnome.Shell" if self.desktop.way == "none" else WATCHER
        with open_dbus_connection(self.environment["DBUS_SESSION_BUS_ADDRESS"]) as bus:
            call = new_method_call(message_bus, "NameHasOwner", "s", (name,))
            return bool(bus.send_and_get_reply(call, timeout=10).body[0])

    def start_tray(self) -> float:
        """Start the tray; the moment it was started."""
        command = [sys.executable, "-m", "agent", "tray", "--verbose"]
        with self.log.open("ab") as log:
            self.tray = subprocess.Popen(
                [*command, "--socket", str(self.agent.path)], env=self.environment, stderr=log
            )
        return time.monotonic()

    def stop_tray(self) -> int:
        """End the tray; its exit code."""
        assert self.tray is not None
        self.tray.send_signal(signal.SIGTERM)
        return self.tray.wait(20)

    def end(self) -> None:
        if self.tray is not None and self.tray.poll() is None:
            self.tray.kill()
            self.tray.wait(20)
        self.screen.close()
        for process in reversed(self._running):
            _end(process)
        self.agent.stop()

    def _bus(self) -> str:
        command = ["/usr/bin/dbus-daemon", "--session", "--nofork", "--print-address"]
        bus = subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._running.append(bus)
        assert bus.stdout is not None
        with bus.stdout as said:
            return said.readline().decode().strip()

    def _start(self, command: list[str], name: str) -> "subprocess.Popen[bytes]":
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(process)
        return process


@contextlib.contextmanager
def session(desktop: Desktop, language: str = "nl_NL.UTF-8") -> Iterator[Session]:
    """A session of its own, ready for the tray."""
    with (
        tempfile.TemporaryDirectory(prefix="dw-", ignore_cleanup_errors=True) as folder,
        x_server(DISPLAY_SIZE) as display,
    ):
        made = Session(desktop, Path(folder), display, language)
        try:
            made.begin()
            yield made
        finally:
            made.end()


def until(happened: Callable[[], object], seconds: float) -> bool:
    """Whether it happened in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.05)
    return False


def _environment(desktop: Desktop, home: Path, display: str, language: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    own = {
        "DISPLAY": display,
        "HOME": str(home),
        "LANG": language,
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_RUNTIME_DIR": str(home),
        "NO_AT_BRIDGE": "1",
    }
    return kept | own | dict(desktop.environment)


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)

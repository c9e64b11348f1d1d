"""Linux: udev tells that it is time to look again, and that it has finished with a device.

Its messages are a hint and never the truth: what is attached is read from sysfs. Whoever waits
here sleeps until a message comes, until the collector must end, or until it is time to look all
the same; nothing wakes the laptop in between.
"""

import contextlib
import select
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyudev

from collectors.base import Stop
from collectors.ending_linux import Ending

CONTROL = Path("/run/udev/control")
LONGEST_SETTLE = 5.0
"""Seconds that a stream of messages without a pause may hold a look up."""
Concerns = Callable[[str], bool]


class Udev:
    """The messages about some subsystems, of the places in sysfs that ``concerns`` says yes to."""

    def __init__(self, *subsystems: str, concerns: Concerns, control: Path = CONTROL) -> None:
        self.subsystems = subsystems
        self.concerns = concerns
        self.control = control
        self._monitor: pyudev.Monitor | None = None
        self._ending = Ending()

    def answers(self) -> bool:
        """Whether udev runs and its messages can be heard."""
        if not _somebody_listens(self.control):
            self._monitor = None
            return False
        if self._monitor is None:
            with contextlib.suppress(OSError, ImportError):
                self._monitor = _listen(self.subsystems)
        return self._monitor is not None

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str] | None:
        """Wait up to ``most`` seconds for a message, then for ``settle`` quiet ones.

        The places that messages named; None if messages were lost.
        """
        if self._monitor is None:
            stop.wait(most)
            return frozenset()
        try:
            return frozenset(self._heard(self._monitor, self._ending.of(stop), settle, most))
        except OSError:
            self._monitor = None
            return None

    def _heard(
        self, monitor: pyudev.Monitor, ending: int, settle: float, most: float
    ) -> Iterator[str]:
        """The places that are named, from the first message up to a pause in them."""
        until, quiet, begun = time.monotonic() + most, most, False
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([monitor, ending], [], [], min(quiet, left))
            if not ready or ending in ready:
                return
            message = monitor.poll(0)
            if message is not None and self.concerns(message.sys_path):
                if not begun:
                    until, quiet, begun = time.monotonic() + LONGEST_SETTLE, settle, True
                yield message.sys_path


def properties(place: Path) -> dict[str, str]:
    """What udev noted of a device, which proves nothing; empty where udev does not run."""
    with contextlib.suppress(pyudev.DeviceNotFoundError, OSError, UnicodeDecodeError):
        found = pyudev.Devices.from_path(pyudev.Context(), str(place.resolve())).properties
        return {str(name): str(found[name]) for name in found}
    return {}


def _somebody_listens(control: Path) -> bool:
    """Whether a daemon is behind udev's socket; a dead one leaves the socket's file behind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
        try:
            asking.connect(str(control))
        except PermissionError:
            return True
        except OSError:
            return False
    return True


def _listen(subsystems: tuple[str, ...]) -> pyudev.Monitor:
    monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="udev")
    for subsystem in subsystems:
        monitor.filter_by(subsystem)
    monitor.start()
    return monitor

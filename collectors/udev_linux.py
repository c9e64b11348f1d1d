"""Linux: hearing what udev says of devices. It only tells that it is time to look again."""

import contextlib
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyudev

from collectors.base import Stop

CONTROL = Path("/run/udev/control")
LONGEST_SETTLE = 5.0
"""Seconds after which a stream of messages is not waited for any longer."""
_SLICE = 0.25


class Ear:
    """Hears of some subsystems; ``control`` is udev's own socket, by which it is known to live."""

    def __init__(self, subsystems: Sequence[str], control: Path = CONTROL) -> None:
        self._subsystems = tuple(subsystems)
        self._control = control
        self._monitor: pyudev.Monitor | None = None

    def hears(self) -> bool:
        """Whether udev runs and its messages can be heard."""
        if not _somebody_listens(self._control):
            self._monitor = None
            return False
        if self._monitor is None:
            with contextlib.suppress(OSError, ImportError):
                self._monitor = self._listen()
        return self._monitor is not None

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str] | None:
        """Wait up to ``most`` seconds for a change, then for ``settle`` quiet ones.

        The paths in sysfs that messages named; None if messages were lost.
        """
        if self._monitor is None:
            stop.wait(most)
            return frozenset()
        try:
            return frozenset(_heard(self._monitor, stop, settle, most))
        except OSError:
            self._monitor = None
            return None

    def _listen(self) -> pyudev.Monitor:
        monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="udev")
        for subsystem in self._subsystems:
            monitor.filter_by(subsystem)
        monitor.start()
        return monitor


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


def _heard(monitor: pyudev.Monitor, stop: Stop, settle: float, most: float) -> Iterator[str]:
    """The paths that messages name, from the first message up to a pause in them."""
    end, quiet, begun = time.monotonic() + most, _SLICE, False
    while not stop.is_set() and (left := end - time.monotonic()) > 0:
        message = monitor.poll(min(quiet, left))
        if message is None and begun:
            return
        if message is not None:
            if not begun:
                end, quiet, begun = time.monotonic() + LONGEST_SETTLE, settle, True
            yield str(message.sys_path)

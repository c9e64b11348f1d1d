"""Linux: whether the lid is closed, by the switch that the kernel keeps for it."""

import contextlib
import fcntl
import os
from pathlib import Path

_SWITCH = 1
"""The lid's bit among the switches of a device (SW_LID)."""
_READ_SWITCHES = (2 << 30) | (8 << 16) | (ord("E") << 8) | 0x1B
"""EVIOCGSW: how the switches of a device stand, in eight bytes."""
_MANY = 24 * 64
"""Bytes of events that are thrown away at once."""


class Lid:
    """The switches of lids; most laptops have one, and other machines have none."""

    def __init__(
        self, folder: Path = Path("/dev/input"), sysfs: Path = Path("/sys/class/input")
    ) -> None:
        self.folder = folder
        self.sysfs = sysfs
        self._open: list[int] | None = None

    def descriptors(self) -> list[int]:
        """What becomes readable when a lid moves."""
        if self._open is None:
            self._open = []
            for path in sorted(self.folder.glob("event*")):
                with contextlib.suppress(OSError, ValueError, IndexError):
                    if self._has_lid(path.name):
                        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
                        self._open.append(os.open(path, flags))
        return self._open

    def closed(self) -> bool:
        """Whether a lid is closed now; that it moved is then no news any more."""
        stand = {one: _switches(one) for one in self._open or []}
        for gone in (one for one, switches in stand.items() if switches is None):
            os.close(gone)
        self._open = [one for one, switches in stand.items() if switches is not None]
        return any(switches & _SWITCH for switches in stand.values() if switches)

    def close(self) -> None:
        """Let go of the switches."""
        for descriptor in self._open or []:
            os.close(descriptor)
        self._open = None

    def _has_lid(self, name: str) -> bool:
        text = (self.sysfs / name / "device/capabilities/sw").read_text("ascii")
        return bool(int(text.split()[-1], 16) & _SWITCH)


def _switches(descriptor: int) -> int | None:
    """How the switches of a device stand; None if it has gone."""
    try:
        with contextlib.suppress(BlockingIOError):
            while os.read(descriptor, _MANY):
                pass
        switches = bytearray(8)
        fcntl.ioctl(descriptor, _READ_SWITCHES, switches)
    except OSError:
        return None
    return switches[0]

"""Linux: when an input device last moved, and never what was typed.

Not one byte is read from a device. The kernel says whether something waits at an open descriptor;
if so, somebody touched the device since the last look, and the descriptor is closed and opened
anew, which throws away what waited. So no key code ever enters the agent, and a mouse that reports
a thousand times a second wakes nobody. Devices without keys or buttons are left out: a sensor or a
lid moves without a person.
"""

import os
import select
from pathlib import Path

from collectors.base import Gap

_HAS_KEYS = 1 << 1
MOST_DEVICES = 64


class InputClock:
    """Keeps one number: when something was last touched, in monotonic seconds.

    Before the first touch that is the moment of the first look.
    """

    def __init__(
        self, folder: Path = Path("/dev/input"), sysfs: Path = Path("/sys/class/input")
    ) -> None:
        self.folder = folder
        self.sysfs = sysfs
        self._open: dict[str, int] = {}
        self._last: float | None = None

    def look(self, now: float) -> float | Gap:
        """The last touch, as of ``now``; or why it cannot be told."""
        moved = self._moved()
        for name in moved:
            self._let_go(name)
        gap = self._open_new()
        if not self._open:
            self._last = None
            return gap
        if moved or self._last is None:
            self._last = now
        return self._last

    def close(self) -> None:
        """Let go of every device."""
        for name in list(self._open):
            self._let_go(name)

    def _moved(self) -> list[str]:
        """The devices at which something waits. One that was unplugged is let go of as well."""
        waiting = select.poll()
        names = {descriptor: name for name, descriptor in self._open.items()}
        for descriptor in names:
            waiting.register(descriptor, select.POLLIN)
        moved = []
        for descriptor, event in waiting.poll(0):
            if event & select.POLLIN:
                moved.append(names[descriptor])
            else:
                self._let_go(names[descriptor])
        return moved

    def _open_new(self) -> Gap:
        """Open what is not open yet; the gap there is if nothing at all could be opened."""
        refused = False
        for path in sorted(self.folder.glob("event*"))[:MOST_DEVICES]:
            if path.name in self._open or not self._has_keys(path.name):
                continue
            try:
                flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
                self._open[path.name] = os.open(path, flags)
            except OSError:
                refused = True
        return Gap.UNREADABLE if refused else Gap.MISSING

    def _has_keys(self, name: str) -> bool:
        """Whether the device has keys or buttons; one that does not say is listened to."""
        try:
            text = (self.sysfs / name / "device/capabilities/ev").read_text("ascii")
            return bool(int(text, 16) & _HAS_KEYS)
        except (OSError, ValueError):
            return True

    def _let_go(self, name: str) -> None:
        os.close(self._open.pop(name))

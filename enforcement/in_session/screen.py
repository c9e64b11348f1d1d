"""The person's screen: where it is, and whether a locker covers it."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from enforcement.in_session import units, x11
from enforcement.in_session.x11 import NoScreen

_WANTED = ("DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY")
LISTENERS = frozenset(
    {
        "cinnamon-screen",
        "gnome-shell",
        "kscreenlocker_g",
        "ksmserver",
        "kwin_wayland",
        "light-locker",
        "mate-screensave",
        "swayidle",
        "xfce4-screensav",
        "xss-lock",
    }
)
"""What obeys logind's wish to lock, as the kernel calls it: the first fifteen letters."""
PROC = Path("/proc")


class Screen:
    """The screen of one session of the account that this runs as."""

    def __init__(self, session: str, proc: Path = PROC) -> None:
        self.session = session
        self._proc = proc
        self._found: dict[str, str] = {}

    def environment(self) -> Mapping[str, str]:
        """How a program of the session finds the screen; empty if no program tells."""
        if not self._found:
            told = (found for pid in self._own() if (found := self._display(pid)))
            self._found = max(told, key=len, default={})
        return self._found

    def wayland(self) -> bool:
        """Whether a Wayland compositor owns the screen."""
        return "WAYLAND_DISPLAY" in self.environment()

    def covered(self, *, unasked: bool = False) -> bool:
        """Whether a known locker has the whole screen and the keyboard.

        ``unasked``: none was told to lock, so one that may only have blanked it does not count.
        """
        if self.wayland():
            return units.locker_runs()
        try:
            return x11.covered(self._x(), x11.ALWAYS if unasked else x11.LOCKERS)
        except NoScreen:
            return False

    def idle(self) -> int | None:
        """Seconds since something was touched; None where nobody counts them."""
        try:
            return None if self.wayland() else x11.idle(self._x())
        except NoScreen:
            return None

    def _x(self) -> str:
        """The name of the display, with what its server asks of its clients in our environment."""
        found = self.environment()
        os.environ.update(found)
        return found.get("DISPLAY", "")

    def listened(self) -> bool:
        """Whether something runs for this account that locks when logind says so, if slowly."""
        return self.runs(*LISTENERS)

    def runs(self, *names: str) -> bool:
        """Whether a process of this account has one of these names."""
        for folder in self._mine():
            with suppress(OSError):
                if (folder / "comm").read_text("utf-8", "replace").strip() in names:
                    return True
        return False

    def _mine(self) -> Iterator[Path]:
        for folder in self._proc.glob("[0-9]*"):
            with suppress(OSError):
                if folder.stat().st_uid == os.getuid():
                    yield folder

    def _own(self) -> Iterator[Path]:
        """The processes of the session, by the group in which logind put them."""
        mine = re.compile(rf"/session-{re.escape(self.session)}\.scope$", re.MULTILINE)
        for folder in self._mine():
            with suppress(OSError):  # it has ended
                if mine.search((folder / "cgroup").read_text("ascii", "replace")):
                    yield folder

    def _display(self, folder: Path) -> dict[str, str]:
        try:
            words = (folder / "environ").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            return {}
        pairs = dict(word.partition("=")[::2] for word in words)
        return {name: pairs[name] for name in _WANTED if pairs.get(name)}

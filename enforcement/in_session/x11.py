"""Whether a locker covers an X screen, seen from the screen itself.

Two things must hold: on every monitor nothing but a notification lies above a window of a known
locker, and somebody else holds the keyboard. The second is seen by asking for the keyboard; it is
given back at once if it was free. Neither keys nor contents nor titles of windows are read.
"""

import contextlib
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from Xlib import X, error
from Xlib.display import Display
from Xlib.ext import res

ALWAYS = frozenset({"dossierwacht-co", "i3lock", "slock", "xsecurelock", "auth_x11", "saver_blank"})
"""Lockers that have a window only while they lock, as the kernel calls their processes: the first
fifteen letters."""
XSCREENSAVER = frozenset({"xscreensaver", "xscreensaver-gf", "xscreensaver-au"})
"""It blanks the screen and holds the keyboard without locking, unless its settings say otherwise;
which of both it does is told by a property of the screen."""
LOCKERS = (
    ALWAYS
    | XSCREENSAVER
    | {"light-locker", "mate-screensave", "cinnamon-screen", "xfce4-screensav"}
)
"""All known lockers. Some of them may only have blanked the screen, unless they were told to lock.
"""
FLOATING = 0.1
"""How much of a monitor notifications may take."""
MOST = 4096
"""Windows that are looked at."""


class NoScreen(Exception):
    """The X server cannot be asked."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the screen, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, other: "Box") -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and self.x + self.width >= other.x + other.width
            and self.y + self.height >= other.y + other.height
        )

    def meets(self, other: "Box") -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """A window that can be seen. ``loose``: no window manager put it there, as a notification."""

    box: Box
    lockers: bool
    loose: bool


def covered(name: str, lockers: Set[str] = LOCKERS) -> bool:
    """Whether one of the lockers has the screen called ``name``. Raises NoScreen."""
    with _asked(name) as display:
        if not _xscreensaver_locks(display):
            lockers = lockers - XSCREENSAVER
        windows = [_Seen(box, who in lockers, loose) for box, who, loose in _windows(display)]
        return all(_hidden(one, windows) for one in _monitors(display)) and _held(display)


def idle(name: str) -> int:
    """Seconds since something was touched, as the X server counts them. Raises NoScreen."""
    with _asked(name) as display:
        if not display.has_extension("MIT-SCREEN-SAVER"):
            raise NoScreen("this X server counts no idle time")
        told = display.screen().root.screensaver_query_info()
        return int(told.idle) // 1000


def local(name: str) -> str:
    """The display called ``name`` without a detour by the network. Raises NoScreen."""
    if not name.startswith(":"):
        raise NoScreen(f"{name} is no screen of this machine")
    return f"unix/{name}"


@contextlib.contextmanager
def _asked(name: str) -> Iterator[Display]:
    try:
        display = Display(local(name))
    except (error.DisplayError, error.ConnectionClosedError, OSError, AssertionError) as wrong:
        raise NoScreen(str(wrong)) from wrong
    try:
        yield display
    except (error.XError, error.ConnectionClosedError, OSError) as wrong:
        raise NoScreen(str(wrong)) from wrong
    finally:
        with contextlib.suppress(error.ConnectionClosedError, OSError):
            display.close()


def _monitors(display: Display) -> list[Box]:
    root = display.screen().root
    if display.has_extension("XINERAMA") and display.xinerama_is_active():
        return [Box(s.x, s.y, s.width, s.height) for s in display.xinerama_query_screens().screens]
    size = root.get_geometry()
    return [Box(0, 0, size.width, size.height)]


def _windows(display: Display) -> Iterator[tuple[Box, str, bool]]:
    """What can be seen, the topmost first: where, whose process's, and whether it floats free."""
    for window in reversed(display.screen().root.query_tree().children[-MOST:]):
        try:
            look, at = window.get_attributes(), window.get_geometry()
        except (error.BadWindow, error.BadDrawable):
            continue  # it has just gone
        if look.map_state == X.IsViewable and look.win_class == X.InputOutput:
            box = Box(at.x, at.y, at.width, at.height)
            yield box, _process(display, window), bool(look.override_redirect)


def _xscreensaver_locks(display: Display) -> bool:
    """What xscreensaver says of itself: that it locks, that it only blanks, or nothing."""
    told = display.screen().root.get_full_property(
        display.get_atom("_SCREENSAVER_STATUS"), X.AnyPropertyType
    )
    return bool(told and len(told.value) and told.value[0] == display.get_atom("LOCK"))


def _hidden(monitor: Box, windows: list[_Seen]) -> bool:
    """Whether a locker hides a monitor; a notification may float above it, and no more."""
    shown = 0
    for seen in windows:
        if seen.lockers and seen.box.holds(monitor):
            return shown <= FLOATING * monitor.width * monitor.height
        if not seen.lockers and seen.box.meets(monitor):
            if not seen.loose:
                return False
            shown += seen.box.width * seen.box.height
    return False


def _process(display: Display, window: Any) -> str:
    """The name of the process that a window belongs to."""
    asked = [{"client": window.id, "mask": res.LocalClientPIDMask}]
    for found in display.res_query_client_ids(asked).ids:
        if found.value:
            with contextlib.suppress(OSError):
                return Path(f"/proc/{found.value[0]}/comm").read_text("utf-8", "replace").strip()
    return ""


def _held(display: Display) -> bool:
    """Whether somebody else holds the keyboard."""
    root = display.screen().root
    answer = root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    if answer == X.GrabSuccess:
        display.ungrab_keyboard(X.CurrentTime)
        display.sync()
    return bool(answer == X.AlreadyGrabbed)

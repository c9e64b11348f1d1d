"""``python -m enforcement.in_session.cover SESSION``: hides the screen behind a login screen.

No locker is installed, so the display manager's login screen is put in front. That alone hides
nothing: switching the terminal back would show the desktop. The cover does: black, with a padlock,
it holds keyboard and mouse, and any key leads back to the login screen. It knows no password; it
goes when logind passes on that the person has logged in again.
"""

import os
import select
import sys
import threading
from contextlib import suppress
from pathlib import Path

from Xlib import X
from Xlib.display import Display

from enforcement.in_session.bus import BusError
from enforcement.in_session.logind import Logind, logind
from enforcement.in_session.padlock import draw
from enforcement.in_session.x11 import NoScreen, local

NAME = "dossierwacht-cover"
TURN = 0.5
"""Seconds after which the cover puts itself on top again."""
_EVENTS = X.KeyPressMask | X.ButtonPressMask | X.ExposureMask | X.VisibilityChangeMask
_POINTER = X.ButtonPressMask


class Cover:
    """A window over everything, which holds keyboard and mouse."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._screen = display.screen()
        size = self._screen.root.get_geometry()
        self._window = self._screen.root.create_window(
            0, 0, size.width, size.height, 0, self._screen.root_depth, X.InputOutput,
            background_pixel=self._screen.black_pixel, override_redirect=True, event_mask=_EVENTS,
        )  # fmt: skip
        self._window.map()
        self.raise_again()

    def raise_again(self) -> None:
        """On top, over the whole screen, and with the keyboard, whatever came meanwhile."""
        size = self._screen.root.get_geometry()
        self._window.configure(x=0, y=0, width=size.width, height=size.height, stack_mode=X.Above)
        held = (X.GrabModeAsync, X.GrabModeAsync)
        self._window.grab_keyboard(False, *held, X.CurrentTime)
        self._window.grab_pointer(False, _POINTER, *held, self._window, X.NONE, X.CurrentTime)
        draw(self._window, self._screen, size.width, size.height)
        self._display.flush()

    def touched(self) -> bool:
        """Whether a key or a button was pressed since the last look; which, nobody asks."""
        pressed = False
        while self._display.pending_events():
            pressed |= self._display.next_event().type in (X.KeyPress, X.ButtonPress)
        return pressed

    def wait(self) -> None:
        """Until something happens, or for a turn."""
        if not self._display.pending_events():
            select.select([self._display.fileno()], [], [], TURN)


def hide(session: str) -> None:
    """Cover the screen until the person has logged in. Raises BusError."""
    Path("/proc/self/comm").write_text(NAME[:15], "ascii")
    with logind(session) as told, logind(session) as heard:
        heard.listen()
        over = threading.Event()
        threading.Thread(target=_hear, args=(heard, over), daemon=True).start()
        _stay(Cover(Display(local(os.environ.get("DISPLAY", "")))), told, over)


def _stay(cover: Cover, told: Logind, over: threading.Event) -> None:
    while not over.is_set():
        cover.wait()
        if cover.touched():
            with suppress(BusError):
                told.to_greeter()
        cover.raise_again()


def _hear(heard: Logind, over: threading.Event) -> None:
    """The cover stays if the bus goes: it is started anew when it ends by mistake."""
    with suppress(BusError):
        while not heard.unlocked(3600.0):
            pass
        over.set()


if __name__ == "__main__":
    try:
        hide(sys.argv[1])
    except (BusError, NoScreen) as error:
        sys.exit(f"the screen cannot be covered: {error}")

"""Linux: the icon through pystray, guarded against the ways in which its backends fail.

The backend is chosen here and not by pystray, which would connect to the display when imported:

    appindicator  a menu on most desktops; needs GObject introspection
    gtk           a menu on panels with the older kind of tray; needs it too
    xorg          needs nothing; has no menu, so a click starts the one thing worth a click
    none          no icon: the messages remain

pystray's own notifications are never used: its gtk backends ask for a notification daemon when
they start and die where none answers, so that part is taken out before they are made.
"""

import contextlib
import logging
import os
import select
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from queue import SimpleQueue
from typing import Any

from agent.texts import say
from agent.tray.view import View

log = logging.getLogger(__name__)

BACKENDS = ("appindicator", "gtk", "xorg")
_TERMINALS: tuple[tuple[str, str], ...] = (
    ("/usr/bin/x-terminal-emulator", "-e"),
    ("/usr/bin/gnome-terminal", "--"),
    ("/usr/bin/konsole", "-e"),
    ("/usr/bin/xfce4-terminal", "-x"),
    ("/usr/bin/xterm", "-e"),
)
_STAY_OPEN = '"$@"; printf "\\n[Enter]"; read -r _'
"""The receipt number must not vanish with its window."""
_started: list["subprocess.Popen[bytes]"] = []


Entries = Mapping[str, Callable[[], None]]
"""What the menu offers: the key of its text, and what it begins."""


class _Mute:
    """In the place of pystray's notifier: needs no daemon and shows nothing."""

    def notify(self, *_: object) -> None: ...

    def hide(self) -> None: ...


class NoIcon:
    """A desktop without any place for an icon; the messages are shown all the same."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def show(self, view: View, language: str) -> None:
        log.info("%s: %s", view.state, " / ".join(view.lines))

    def placed(self) -> bool:
        return False

    def run(self, look: Callable[[], None]) -> None:
        look()

    def stop(self) -> None:
        self._stop.set()


class PystrayIcon:
    """An icon of one of pystray's backends."""

    def __init__(self, backend: Any, entries: Entries) -> None:
        self._base = import_module("pystray._base")
        self._draw = import_module("agent.tray.icon").draw
        self._entries = entries
        self._icon = backend.Icon("dossierwacht", title="Dossierwacht")

    def show(self, view: View, language: str) -> None:
        """Show a view; called in the looking thread."""
        self._icon.menu = self._menu(view, language)
        self._icon.title = f"{say(language, 'tray-title')}: {view.lines[0]}"
        self._icon.icon = self._draw(view.state)
        self._icon.visible = True

    def placed(self) -> bool:
        """The xorg backend knows its panel; of the others nothing can be told, so they count."""
        return getattr(self._icon, "_systray_manager", self) is not None

    def run(self, look: Callable[[], None]) -> None:
        """Serve the icon in this thread, which must be the main one."""
        self._icon.run(setup=lambda _: threading.Thread(target=look, daemon=True).start())

    def stop(self) -> None:
        self._icon.stop()

    def _menu(self, view: View, language: str) -> Any:
        item = self._base.MenuItem
        lines = [item(line, None, enabled=False) for line in view.lines]
        asks = [
            item(say(language, key), partial(_begin, self._entries[key]), default=number == 0)
            for number, key in enumerate(view.offers)
        ]
        return self._base.Menu(*lines, self._base.Menu.SEPARATOR, *asks)


class XorgIcon(PystrayIcon):
    """The xorg backend with one thread for all of X: two threads on one connection lose wake-ups.

    What another thread wants done is put in a queue, and the loop that waits for the display waits
    for that queue as well.
    """

    def __init__(self, backend: Any, entries: Entries) -> None:
        super().__init__(backend, entries)
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._woken, self._wake = os.pipe()
        self._ended = False
        self._icon._events = self._events

    def show(self, view: View, language: str) -> None:
        self._in_main(partial(super().show, view, language))

    def stop(self) -> None:
        self._in_main(self._end)

    def _in_main(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)
        os.write(self._wake, b".")

    def _end(self) -> None:
        self._ended = True

    def _events(self) -> Iterator[Any]:
        """In the place of pystray's own: the events of the display, and the jobs between them."""
        display = self._icon._display
        while not self._ended:
            while display.pending_events():
                event = display.next_event()
                if not self._taken_along(event):
                    yield event
            ready, _, _ = select.select([display, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 1)
                self._jobs.get()()

    def _taken_along(self, event: Any) -> bool:
        """Whether an event tells of the end of a panel that took the icon's window with it.

        pystray would end then. The icon gets a window of its own again, for the next panel.
        """
        icon = self._icon
        if event.type != import_module("Xlib.X").DestroyNotify:
            return False
        if event.window == icon._window:
            icon._systray_manager = None
            icon._window = icon._create_window()
            icon._gc = icon._window.create_gc()
        return icon._systray_manager is None


def has_screen() -> bool:
    """Whether this process can reach a display."""
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    try:
        import_module("Xlib.display").Display().close()
    except _failures():
        return False
    return True


def find_icon(stop: threading.Event, entries: Entries) -> "PystrayIcon | NoIcon":
    """The first backend that works here; the first entry is what a click on the icon does."""
    os.environ["PYSTRAY_BACKEND"] = "dummy"  # pystray itself must choose nothing
    logging.getLogger("pystray").setLevel(logging.CRITICAL)
    for name in BACKENDS:
        try:
            kind = XorgIcon if name == "xorg" else PystrayIcon
            icon = kind(_backend(name), entries)
        except _failures() as error:
            log.info("no icon by %s: %s", name, error)
            continue
        log.info("icon by %s", name)
        return icon
    return NoIcon(stop)


def start_in_terminal(command: Sequence[str]) -> bool:
    """Start a command in the first terminal program there is; False if there is none."""
    _started[:] = [child for child in _started if child.poll() is None]
    for program, option in _TERMINALS:
        if os.access(program, os.X_OK):
            words = [program, option, "/bin/sh", "-c", _STAY_OPEN, "sh", *command]
            with contextlib.suppress(OSError):
                _started.append(subprocess.Popen(words, start_new_session=True))
                return True
    return False


def _begin(entry: Callable[[], None], *_: object) -> None:
    """Without what pystray passes along."""
    entry()


def _backend(name: str) -> Any:
    """A backend of pystray, without its way of asking for a notification daemon."""
    if name != "xorg":
        vars(import_module("pystray._util.notify_dbus"))["Notifier"] = _Mute
    return import_module(f"pystray._{name}")


def _failures() -> tuple[type[Exception], ...]:
    """What a display or a library that is not there raises; introspection raises ValueError."""
    known: tuple[type[Exception], ...] = (ImportError, ValueError, OSError)
    with contextlib.suppress(ImportError):
        return (*known, import_module("Xlib.error").DisplayError)
    return known

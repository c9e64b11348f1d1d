"""Linux: the older ways to show an icon, by pystray, guarded against how its backends fail.

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
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from queue import SimpleQueue
from typing import Any

from agent.texts import say
from agent.tray.icon import picture
from agent.tray.place import Icon, NoIcon
from agent.tray.view import LINE, State, View

log = logging.getLogger(__name__)

BACKENDS = ("appindicator", "gtk", "xorg")
SIDE = 64
"""Pixels; the panel scales it."""
SCREEN_SECONDS = 2.0
"""Longest wait for a display to take a connection."""
Entries = Mapping[str, Callable[[], None]]
"""What the menu offers: the key of its text, and what it begins."""


class _Mute:
    """In the place of pystray's notifier: needs no daemon and shows nothing."""

    def notify(self, *_: object) -> None: ...

    def hide(self) -> None: ...


class PystrayIcon:
    """An icon of one of pystray's backends."""

    def __init__(self, backend: Any, entries: Entries) -> None:
        _library()
        self._base = import_module("pystray._base")
        self._entries = entries
        self._icon = backend.Icon("dossierwacht", title="Dossierwacht")

    def show(self, view: View, language: str) -> None:
        """Show a view; called in the looking thread."""
        self._icon.menu = self._menu(view, language)
        self._icon.title = f"{say(language, 'tray-title')}: {view.lines[0]}"
        self._icon.icon = self._drawn(view.state)
        self._icon.visible = True

    def placed(self) -> bool:
        """The xorg backend knows its panel; of the others nothing can be told, so they count."""
        return getattr(self._icon, "_systray_manager", self) is not None

    def run(self) -> None:
        """Serve the icon in this thread, which must be the main one, while there is a screen."""
        try:
            self._icon.run(setup=lambda _: None)
        except _failures() as error:
            log.info("the icon ended: %s", error)

    def stop(self) -> None:
        self._icon.stop()

    def _menu(self, view: View, language: str) -> Any:
        item = self._base.MenuItem
        line = self._base.Menu.SEPARATOR
        lines = [item(one, None, enabled=False) for one in view.lines]
        asks = [
            line
            if key == LINE
            else item(say(language, key), partial(_begin, self._entries[key]), default=number == 0)
            for number, key in enumerate(view.offers)
        ]
        return self._base.Menu(*lines, line, *asks)

    def _drawn(self, state: State) -> Any:
        """Opaque, since some panels of the older kind show nothing through it but black."""
        pixels = picture(state, SIDE, opaque=True)
        return import_module("PIL.Image").frombytes("RGBA", (SIDE, SIDE), pixels)


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
        display = self._icon._display
        self._root, self._manager = display.screen().root, display.intern_atom("MANAGER")
        self._listen()
        self._dock, self._icon._dock_window = self._icon._dock_window, self._dock_once

    def show(self, view: View, language: str) -> None:
        self._in_main(partial(super().show, view, language))

    def stop(self) -> None:
        self._in_main(self._end)

    def _listen(self) -> None:
        """Have clicks told, which pystray forgets to ask for."""
        kinds = import_module("Xlib.X")
        mask = kinds.ExposureMask | kinds.StructureNotifyMask | kinds.ButtonPressMask
        self._icon._window.change_attributes(event_mask=mask)
        self._root.change_attributes(event_mask=kinds.StructureNotifyMask)

    def _panel_came(self, event: Any) -> bool:
        """Whether an event tells of a new panel; then the icon is shown on that."""
        kind = import_module("Xlib.X").ClientMessage
        if event.type != kind or event.client_type != self._manager:
            return False
        self._icon._show()
        self._icon._update_icon()
        return True

    def _dock_once(self) -> None:
        """pystray asks to be taken in at each change, which some panels take for another icon."""
        if self._icon._systray_manager is None:
            self._dock()

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
                if not (self._taken_along(event) or self._panel_came(event)):
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
            self._listen()
        return icon._systray_manager is None


def has_screen() -> bool:
    """Whether there is a display to be seen on; one that is reached over a network counts."""
    wayland, display = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY", "")
    if wayland:
        runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
        if _answers(os.path.join(runtime, wayland)):
            return True
    host, colon, number = display.rpartition(":")
    if not colon or host not in ("", "unix"):
        return bool(colon)
    path = f"/tmp/.X11-unix/X{number.partition('.')[0]}"  # noqa: S108 (where X itself puts it)
    return _answers(path) or _answers(f"\0{path}")


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SCREEN_SECONDS)
        try:
            connection.connect(address)
        except (OSError, ValueError):
            return False
    return True


def find_icon(entries: Entries) -> Icon:
    """The first backend that works here; the first entry is what a click on the icon does."""
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
    return NoIcon()


def _begin(entry: Callable[[], None], *_: object) -> None:
    """Without what pystray passes along."""
    entry()


def _library() -> None:
    """Import pystray without letting it choose a backend, and so connect to the display."""
    os.environ["PYSTRAY_BACKEND"] = "dummy"
    try:
        import_module("pystray")
    finally:
        del os.environ["PYSTRAY_BACKEND"]  # no business of what is started from here


def _backend(name: str) -> Any:
    """A backend of pystray, without its way of asking for a notification daemon."""
    _library()
    if name != "xorg":
        vars(import_module("pystray._util.notify_dbus"))["Notifier"] = _Mute
    return import_module(f"pystray._{name}")


def _failures() -> tuple[type[Exception], ...]:
    """What a display or a library that is not there raises; introspection raises ValueError."""
    known: tuple[type[Exception], ...] = (ImportError, ValueError, OSError)
    with contextlib.suppress(ImportError):
        error = import_module("Xlib.error")
        return (*known, error.DisplayError, error.ConnectionClosedError)
    return known

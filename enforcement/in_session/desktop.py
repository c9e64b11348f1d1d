"""The desktop's own screen saver, asked to lock.

Each desktop has an interface of its own name and all have the method ``Lock``; Cinnamon's takes a
message to show. A screen saver that does not run is not started: it would lock nothing at once, or
be the wrong one.
"""

from contextlib import suppress

from jeepney import DBusAddress

from enforcement.in_session.bus import BusError, call, connected

SAVERS: tuple[tuple[str, str, str], ...] = (
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", ""),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver", "s"),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver", ""),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver", ""),
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", ""),
    ("org.freedesktop.ScreenSaver", "/ScreenSaver", ""),
)
"""Name and interface, path, and the types of what ``Lock`` takes."""


def asked() -> bool:
    """Whether a screen saver took the wish to lock."""
    with suppress(BusError), connected() as bus:
        for name, path, takes in SAVERS:
            with suppress(BusError):
                body = ("",) if takes else ()
                call(bus, DBusAddress(path, name, name), "Lock", takes, body)
                return True
    return False

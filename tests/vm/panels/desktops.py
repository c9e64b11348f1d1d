"""The desktops whose panels the tray is tried on, as data: what they need, how they begin."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LXQT = """panels=panel1
[panel1]
plugins=mainmenu,taskbar,statusnotifier,tray,worldclock
position=Bottom
[mainmenu]
type=mainmenu
[taskbar]
type=taskbar
[statusnotifier]
alignment=Right
type=statusnotifier
[tray]
type=tray
[worldclock]
type=worldclock
"""
GNOME = """[org/gnome/shell]
enabled-extensions={extensions}
welcome-dialog-last-shown-version='99'
[org/gnome/desktop/interface]
enable-animations=false
"""


def nothing(_: Path) -> None:
    """Most panels come with a tray."""


def lxqt(home: Path) -> None:
    _write(home / ".config/lxqt/panel.conf", LXQT)


def gnome_with(extensions: str) -> Callable[[Path], None]:
    text = GNOME.format(extensions=extensions)
    return lambda home: _write(home / ".config/glib-2.0/settings/keyfile", text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Desktop:
    """One panel: ``way`` is how it takes icons, ``menu_by`` the mouse's button for the menu."""

    name: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    way: str = "bus"
    menu_by: int | None = 3
    prepare: Callable[[Path], None] = nothing
    windows: str = "/usr/bin/openbox"
    """Its window manager; empty where it is one itself."""
    environment: tuple[tuple[str, str], ...] = ()


_GNOME_COMMAND = ("/usr/bin/gnome-shell", "--x11", "--sm-disable")
_GNOME_ENVIRONMENT = (
    ("GSETTINGS_BACKEND", "keyfile"),
    ("LIBGL_ALWAYS_SOFTWARE", "1"),
    ("XDG_SESSION_TYPE", "x11"),
    ("XDG_CURRENT_DESKTOP", "GNOME"),
)
_PLASMA_ENVIRONMENT = (
    ("LIBGL_ALWAYS_SOFTWARE", "1"),
    ("QT_QUICK_BACKEND", "software"),
    ("XDG_CURRENT_DESKTOP", "KDE"),
    ("KDE_FULL_SESSION", "true"),
    ("KDE_SESSION_VERSION", "5"),
)
DESKTOPS = (
    Desktop(
        name="xfce",
        packages=("xfce4-panel", "openbox"),
        command=("/usr/bin/xfce4-panel", "--disable-wm-check"),
    ),
    Desktop(name="mate", packages=("mate-panel", "openbox"), command=("/usr/bin/mate-panel",)),
    Desktop(
        name="lxqt",
        packages=("lxqt-panel", "openbox"),
        command=("/usr/bin/lxqt-panel",),
        prepare=lxqt,
    ),
    Desktop(
        name="gnome",
        packages=("gnome-shell", "gnome-shell-extension-appindicator"),
        command=_GNOME_COMMAND,
        menu_by=1,
        prepare=gnome_with("['ubuntu-appindicators@ubuntu.com']"),
        windows="",
        environment=_GNOME_ENVIRONMENT,
    ),
    Desktop(
        name="gnome-bare",
        packages=("gnome-shell",),
        command=_GNOME_COMMAND,
        way="none",
        menu_by=None,
        prepare=gnome_with("@as []"),
        windows="",
        environment=_GNOME_ENVIRONMENT,
    ),
    Desktop(
        name="plasma",
        packages=("plasma-desktop", "kwin-x11"),
        command=("/usr/bin/plasmashell", "--no-respawn"),
        windows="/usr/bin/kwin_x11",
        environment=_PLASMA_ENVIRONMENT,
    ),
    Desktop(
        name="cinnamon",
        packages=("cinnamon",),
        command=("/usr/bin/cinnamon",),
        way="xembed",
        menu_by=None,
        windows="",
        environment=(("LIBGL_ALWAYS_SOFTWARE", "1"), ("XDG_CURRENT_DESKTOP", "X-Cinnamon")),
    ),
    Desktop(
        name="budgie",
        packages=("budgie-desktop", "gir1.2-peas-1.0", "openbox"),
        command=("/usr/bin/budgie-panel",),
        way="xembed",
        menu_by=None,
        environment=(("XDG_CURRENT_DESKTOP", "Budgie:GNOME"),),
    ),
    Desktop(
        name="tint2",
        packages=("tint2", "openbox"),
        command=("/usr/bin/tint2",),
        way="xembed",
        menu_by=None,
    ),
    Desktop(
        name="trayer",
        packages=("trayer", "openbox"),
        command=(
            *("/usr/bin/trayer", "--edge", "top", "--align", "right"),
            *("--widthtype", "request", "--height", "32"),
        ),
        way="xembed",
        menu_by=None,
    ),
)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")

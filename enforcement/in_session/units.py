"""Programs that the person's own service manager starts: a locker, our cover, the keeper of a hint.

A locker that the agent started itself would inherit that no rights may be gained, so that the check
of the right password fails, and would end with the agent. The manager's own children do neither.
"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jeepney import DBusAddress

from enforcement.in_session.bus import BusError, call, connected

if TYPE_CHECKING:
    from enforcement.in_session.screen import Screen

LOCKER = "dossierwacht-locker.service"
COVER = "dossierwacht-cover.service"
HINT = "dossierwacht-hint.service"
XSCREENSAVER = ("/usr/bin/xscreensaver-command", "--lock")
"""Where it runs it has to be told itself: it takes logind's wish for one to blank the screen."""
ON_X11: tuple[tuple[str, ...], ...] = (
    ("/usr/bin/xsecurelock",),
    ("/usr/bin/i3lock", "--nofork", "--color=16323f"),
)
ON_WAYLAND: tuple[tuple[str, ...], ...] = (("/usr/bin/swaylock", "--daemonize", "--color=16323f"),)
"""It goes to the background once it has the screen, and no sooner."""
_IN_SIGHT = {"XSECURELOCK_NO_COMPOSITE": "1"}
"""It would put its windows where they can be seen only by those who look there for themselves."""
_SYSTEMD = "org.freedesktop.systemd1"
_MANAGER = DBusAddress("/org/freedesktop/systemd1", _SYSTEMD, f"{_SYSTEMD}.Manager")
_PROPERTIES = "org.freedesktop.DBus.Properties"


def start_locker(screen: "Screen") -> bool:
    """Whether a known locker is installed and was started."""
    known = ON_WAYLAND if screen.wayland() else ON_X11
    if screen.runs("xscreensaver"):
        known = (XSCREENSAVER, *known)
    command = next((one for one in known if Path(one[0]).exists()), None)
    if command is None or not screen.environment():
        return False
    kind = "forking" if screen.wayland() else "exec"
    return _started(LOCKER, command, {**screen.environment(), **_IN_SIGHT}, kind)


def start_cover(screen: "Screen") -> bool:
    """Whether our own cover was started; there is one for X only."""
    if screen.wayland() or not screen.environment():
        return False
    return _started(COVER, _own("cover", screen), screen.environment(), restart="on-failure")


def end_cover() -> bool:
    """Whether our own cover was taken away: without a login screen it would lock the person out."""
    with suppress(BusError), connected() as bus:
        call(bus, _MANAGER, "StopUnit", "ss", (COVER, "replace"))
        return True
    return False


def start_hint(screen: "Screen") -> bool:
    """Whether somebody was started who tells logind for as long as the screen is covered."""
    return _started(HINT, _own("hint", screen), screen.environment())


def locker_runs() -> bool:
    """Whether the locker that was started has the screen, or had it and is still there."""
    with suppress(BusError), connected() as bus:
        (path,) = call(bus, _MANAGER, "GetUnit", "s", (LOCKER,))
        at = DBusAddress(path, _SYSTEMD, _PROPERTIES)
        ((_, state),) = call(bus, at, "Get", "ss", (f"{_SYSTEMD}.Unit", "ActiveState"))
        return bool(state == "active")
    return False


def _own(module: str, screen: "Screen") -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", f"enforcement.in_session.{module}", screen.session)


def _started(
    unit: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    kind: str = "exec",
    restart: str = "no",
) -> bool:
    properties = [
        ("Description", ("s", "Dossierwacht: this screen is locked")),
        ("Type", ("s", kind)),
        ("Restart", ("s", restart)),
        ("CollectMode", ("s", "inactive-or-failed")),
        ("Environment", ("as", [f"{name}={value}" for name, value in environment.items()])),
        ("ExecStart", ("a(sasb)", [(command[0], list(command), False)])),
    ]
    nothing: list[tuple[str, list[tuple[str, tuple[str, str]]]]] = []
    with suppress(BusError), connected() as bus:
        body = (unit, "fail", properties, nothing)
        call(bus, _MANAGER, "StartTransientUnit", "ssa(sv)a(sa(sv))", body)
        return True
    return False

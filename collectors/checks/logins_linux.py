"""Linux: whether the login screen lets somebody in unasked, or as a guest.

LightDM, GDM and SDDM are known, with their drop-ins, and a terminal that logs in by itself. Where a
laptop says which login screen it uses, the settings that another one left behind do not count.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from collectors.checks.reading import Ini, below, ini, names, text, yes
from collectors.checks.told import Told, Why

_LIGHTDM = ("/usr/share/lightdm/lightdm.conf.d", "/etc/xdg/lightdm/lightdm.conf.d",
            "/etc/lightdm/lightdm.conf.d")  # fmt: skip
_GDM = ("/etc/gdm/daemon.conf", "/etc/gdm/custom.conf", "/etc/gdm3/daemon.conf",
        "/etc/gdm3/custom.conf")  # fmt: skip
_SDDM = ("/usr/lib/sddm/sddm.conf.d", "/etc/sddm.conf.d")
_UNITS = "/etc/systemd/system"
_GUEST_FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/lib/lightdm", "/usr/libexec")


def automatic_login(root: Path) -> Told:
    """Whether somebody is logged in at the start without being asked."""
    if _terminal_logs_in(root):
        return Told(Why.LOGIN_NOT_ASKED)
    screens = _in_use(root)
    if not screens:
        return Told(Why.NOT_THERE)
    if any(name in _UNASKED and _UNASKED[name](root) for name in screens):
        return Told(Why.LOGIN_NOT_ASKED)
    return Told(Why.LOGIN_ASKED if screens <= _UNASKED.keys() else Why.NOT_TOLD)


def guest_account(root: Path) -> Told:
    """Whether anybody may log in as a guest. Only LightDM has that, and needs a script for it."""
    screens = _in_use(root)
    if not screens:
        return Told(Why.NOT_THERE)
    if "lightdm" not in screens:
        return Told(Why.NO_GUEST if screens <= _UNASKED.keys() else Why.NOT_TOLD)
    settings = _lightdm(root)
    allowed = yes(settings.get("allow-guest", "true"))
    return Told(Why.GUEST_ALLOWED if allowed and _guest_script(root, settings) else Why.NO_GUEST)


def _in_use(root: Path) -> set[str]:
    """The login screen that is started; all that are set up where none is named."""
    chosen = text(root, "/etc/X11/default-display-manager").strip() or _unit(root)
    name = chosen.rpartition("/")[2].removesuffix(".service")
    if name:
        return {"gdm" if name == "gdm3" else name}
    return {one for one, places in _PLACES.items() if any(below(root, p).exists() for p in places)}


def _unit(root: Path) -> str:
    with contextlib.suppress(OSError):
        return str(below(root, f"{_UNITS}/display-manager.service").readlink())
    return ""


def _lightdm(root: Path) -> Mapping[str, str]:
    """LightDM's settings for a seat; its own file comes after the drop-ins."""
    found = _merged(root, _LIGHTDM, "/etc/lightdm/lightdm.conf")
    seats = (pair for pair in found.items() if pair[0][0].startswith("Seat"))
    return {key: value for (_, key), value in seats}


def _lightdm_unasked(root: Path) -> bool:
    settings = _lightdm(root)
    return bool(settings.get("autologin-user")) or yes(settings.get("autologin-guest", ""))


def _gdm_unasked(root: Path) -> bool:
    found = ini(*(text(root, path) for path in _GDM))
    keys = ("AutomaticLogin", "TimedLogin")
    return any(yes(found.get(("daemon", f"{k}Enable"), "")) and _user(found, k) for k in keys)


def _user(found: Ini, key: str) -> bool:
    return bool(found.get(("daemon", key)))


def _sddm_unasked(root: Path) -> bool:
    return bool(_merged(root, _SDDM, "/etc/sddm.conf").get(("Autologin", "User")))


def _merged(root: Path, folders: Sequence[str], last: str) -> Ini:
    drop_ins = [path for folder in folders for path in names(root, folder, ".conf")]
    return ini(*(text(root, path) for path in (*drop_ins, last)))


def _guest_script(root: Path, settings: Mapping[str, str]) -> bool:
    name = settings.get("guest-account-script") or "guest-account"
    places = [name] if name.startswith("/") else [f"{one}/{name}" for one in _GUEST_FOLDERS]
    return any(below(root, place).exists() for place in places)


def _terminal_logs_in(root: Path) -> bool:
    folders = [one for one in names(root, _UNITS, ".service.d") if "getty@" in one]
    drop_ins = [path for folder in folders for path in names(root, folder, ".conf")]
    starts = [ini(text(root, path)).get(("Service", "ExecStart"), "") for path in drop_ins]
    return any("--autologin" in start or " -a " in start for start in starts)


_UNASKED: Mapping[str, Callable[[Path], bool]] = {
    "lightdm": _lightdm_unasked,
    "gdm": _gdm_unasked,
    "sddm": _sddm_unasked,
}
_PLACES = {
    "lightdm": ("/etc/lightdm",),
    "gdm": ("/etc/gdm", "/etc/gdm3"),
    "sddm": ("/etc/sddm.conf", *_SDDM),
}

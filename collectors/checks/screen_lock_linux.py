"""Linux: whether the screen locks by itself, as far as files say so.

GNOME keeps a person's choice in a database that is not read here, so it is only judged where IT
has fixed it in the system's own. XFCE and KDE keep it in a text in the home: that is somebody
else's bytes, read as lines and marks. Of several people and desktops the worst counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from collectors.checks.reading import (
    Unreadable,
    below,
    home_text,
    ini,
    lines,
    names,
    number,
    text,
    xfconf,
    yes,
)
from collectors.checks.storage_linux import on_network
from collectors.checks.told import State, Told, Why

_SESSIONS = ("/usr/share/xsessions", "/usr/share/wayland-sessions")
_DCONF = "/etc/dconf"
_IDLE = ("org/gnome/desktop/session", "idle-delay")
_ENABLED = ("org/gnome/desktop/screensaver", "lock-enabled")
_DELAY = ("org/gnome/desktop/screensaver", "lock-delay")
_XFCE = "xfce4/xfconf/xfce-perchannel-xml/xfce4-screensaver.xml"
_KDE = "kscreenlockerrc"
_SAME_AS = {"ubuntu": "gnome", "plasmawayland": "plasma", "plasmax11": "plasma"}
_NO_DESKTOPS = frozenset({"lightdm"})
"""Debian's "default session": whichever of the others is the default."""
_WORST_FIRST = (State.BAD, State.UNKNOWN, State.INAPPLICABLE, State.GOOD)


@dataclass(frozen=True, slots=True)
class Lock:
    """What a desktop was told. ``after`` is how many seconds without a touch until it is locked."""

    enabled: bool
    after: int


def screen_lock(root: Path, homes: Sequence[str], most_minutes: int) -> Told:
    """Whether every desktop locks within so many minutes; ``count`` is of people with less."""
    desktops = _desktops(root)
    found = [why for name in desktops for why in _judged(root, name, homes, most_minutes)]
    if not found:
        return Told(Why.NOT_TOLD if desktops else Why.NOT_THERE)
    worst = min(found, key=lambda why: _WORST_FIRST.index(Told(why).state))
    return Told(worst, sum(Told(why).state is State.BAD for why in found))


def _desktops(root: Path) -> set[str]:
    """The desktops that can be chosen when logging in, by the first word of their name."""
    sessions = [path for folder in _SESSIONS for path in names(root, folder, ".desktop")]
    words = {path.rpartition("/")[2].removesuffix(".desktop").split("-")[0] for path in sessions}
    return {_SAME_AS.get(word, word) for word in words - _NO_DESKTOPS}


def _judged(root: Path, desktop: str, homes: Sequence[str], most: int) -> Iterator[Why]:
    if desktop == "gnome":
        yield _gnome(root, most)
    elif desktop == "xfce" and not below(root, "/usr/bin/xfce4-screensaver").exists():
        yield Why.NOT_TOLD
    elif desktop in ("xfce", "plasma"):
        yield from (_own(root, desktop, home, most) for home in homes)
    else:
        yield Why.OTHER_DESKTOP


def _why(lock: Lock, most_minutes: int) -> Why:
    if not lock.enabled or lock.after == 0:
        return Why.LOCK_OFF
    return Why.LOCK_LATE if lock.after > most_minutes * 60 else Why.LOCK_SET


def _gnome(root: Path, most: int) -> Why:
    databases = _system_databases(root)
    locks = {line for name in databases for path in names(root, f"{_DCONF}/db/{name}.d/locks")
             for line in lines(text(root, path))}  # fmt: skip
    if not {f"/{'/'.join(key)}" for key in (_IDLE, _ENABLED, _DELAY)} <= locks:
        return Why.LEFT_TO_PERSON
    # The first database that is named decides.
    keys = ini(*(text(root, p) for name in reversed(databases) for p in _key_files(root, name)))
    idle, delay = (number(keys.get(key, usual).split()[-1]) for key, usual in _USUAL)
    enabled = yes(keys.get(_ENABLED, "true")) and idle > 0
    return _why(Lock(enabled, idle + delay), most)


_USUAL = ((_IDLE, "300"), (_DELAY, "0"))


def _system_databases(root: Path) -> list[str]:
    """The databases that the profile of people names and that were made of their key files."""
    profile = [line.partition(":") for line in lines(text(root, f"{_DCONF}/profile/user"))]
    named = [name for kind, _, name in profile if kind == "system-db" and "/" not in name]
    return [name for name in named if below(root, f"{_DCONF}/db/{name}").is_file()]


def _key_files(root: Path, name: str) -> Iterable[str]:
    found = names(root, f"{_DCONF}/db/{name}.d")
    return [path for path in found if below(root, path).is_file()]


def _own(root: Path, desktop: str, home: str, most: int) -> Why:
    """What one person has; what cannot be read of it is unknown."""
    try:
        if on_network(root, home):
            return Why.NOT_TOLD
        place = _XFCE if desktop == "xfce" else _KDE
        system, own = (
            text(root, f"/etc/xdg/{place}"),
            home_text(below(root, home), f".config/{place}"),
        )
        return _why(_xfce(system, own) if desktop == "xfce" else _kde(system, own), most)
    except Unreadable:
        return Why.NOT_READABLE


def _xfce(*contents: str) -> Lock:
    found = xfconf(*contents)
    switches = ("/saver/enabled", "/saver/idle-activation/enabled", "/lock/enabled",
                "/lock/saver-activation/enabled")  # fmt: skip
    idle = number(found.get("/saver/idle-activation/delay", "5"))
    delay = number(found.get("/lock/saver-activation/delay", "0"))
    enabled = all(yes(found.get(one, "true")) for one in switches)
    return Lock(enabled and idle > 0, (idle + delay) * 60)


def _kde(*contents: str) -> Lock:
    found = ini(*contents)
    idle = number(found.get(("Daemon", "Timeout"), "5"))
    grace = number(found.get(("Daemon", "LockGrace"), "5"))
    enabled = yes(found.get(("Daemon", "Autolock"), "true")) and idle > 0
    return Lock(enabled, idle * 60 + grace)

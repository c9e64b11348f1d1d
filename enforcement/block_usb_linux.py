"""Linux: volumes are unmounted and unlocked ones closed by udisks, over the system bus.

Not by this process: the agent runs in a mount namespace of its own, in which an unmount does not
reach the desktop. Where udisks cannot be reached everything is at least written out, and the note
says that nothing was unmounted.
"""

import os
from collections.abc import Sequence
from contextlib import suppress

from jeepney import DBusAddress

from enforcement.system_bus import BusMissing, BusRefusal, SystemBus, connected

_UDISKS = "org.freedesktop.UDisks2"
_SECONDS = 30.0
"""A stick may have much to write out before it is unmounted."""
_NONE = {
    f"org.freedesktop.DBus.Error.{word}"
    for word in ("UnknownObject", "UnknownInterface", "UnknownMethod", "InvalidArgs")
}
"""How udisks says that a block device holds no file system, or that it is gone."""
_SILENT = {"auth.no_user_interaction": ("b", True)}


def put_away(names: Sequence[str]) -> str:
    """Unmount and close block devices in this order; what could not be done properly, for the log.

    Never raises for what udisks cannot do: the device is switched off in any case.
    """
    notes: list[str] = []
    try:
        with connected(_SECONDS) as bus:
            for name in names:
                notes += _put_away(bus, name)
    except BusMissing as error:
        notes.append(f"udisks: {error}; not everything was unmounted")
    os.sync()
    return "; ".join(notes)


def _put_away(bus: SystemBus, name: str) -> list[str]:
    at = f"/org/freedesktop/UDisks2/block_devices/{_escaped(name)}"
    notes = []
    try:
        for _ in range(_mounts(bus, at)):
            notes += _unmount(bus, at, name)
    except BusRefusal as error:
        notes.append(f"{name} may still be mounted: {error}")
    with suppress(BusRefusal):  # most volumes are not encrypted, and locked ones need no locking
        bus.call(DBusAddress(at, _UDISKS, f"{_UDISKS}.Encrypted"), "Lock", "a{sv}", (_SILENT,))
    return notes


def _unmount(bus: SystemBus, at: str, name: str) -> list[str]:
    filesystem = DBusAddress(at, _UDISKS, f"{_UDISKS}.Filesystem")
    try:
        bus.call(filesystem, "Unmount", "a{sv}", (_SILENT,))
    except BusRefusal as error:
        os.sync()  # a volume detached by force is not written out by that
        force = _SILENT | {"force": ("b", True)}
        bus.call(filesystem, "Unmount", "a{sv}", (force,))
        return [f"{name} was detached by force: {error}"]
    return []


def _mounts(bus: SystemBus, at: str) -> int:
    """In how many places a block device is mounted; 0 if it holds no file system."""
    try:
        found = bus.properties(DBusAddress(at, _UDISKS, f"{_UDISKS}.Filesystem"))
    except BusRefusal as error:
        if error.name not in _NONE:
            raise
        return 0
    points = found.get("MountPoints")
    return len(points) if isinstance(points, list) else 0


def _escaped(name: str) -> str:
    """A block device's name as udisks writes it in an object path: ``dm-0`` is ``dm_2d0``."""
    return "".join(c if c.isalnum() or c == "_" else f"_{ord(c):02x}" for c in name)

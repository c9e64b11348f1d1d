"""Linux: logind is asked to lock, and its LockedHint tells whether a locker obeyed.

logind only passes the request on as a signal. GNOME, Plasma and the lockers started by xss-lock
set the hint; some others lock without it and are then reported as not confirmed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jeepney import DBusAddress

from enforcement.base import EnforcementError, Outcome, Reason, Result
from enforcement.system_bus import BusMissing, BusRefusal, SystemBus, connected

_LOGIND = "org.freedesktop.login1"
_MANAGER = DBusAddress("/org/freedesktop/login1", _LOGIND, f"{_LOGIND}.Manager")
_GONE = {
    f"{_LOGIND}.NoSuchSession",
    "org.freedesktop.DBus.Error.UnknownObject",
    "org.freedesktop.DBus.Error.UnknownMethod",
    "org.freedesktop.DBus.Error.UnknownInterface",
}
_PAUSE = 0.1


def lock(session: str, started: int, patience: float) -> Outcome:
    """Lock a session that began at ``started`` (µs) and wait up to ``patience`` seconds for it.

    Raises EnforcementError: ``gone``, ``changed``, ``refused``, ``not-confirmed``, and
    ``unsupported`` where there is no logind.
    """
    with _told(), connected() as bus:
        (path,) = bus.call(_MANAGER, "GetSession", "s", (session,))
        at = DBusAddress(path, _LOGIND, f"{_LOGIND}.Session")
        if _look(bus, at, started):
            return Outcome(result=Result.ALREADY)
        bus.call(at, "Lock")
        _wait(bus, at, started, patience)
    return Outcome(result=Result.DONE)


def _wait(bus: SystemBus, at: DBusAddress, started: int, patience: float) -> None:
    end = time.monotonic() + patience
    while not _look(bus, at, started):
        if time.monotonic() >= end:
            note = f"no locker showed within {patience:g} seconds"
            raise EnforcementError(Reason.NOT_CONFIRMED, note)
        time.sleep(_PAUSE)


def _look(bus: SystemBus, at: DBusAddress, started: int) -> bool:
    """Whether the session is locked. Raises EnforcementError if it is another one by now."""
    found: dict[str, Any] = bus.properties(at)
    if found.get("Timestamp") != started:
        raise EnforcementError(Reason.CHANGED, "another session has this name now")
    return found.get("LockedHint") is True


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BusMissing as error:
        raise EnforcementError(Reason.UNSUPPORTED, f"logind: {error}") from error
    except BusRefusal as error:
        reason = Reason.GONE if error.name in _GONE else Reason.REFUSED
        raise EnforcementError(reason, f"logind: {error}") from error

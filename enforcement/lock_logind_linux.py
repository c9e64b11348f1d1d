"""Linux: one session as logind and the display manager see it."""

from dataclasses import dataclass

from jeepney import DBusAddress

from enforcement.base import EnforcementError, Reason
from enforcement.system_bus import BusMissing, BusRefusal, SystemBus

_LOGIND = "org.freedesktop.login1"
_MANAGER = DBusAddress("/org/freedesktop/login1", _LOGIND, f"{_LOGIND}.Manager")
_DISPLAYS = "org.freedesktop.DisplayManager"
_SEATS = "/org/freedesktop/DisplayManager/Seat0"
GONE = frozenset(
    {
        f"{_LOGIND}.NoSuchSession",
        "org.freedesktop.DBus.Error.UnknownObject",
        "org.freedesktop.DBus.Error.UnknownMethod",
        "org.freedesktop.DBus.Error.UnknownInterface",
    }
)
"""Errors that mean that the session has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A session at one moment."""

    uid: int
    locked: bool
    active: bool
    seat: str


class Seated:
    """The session ``name`` that began at ``started``, in microseconds since 1970."""

    def __init__(self, bus: SystemBus, name: str, started: int) -> None:
        self._bus = bus
        self._started = started
        (path,) = bus.call(_MANAGER, "GetSession", "s", (name,))
        self._at = DBusAddress(path, _LOGIND, f"{_LOGIND}.Session")

    def look(self) -> View:
        """What logind says now. Raises EnforcementError if it is another session by now."""
        found = self._bus.properties(self._at)
        if found.get("Timestamp") != self._started:
            raise EnforcementError(Reason.CHANGED, "another session has this name now")
        return View(
            uid=int(found.get("User", (-1, ""))[0]),
            locked=found.get("LockedHint") is True,
            active=found.get("Active") is True,
            seat=str(found.get("Seat", ("", ""))[0]),
        )

    def ask(self) -> None:
        """Have logind pass on the wish to lock. Raises BusMissing, BusRefusal."""
        self._bus.call(self._at, "Lock")

    def to_greeter(self) -> bool:
        """Whether the display manager was willing to show its login screen (LightDM, SDDM)."""
        seat = DBusAddress(_SEATS, _DISPLAYS, f"{_DISPLAYS}.Seat")
        try:
            self._bus.call(seat, "SwitchToGreeter")
        except (BusMissing, BusRefusal):
            return False
        return True

    def greeter_in_front(self) -> bool:
        """Whether the seat shows a login screen instead of this session."""
        view = self.look()
        if view.active or not view.seat:
            return False
        try:
            (_, path) = self._seat(view.seat)["ActiveSession"]
            at = DBusAddress(path, _LOGIND, f"{_LOGIND}.Session")
            return bool(self._bus.properties(at).get("Class") == "greeter")
        except (BusRefusal, KeyError, ValueError):
            return False  # nothing is in front, or it has just ended

    def _seat(self, name: str) -> dict[str, tuple[str, str]]:
        (path,) = self._bus.call(_MANAGER, "GetSeat", "s", (name,))
        return self._bus.properties(DBusAddress(path, _LOGIND, f"{_LOGIND}.Seat"))

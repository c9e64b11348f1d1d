"""What a person's own process tells logind and hears of it: the hint of a lock, an unlocking."""

import contextlib
from collections.abc import Iterator

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, message_bus
from jeepney.io.blocking import DBusConnection

from enforcement.in_session.bus import SYSTEM, BusError, call, connected

_LOGIND = "org.freedesktop.login1"
_MANAGER = DBusAddress("/org/freedesktop/login1", _LOGIND, f"{_LOGIND}.Manager")
_DISPLAYS = "org.freedesktop.DisplayManager"
_SEAT = DBusAddress("/org/freedesktop/DisplayManager/Seat0", _DISPLAYS, f"{_DISPLAYS}.Seat")


class Logind:
    """One session, on an open connection."""

    def __init__(self, bus: DBusConnection, session: str) -> None:
        self._bus = bus
        (self._path,) = call(bus, _MANAGER, "GetSession", "s", (session,))
        self._at = DBusAddress(self._path, _LOGIND, f"{_LOGIND}.Session")

    def hint(self, locked: bool) -> None:
        """Say whether the session is locked. Raises BusError."""
        call(self._bus, self._at, "SetLockedHint", "b", (locked,))

    def hinted(self) -> bool:
        """Whether somebody says that it is. Raises BusError."""
        at = DBusAddress(self._path, _LOGIND, "org.freedesktop.DBus.Properties")
        ((_, locked),) = call(self._bus, at, "Get", "ss", (f"{_LOGIND}.Session", "LockedHint"))
        return locked is True

    def to_greeter(self) -> None:
        """Have the login screen put in front. Raises BusError."""
        call(self._bus, _SEAT, "SwitchToGreeter")

    def listen(self) -> None:
        """From now on the wish to unlock can be heard. Raises BusError."""
        rule = MatchRule(
            type="signal", sender=_LOGIND, interface=f"{_LOGIND}.Session", member="Unlock",
            path=self._path,
        )  # fmt: skip
        call(self._bus, message_bus, "AddMatch", "s", (rule.serialise(),))

    def unlocked(self, seconds: float) -> bool:
        """Whether logind passes the wish to unlock on within so many seconds. Raises BusError."""
        try:
            while not self._is_unlock(self._bus.receive(timeout=seconds)):
                pass
        except TimeoutError:
            return False
        except OSError as error:
            raise BusError(f"the system bus is gone: {error}") from error
        return True

    def _is_unlock(self, message: Message) -> bool:
        """Anybody may send us such words; whose they are is asked of the bus."""
        fields = message.header.fields
        told = fields.get(HeaderFields.member), fields.get(HeaderFields.path)
        if told != ("Unlock", self._path):
            return False
        (owner,) = call(self._bus, message_bus, "GetNameOwner", "s", (_LOGIND,))
        return bool(fields.get(HeaderFields.sender) == owner)


@contextlib.contextmanager
def logind(session: str) -> Iterator[Logind]:
    """The session's own logind. Raises BusError."""
    with connected(SYSTEM) as bus:
        yield Logind(bus, session)

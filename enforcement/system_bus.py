"""The system message bus, asked one question at a time, with an end to each wait.

Two things can be wrong and actions treat them differently: the bus or the service on it is not
there (BusMissing), or the service is there and says no (BusRefusal, with the error's name).
``DBUS_SYSTEM_BUS_ADDRESS`` is respected, as by every other program.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from jeepney import DBusAddress, Message, MessageType, Properties, new_method_call
from jeepney.auth import AuthenticationError
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.low_level import HeaderFields

SECONDS = 5.0
"""Longest wait for one answer."""
_ABSENT = {
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.Disconnected",
}
_SPAWN = "org.freedesktop.DBus.Error.Spawn."


class BusMissing(Exception):
    """The bus or the service cannot be reached or does not answer in time."""


class BusRefusal(Exception):
    """The service answered with an error. ``name`` is the error's name on the bus."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{text or name}")
        self.name = name


class SystemBus:
    """An open connection."""

    def __init__(self, connection: DBusConnection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds

    def call(
        self, at: DBusAddress, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """Call a method. Raises BusMissing, BusRefusal."""
        return self._ask(new_method_call(at, method, signature or None, body))

    def properties(self, at: DBusAddress) -> dict[str, Any]:
        """All properties of an interface. Raises BusMissing, BusRefusal."""
        return {name: value for name, (_, value) in self._ask(Properties(at).get_all())[0].items()}

    def _ask(self, question: Message) -> tuple[Any, ...]:
        try:
            answer = self._connection.send_and_get_reply(question, timeout=self._seconds)
        except OSError as error:  # no answer in time is one of these
            raise BusMissing(f"no answer from the system bus: {error}") from error
        body: tuple[Any, ...] = answer.body
        if answer.header.message_type is MessageType.error:
            name = str(answer.header.fields.get(HeaderFields.error_name, ""))
            text = str(body[0]) if body else ""
            if name in _ABSENT or name.startswith(_SPAWN):
                raise BusMissing(text or name)
            raise BusRefusal(name, text)
        return body


@contextlib.contextmanager
def connected(seconds: float = SECONDS) -> Iterator[SystemBus]:
    """A connection to the system bus. Raises BusMissing."""
    try:
        connection = open_dbus_connection(bus="SYSTEM", auth_timeout=seconds)
    except (OSError, AuthenticationError, RuntimeError, ValueError) as error:
        raise BusMissing(f"the system bus cannot be reached: {error}") from error
    with contextlib.closing(connection):
        yield SystemBus(connection, seconds)

"""Linux: what logind knows of the sessions, over the system bus.

Polled, not listened to: the hints of interest change without a signal on many desktops, and a few
calls every few seconds cost next to nothing. A bus or a logind that is not there is a DeskError;
the next question opens a new connection.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from jeepney import DBusAddress, Message, MessageType, Properties, new_method_call
from jeepney.auth import AuthenticationError
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from collectors.base import Gap
from collectors.session_input_linux import InputClock
from collectors.session_state import DeskError, Session, SessionKind

SECONDS = 5.0
"""Longest wait for one answer."""
MOST_SESSIONS = 64
_LOGIND = "org.freedesktop.login1"
_MANAGER = DBusAddress("/org/freedesktop/login1", _LOGIND, f"{_LOGIND}.Manager")


class LogindDesk:
    """The running system: logind for the sessions, the input devices for the last touch."""

    def __init__(self, clock: InputClock | None = None) -> None:
        self.clock = clock or InputClock()
        self._bus: DBusConnection | None = None

    def sessions(self) -> Sequence[Session]:
        """Every session logind knows. Raises DeskError if it cannot be asked."""
        try:
            rows = self._ask(new_method_call(_MANAGER, "ListSessions"))[0]
            found = [self._session(row) for row in rows[:MOST_SESSIONS]]
        except (OSError, AuthenticationError, RuntimeError, KeyError, IndexError) as error:
            self._hang_up()
            raise DeskError(f"logind cannot be asked: {error}") from error
        except (TypeError, ValueError) as error:
            raise DeskError(f"logind's answer makes no sense: {error}") from error
        return [session for session in found if session is not None]

    def kept_open(self) -> frozenset[int]:
        """The accounts whose programs hold an inhibitor of idleness. Raises DeskError."""
        try:
            rows = self._ask(new_method_call(_MANAGER, "ListInhibitors"))[0]
            return frozenset(uid for what, _, _, mode, uid, _ in rows if _keeps_open(what, mode))
        except (OSError, AuthenticationError, RuntimeError, IndexError) as error:
            self._hang_up()
            raise DeskError(f"logind cannot be asked: {error}") from error
        except (TypeError, ValueError) as error:
            raise DeskError(f"logind's answer makes no sense: {error}") from error

    def touched_at(self, now: float) -> float | Gap:
        """When an input device last moved, or why that cannot be told."""
        return self.clock.look(now)

    def close(self) -> None:
        """Let go of the bus and the devices."""
        self._hang_up()
        self.clock.close()

    def _session(self, row: tuple[str, int, str, str, str]) -> Session | None:
        identity, uid, user, seat, path = row
        address = DBusAddress(path, _LOGIND, f"{_LOGIND}.Session")
        try:
            properties = self._ask(Properties(address).get_all())[0]
        except Refused:
            return None  # it ended between the two questions
        return read_session(identity, uid, user, seat, properties)

    def _ask(self, question: Message) -> tuple[Any, ...]:
        if self._bus is None:
            self._bus = open_dbus_connection(bus="SYSTEM", auth_timeout=SECONDS)
        answer = self._bus.send_and_get_reply(question, timeout=SECONDS)
        if answer.header.message_type is MessageType.error:
            raise Refused(str(answer.body[0] if answer.body else "refused"))
        body: tuple[Any, ...] = answer.body
        return body

    def _hang_up(self) -> None:
        if self._bus is not None:
            with contextlib.suppress(OSError):
                self._bus.close()
        self._bus = None


class Refused(OSError):
    """logind answered with an error."""


def read_session(
    identity: str, uid: int, user: str, seat: str, properties: Mapping[str, tuple[str, Any]]
) -> Session:
    """A session from logind's own properties. Raises KeyError, TypeError or ValueError."""
    values = {name: value for name, (_, value) in properties.items()}
    word = str(values["Type"])
    return Session(
        id=str(identity),
        user=str(user),
        uid=int(uid),
        kind=SessionKind(word) if word in tuple(SessionKind) else SessionKind.OTHER,
        seat=str(seat),
        own=values["Class"] == "user",
        active=values["Active"] is True and values["State"] != "closing",
        remote=values["Remote"] is True,
        locked=values["LockedHint"] is True,
        idle_hint=values["IdleHint"] is True,
        idle_since=int(values["IdleSinceHintMonotonic"]) / 1e6,
        started=int(values["Timestamp"]),
        begun=int(values["TimestampMonotonic"]) / 1e6,
    )


def _keeps_open(what: str, mode: str) -> bool:
    return mode == "block" and "idle" in what.split(":")

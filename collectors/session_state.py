"""What is known of one session at one moment, and how long nobody has touched it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from collectors.base import Gap


class SessionKind(StrEnum):
    """How a session reaches the screen."""

    X11 = "x11"
    WAYLAND = "wayland"
    MIR = "mir"
    TTY = "tty"
    OTHER = "other"


GRAPHICAL = frozenset({SessionKind.X11, SessionKind.WAYLAND, SessionKind.MIR})


class IdleSource(StrEnum):
    """Where an idle time comes from."""

    INPUT_DEVICES = "input-devices"
    LOGIND_HINT = "logind-hint"
    NONE = "none"
    """Nothing here can tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One session as logind knows it. ``idle_since`` in seconds of the monotonic clock.

    ``started`` in microseconds since 1970; with the id it names a session for good, since ids are
    given out again.
    """

    id: str
    user: str
    uid: int
    kind: SessionKind
    seat: str
    own: bool
    """A person's session, not a greeter or a locker's."""
    active: bool
    remote: bool
    locked: bool
    idle_hint: bool
    idle_since: float
    started: int
    begun: float = 0.0
    """When it began, in seconds of the monotonic clock; nobody was away before."""

    def watched(self) -> bool:
        """Whether an open screen here would be one that people walk past."""
        return self.own and self.active and not self.remote and self.kind in GRAPHICAL


@dataclass(frozen=True, slots=True)
class Idle:
    """How long nothing was touched, in seconds; None if nothing here can tell.

    ``kept_open``: one of the person's programs asks for the screen to stay on meanwhile.
    """

    seconds: float | None
    source: IdleSource
    kept_open: bool = False


class DeskError(Exception):
    """The system's keeper of sessions does not answer."""


class Desk(Protocol):
    """The part of the operating system that knows the sessions and when something was touched."""

    def sessions(self) -> Sequence[Session]:
        """Every session there is. Raises DeskError."""
        ...

    def touched_at(self, now: float) -> float | Gap:
        """When an input device last moved (monotonic seconds), or why that cannot be told."""
        ...

    def kept_open(self) -> frozenset[int]:
        """The accounts whose programs ask for the screen to stay on. Raises DeskError."""
        ...

    def close(self) -> None: ...


def open_screens(desk: Desk) -> list[Session]:
    """The sessions of people whose screen is open now; the desk is closed. Raises DeskError."""
    try:
        return [one for one in desk.sessions() if one.watched() and not one.locked]
    finally:
        desk.close()


def idle_time(session: Session, touched_at: float | Gap, now: float) -> Idle:
    """The idle time by the best source there is. A hint that was never given proves nothing."""
    if isinstance(touched_at, float) and session.seat == "seat0":
        since, source = touched_at, IdleSource.INPUT_DEVICES
    elif session.idle_hint:
        since, source = session.idle_since, IdleSource.LOGIND_HINT
    else:
        return Idle(None, IdleSource.NONE)
    return Idle(max(0.0, now - max(since, session.begun)), source)

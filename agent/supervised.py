"""A word to the service manager: that the agent is ready, and from time to time that it goes on.

The protocol is systemd's (``sd_notify``): one datagram to the socket that the environment names. An
agent that nobody supervises says nothing. The word comes from the loop that decides and acts, so an
agent whose loop is stuck is started again.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MICROSECONDS = 1_000_000


@dataclass(kw_only=True)
class Supervised:
    """``every`` is in seconds, 0 for never; ``place`` is the socket's address, empty for none."""

    place: str
    every: float
    monotonic: Callable[[], float] = time.monotonic
    next_at: float | None = field(default=None, init=False)

    def alive(self) -> None:
        """Called at each turn of the loop: the first says that the agent is ready."""
        now = self.monotonic()
        if self.next_at is None:
            self._tell("READY=1")
        elif not self.every or now < self.next_at:
            return
        else:
            self._tell("WATCHDOG=1")
        self.next_at = now + self.every

    def _tell(self, word: str) -> None:
        if not self.place:
            return
        address = "\0" + self.place[1:] if self.place.startswith("@") else self.place
        with (
            contextlib.suppress(OSError),  # whoever listens no more has other troubles
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as told,
        ):
            told.sendto(word.encode("ascii"), address)


def by(environ: Mapping[str, str] = os.environ) -> Supervised:
    """Who supervises this very process, as the environment says."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    ours = usec.isdecimal() and pid in ("", str(os.getpid()))
    # Three words in each interval, so that one may be late.
    every = int(usec) / MICROSECONDS / 3 if ours else 0.0
    return Supervised(place=environ.get("NOTIFY_SOCKET", ""), every=every)

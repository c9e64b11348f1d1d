"""A word to the service manager: that the collector is ready, and that its loop goes on.

The protocol is systemd's (``sd_notify``): one datagram to the socket that the environment names.
The word comes from the loop that holds all connections, so a collector whose loop is stuck is
started again; one that nobody supervises says nothing.
"""

import contextlib
import os
import socket
from collections.abc import Mapping

READY, ALIVE, ENDING = "READY=1", "WATCHDOG=1", "STOPPING=1"
MICROSECONDS = 1_000_000


def tell(word: str, environ: Mapping[str, str] = os.environ) -> None:
    """Say a word to whoever supervises this process, if somebody does."""
    place = environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    address = "\0" + place[1:] if place.startswith("@") else place
    with (
        contextlib.suppress(OSError),  # whoever listens no more has other troubles
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as told,
    ):
        told.sendto(word.encode("ascii"), address)


def interval(environ: Mapping[str, str] = os.environ) -> float:
    """Seconds between two words that say it goes on; 0 if nobody waits for them."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    ours = usec.isdecimal() and pid in ("", str(os.getpid()))
    # Three words in each interval, so that one may be late.
    return int(usec) / MICROSECONDS / 3 if ours else 0.0

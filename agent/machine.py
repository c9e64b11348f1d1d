"""What an enrolment token can be bound to: this machine's host name and its serial number.

Both only ever leave as digests under the secret of a token, so a collector that gave out a token
without binding it keeps neither.
"""

import socket
from pathlib import Path

SERIAL = Path("/sys/class/dmi/id/product_serial")
"""For root only; elsewhere, or without it, a laptop has no serial number to show."""
_LONGEST = 256
_FILLED_IN_BY_NOBODY = frozenset(
    {"", "0", "none", "n/a", "default string", "to be filled by o.e.m.", "system serial number"}
)


def host() -> str:
    """The host name without its domain, which changes with the network on some systems."""
    return socket.gethostname().partition(".")[0]


def serial(path: Path = SERIAL) -> str:
    """The serial number as the maker wrote it; empty where there is none or it may not be read."""
    try:
        text = path.read_bytes()[:_LONGEST].decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return "" if text.casefold() in _FILLED_IN_BY_NOBODY else text

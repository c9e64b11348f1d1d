"""Linux: to whom the other end of a connection on the loopback address belongs."""

from pathlib import Path

TABLE = Path("/proc/net/tcp")
_LOOPBACK = "0100007F"
"""127.0.0.1 as the kernel writes it: the four bytes in the order of the machine."""
_LOCAL, _REMOTE, _UID = 1, 2, 7


def uid_of(their_port: int, our_port: int, table: Path = TABLE) -> int | None:
    """The user number of the socket at ``their_port`` that is connected to ``our_port``, or None.

    The kernel tells it, so nothing that the other end says can change it.
    """
    theirs, ours = f"{_LOOPBACK}:{their_port:04X}", f"{_LOOPBACK}:{our_port:04X}"
    with table.open("r", encoding="ascii") as rows:
        for row in rows:
            columns = row.split()
            if columns[_LOCAL] == theirs and columns[_REMOTE] == ours:
                return int(columns[_UID])
    return None

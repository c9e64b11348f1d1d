"""Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED)."""

import socket
import struct

_CREDENTIALS = "3i"
"""Process, user and group."""


def peer_of(connection: socket.socket) -> tuple[int, int]:
    """The process and the user that connected; nothing they say can change it."""
    size = struct.calcsize(_CREDENTIALS)
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, _ = struct.unpack(_CREDENTIALS, raw)
    return pid, uid

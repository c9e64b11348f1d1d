"""Connections taken in a few at a time: a crowd at the door does not stop what goes on inside.

A secure connection costs the collector more than a refusal and, while it is made, memory too. When
ten thousand laptops call at once, making all of their connections side by side would keep every one
of them waiting until the last is made. Here only some are made at a time; the others wait where
they cost nothing, in the system's own queue, and beyond its end the system lets them call again.
Whoever calls and then says nothing gives up its place soon.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sized

log = logging.getLogger(__name__)
MOST_AT_ONCE = 128
"""Connections that are being made."""
A_FEW = 5
"""Connections that are taken at each look while the house is full: they can only be told when to
come back, and telling everybody at once would leave no time to serve those who are inside."""
HANDSHAKE_SECONDS = 10.0
"""A laptop behind a bad network needs two; nobody needs more than this."""
LOOK_AGAIN = 0.05
"""Seconds until the next look whether a connection has ended."""


class Doorway:
    """Takes connections from a listening socket and gives each to a protocol of its own."""

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        opened: Sized,
        most: int,
        full: Callable[[], bool] = lambda: False,
    ) -> None:
        """``opened`` are the connections that are made, and ``most`` of them there may be; ``full``
        says whether no more can be served just now."""
        self._listening, self._protocol, self._context = listening, protocol, context
        self._opened, self._most, self._full = opened, most, full
        self._made: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        self._shut = False

    def open(self) -> None:
        """Take connections as they come, from now on."""
        self._listening.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Take no more; those that are being made are given up."""
        self._shut = True
        self._loop.remove_reader(self._listening)
        if self._later is not None:
            self._later.cancel()
        for task in self._made:
            task.cancel()

    def _listen(self) -> None:
        if not self._shut:
            self._loop.add_reader(self._listening, self._take_in)

    def _wait(self) -> None:
        """Leave callers in the system's queue for a moment."""
        self._loop.remove_reader(self._listening)
        self._later = self._loop.call_later(LOOK_AGAIN, self._listen)

    def _take_in(self) -> None:
        """Take what waits, as far as there is room."""
        for _ in range(self._room()):
            try:
                connection, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # out of files or memory: room comes as connections end
                log.error("cannot take a connection: %s", error.strerror)
                break
            task = self._loop.create_task(self._make(connection))
            self._made.add(task)
            task.add_done_callback(self._made.discard)
        self._wait()

    def _room(self) -> int:
        most = A_FEW if self._full() else MOST_AT_ONCE - len(self._made)
        return min(most, self._most - len(self._opened) - len(self._made))

    async def _make(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            await self._loop.connect_accepted_socket(
                self._protocol,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except (OSError, EOFError):
            connection.close()  # it broke off, or spoke no TLS: nothing that this side can mend

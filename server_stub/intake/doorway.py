"""Connections taken in a few at a time: a crowd at the door does not stop what goes on inside.

A secure connection costs the collector more than a refusal and, while it is made, memory too. When
ten thousand laptops call at once, making all of their connections side by side would keep every one
of them waiting until the last is made. Here only some are made at a time, and a bounded number of
callers waits in the order in which they came. Beyond that a caller is hung up on, which costs next
to nothing: to a laptop that is a bad network, and it comes back by itself, later each time. Left in
the system's own queue it would wait for half a minute and know no more.
"""

import asyncio
import logging
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sized

log = logging.getLogger(__name__)
MOST_AT_ONCE = 64
"""Connections that are being made."""
MOST_WAITING = 400
"""Callers that wait for theirs: those that are answered within a few seconds."""
A_FEW = 10
"""Connections that are made at each look while the house is full: they can only be told when to
come back, and telling everybody at once would leave no time to serve those who are inside."""
HANDSHAKE_SECONDS = 10.0
"""A laptop behind a bad network needs two; nobody needs more than this."""
LOOK_AGAIN = 0.05
"""Seconds until the next look whether there is room."""


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
        self._waiting: deque[socket.socket] = deque()
        self._made: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._few = A_FEW
        self._next_look: asyncio.TimerHandle | None = None
        self._shut = False

    def open(self) -> None:
        """Take connections as they come, from now on."""
        self._listening.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Take no more; those that wait or are being made are given up."""
        self._shut = True
        self._loop.remove_reader(self._listening)
        if self._next_look is not None:
            self._next_look.cancel()
        for task in self._made:
            task.cancel()
        while self._waiting:
            self._waiting.popleft().close()

    def _listen(self) -> None:
        if not self._shut:
            self._loop.add_reader(self._listening, self._take_in)

    def _take_in(self) -> None:
        """Take every caller: to make its connection, to let it wait, or to hang up."""
        for _ in range(MOST_WAITING):
            try:
                caller, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                break
            except OSError as error:  # out of files or memory: room comes as connections end
                log.error("cannot take a connection: %s", error.strerror)
                self._loop.remove_reader(self._listening)
                self._loop.call_later(1.0, self._listen)
                break
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(caller)
            else:
                caller.close()
        self._let_in()

    def _let_in(self) -> None:
        """Make connections for those who wait longest, as far as there is room."""
        while self._waiting and self._has_room():
            task = self._loop.create_task(self._make(self._waiting.popleft()))
            self._made.add(task)
            task.add_done_callback(self._made.discard)
        if self._waiting and self._next_look is None:
            self._next_look = self._loop.call_later(LOOK_AGAIN, self._look_again)

    def _look_again(self) -> None:
        self._next_look, self._few = None, A_FEW
        if not self._shut:
            self._let_in()

    def _has_room(self) -> bool:
        made = len(self._made)
        if made >= MOST_AT_ONCE or len(self._opened) + made >= self._most:
            return False
        if not self._full():
            return True
        self._few -= 1
        return self._few >= 0

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
        if not self._shut:
            self._loop.call_soon(self._let_in)

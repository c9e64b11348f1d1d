"""How long one caller may hold a connection without getting anywhere.

uvicorn waits for ever for a first request, for the rest of its headers, and for a caller to read
the answer. The number of connections is limited, so a handful of computers that open them and say
nothing would shut every laptop out. Here each connection has one clock: it begins anew with each
answer, and when it runs out the connection is cut, whatever it was waiting for.
"""

import asyncio
import resource

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_OPEN_FILES = 8192


class Patient(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to every wait."""

    seconds = 90.0
    """From the start, or the last answer, to the next one: longer than a body and a busy database
    may take together."""
    running_out: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin_anew()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.running_out is not None:
            self.running_out.cancel()

    def on_response_complete(self) -> None:
        self._begin_anew()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and end the connection.

        What follows on an answer that ends it is nobody's to answer; and whoever still works on a
        request whose body turned out to be no HTTP need not answer it once more.
        """
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _begin_anew(self) -> None:
        if self.running_out is not None:
            self.running_out.cancel()
        # Not close(), which would wait for the caller to read what is still to be sent.
        self.running_out = self.loop.call_later(self.seconds, self.transport.abort)


def allow_open_files() -> None:
    """Let every allowed connection have its file; by default a process may open 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MOST_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

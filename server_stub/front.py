"""The doors of several organisations on one address, told apart by host name.

The name in the first message of TLS chooses the certificate, and with it the organisation to which
the connection belongs; every request on it has to name the same host. Without a name that is served
here there is no certificate to show: the handshake ends, and nobody learns who is served. One
organisation may have its share of the connections and no more: beyond that its callers are hung up
on before anything costly is done, and every other one still finds room.
"""

import asyncio
import ssl
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server_stub import named_log
from server_stub.intake.patience import Patient
from server_stub.organisation_file import host_of

AGAIN_SECONDS = 60
_DOOR = "door"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def closed(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer of an organisation that cannot be served just now."""
    headers = _HEADERS | {"Retry-After": str(AGAIN_SECONDS)}
    reply = PlainTextResponse("This cannot be served just now: try later.\n", 503, headers)
    await reply(scope, receive, send)


async def misdirected(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to a request that names another host than its connection."""
    reply = PlainTextResponse("This connection is not for that host.\n", 421, _HEADERS)
    await reply(scope, receive, send)


@dataclass(kw_only=True, slots=True, eq=False)
class Door:
    """The way in to one organisation. Without ``context`` it has no certificate to show."""

    name: str
    host: str
    app: ASGIApp = closed
    context: ssl.SSLContext | None = None
    open: int = 0
    """Connections at this moment."""


class Front:
    """All doors. Used by the one thread of the server's loop, but for ``set_doors``."""

    def __init__(self, most: int) -> None:
        self._most = self._share = most
        self._by_host: dict[str, Door] = {}

    def set_doors(self, doors: Iterable[Door]) -> None:
        """From now on these are served, each with an equal share of the connections."""
        certain = sorted(doors, key=lambda door: door.context is not None)
        by_host = {door.host: door for door in certain if door.host}
        self._share = self._most // max(1, len(by_host))
        self._by_host = by_host

    def choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> int | None:
        """Give a connection the certificate of the organisation it asks for, or end it."""
        door = self._by_host.get(host_of(name or ""))
        if door is None or door.context is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if door.open >= self._share:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        connection.context = door.context
        return None

    def door_of(self, context: ssl.SSLContext) -> Door | None:
        """The door whose certificate a connection was made with."""
        return next((one for one in self._by_host.values() if one.context is context), None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the organisation that both its connection and its Host name."""
        door = self._by_host.get(host_of(Request(scope).headers.get("host", "")))
        if door is None or scope.get("state", {}).get(_DOOR) is not door:
            await misdirected(scope, receive, send)
            return
        with named_log.about(door.name):
            await door.app(scope, receive, send)


def no_word_of_bad_names(error: "sys.UnraisableHookArgs") -> None:
    """What is written when nobody can be told: not what strangers send as a name in TLS."""
    if error.exc_type is not UnicodeDecodeError:
        sys.__unraisablehook__(error)


class Caller(Patient):
    """A connection that knows by which door it came in."""

    front: Front
    door: Door | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        spoken = cast(ssl.SSLObject, transport.get_extra_info("ssl_object"))
        self.door = self.front.door_of(spoken.context)
        self.app_state = {**self.app_state, _DOOR: self.door}
        if self.door is not None:
            self.door.open += 1
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.door is not None:
            self.door.open -= 1
        super().connection_lost(exc)

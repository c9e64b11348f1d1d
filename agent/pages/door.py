"""The door before the pages: whom it opens to, and what every reply carries.

The loopback address is shared by everybody on the laptop, so four things are asked before a page
sees a request. The kernel says that the other end is a program of this very person, before a byte
of it is read. The host is this address and nothing that a name leads to. The address holds a secret
that nobody else was given: the one that a browser is started with works once, since other users can
read the words a program was started with. And a form comes from one of these pages.
"""

import asyncio
import hmac
import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from agent.pages.callers import uid_of

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that a browser would not say which page a form comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_OWN_DOING = ("none", "same-origin")
"""What a browser says of a request that no other site brought about."""
MOST_ENTRIES = 20
"""Addresses that were given out and not used; the oldest stops working."""


class OwnOnly(H11Protocol):
    """HTTP for programs of one person: anybody else's connection ends before it is read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if peer is None or uid_of(peer[1], ours[1]) != os.geteuid():
            log.warning("a program of another user was turned away")
            transport.abort()
            return
        super().connection_made(transport)


@dataclass(kw_only=True)
class Door:
    """Round the pages, on ``port``. ``heard`` is called with each request that is let in."""

    app: ASGIApp
    port: int
    heard: Callable[[], None] = lambda: None
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    entries: dict[str, str] = field(default_factory=dict)

    def address_of(self, page: str) -> str:
        """An address that leads to a page, once."""
        token = secrets.token_urlsafe(32)
        self.entries[token] = page
        while len(self.entries) > MOST_ENTRIES:
            del self.entries[next(iter(self.entries))]
        return f"{self.origin}/e/{token}"

    @property
    def origin(self) -> str:
        """The address before its path."""
        return f"http://{HOST}:{self.port}"

    @property
    def base(self) -> str:
        """What the path of every page begins with."""
        return f"/s/{self.secret}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        turned_away = self._refusal(scope)
        if turned_away is not None:
            await turned_away(scope, receive, send_on)
            return
        self.heard()
        scope["root_path"] = self.base
        await self.app(scope, receive, send_on)

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to who is not let in; None: it is for the pages."""
        headers, path, method = Headers(scope=scope), str(scope["path"]), scope["method"]
        if headers.getlist("host") != [f"{HOST}:{self.port}"]:
            return _plain(HTTPStatus.MISDIRECTED_REQUEST)
        if headers.get("sec-fetch-site", "none") not in _OWN_DOING:
            return _plain(HTTPStatus.FORBIDDEN)
        if method == "GET" and path.startswith("/e/"):
            return self._enter(path.removeprefix("/e/"))
        if not _same(path[: len(self.base) + 1], self.base + "/"):
            return _plain(HTTPStatus.NOT_FOUND)
        if method not in ("GET", "HEAD", "POST"):
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED)
        if method == "POST" and headers.getlist("origin") != [self.origin]:
            return _plain(HTTPStatus.FORBIDDEN)
        return None

    def _enter(self, given: str) -> Response:
        for token, page in self.entries.items():
            if _same(given, token):
                del self.entries[token]
                return RedirectResponse(f"{self.base}/{page}", HTTPStatus.SEE_OTHER)
        return _plain(HTTPStatus.NOT_FOUND)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("ascii"))


def _plain(status: HTTPStatus) -> Response:
    return PlainTextResponse(f"{status.value} {status.phrase}\n", status)

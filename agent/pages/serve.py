"""Serving the pages until nobody has used them for a while, and opening one in the browser.

One process serves all pages of one person: who opens a second one asks the first, over a socket in
the person's own runtime folder, for another address.
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn
from uvicorn.server import ServerState

from agent.pages.app import make_app
from agent.pages.browser import open_address
from agent.pages.door import HOST, Door, OwnOnly
from agent.pages.page import House
from agent.peer import peer_of

log = logging.getLogger(__name__)

IDLE_SECONDS = 2 * 3600.0
"""Without a request for so long, the pages end: nobody types for longer at one form."""
ASK_SECONDS = 5.0
LONGEST_NAME = 64


def open_page(house: House, page: str, runtime: Path | None, *, show: bool = True) -> int:
    """Open a page in the browser, and serve it unless somebody does. 1 if no browser was found."""
    meeting = runtime / "dossierwacht-pages.sock" if runtime else None
    address = _asked(meeting, page) if meeting else ""
    if address:
        return 0 if _shown(address, show=show) else 1
    return asyncio.run(_serve(house, page, meeting, lambda address: _shown(address, show=show)))


def _shown(address: str, *, show: bool) -> bool:
    """Start the browser, or give the address to whoever asked for it or is at the terminal."""
    if show and open_address(address):
        return True
    if show and not sys.stdout.isatty():
        return False
    print(address, flush=True)
    return True


async def _serve(
    house: House, page: str, meeting: Path | None, opened: Callable[[str], bool]
) -> int:
    loop, used = asyncio.get_running_loop(), asyncio.Event()
    listener = socket.create_server((HOST, 0))
    door = Door(app=make_app(house), port=listener.getsockname()[1], heard=used.set)
    settings = uvicorn.Config(
        door, log_config=None, access_log=False, lifespan="off", ws="none", proxy_headers=False
    )
    settings.load()
    state = ServerState()
    server = await loop.create_server(
        lambda: OwnOnly(config=settings, server_state=state, app_state={}), sock=listener
    )
    others = await _meet(meeting, door) if meeting else None
    try:
        if not await asyncio.to_thread(opened, door.address_of(page)):
            return 1  # nobody would ever come
        while await _within(used, IDLE_SECONDS):
            used.clear()
    finally:
        server.close()
        if others is not None and meeting is not None:
            others.close()
            meeting.unlink(missing_ok=True)
    return 0


async def _within(used: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await used.wait()
    return False


async def _meet(meeting: Path, door: Door) -> asyncio.Server | None:
    """Give addresses to other processes of this person; None where that cannot be had."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, TimeoutError):
            if _is_own(writer.get_extra_info("socket")):
                async with asyncio.timeout(ASK_SECONDS):
                    page = (await reader.readline()).decode("ascii").strip()
                writer.write(door.address_of(page).encode("ascii"))
                door.heard()
        writer.close()

    try:
        meeting.unlink(missing_ok=True)
        return await asyncio.start_unix_server(answer, meeting, limit=LONGEST_NAME)
    except OSError as error:
        log.info("nobody else is given addresses: %s", error)
        return None


def _asked(meeting: Path, page: str) -> str:
    """An address from a process that serves already; empty if there is none."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(ASK_SECONDS)
        asking.connect(str(meeting))
        if _is_own(asking):
            asking.sendall(page.encode("ascii") + b"\n")
            return asking.recv(4096).decode("ascii", "replace")
    return ""


def _is_own(connection: socket.socket) -> bool:
    _, uid = peer_of(connection)
    return uid == os.geteuid()

"""A caller who writes raw bytes over TLS and reads what comes back, on a connection as it lasts.

Whether the collector has all that it needs to answer is told by the same reading of HTTP that it
uses; a request that is not whole is left after a moment, and one that is whole has to be answered.
"""

import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from random import Random
from urllib.parse import urlsplit

import h11
import msgspec

from agent.wire import messages
from tests.collector_on_loopback import Running

SECONDS = 60.0
"""For an answer that is due."""
A_MOMENT = 0.2
"""For one that is not: the collector may refuse before it has read everything."""
LARGEST_HEAD = 65_536
"""Bytes of the first line and the headers that the collector reads."""
LARGEST_ANSWER = 8_000_000
_GO_ON = re.compile(rb"\AHTTP/1\.1 100 [^\r]*\r\n\r\n")
"""No answer yet: only that the body may come."""
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back; ``due`` is whether something had to."""

    content: bytes
    due: bool
    whole: bool = False

    @property
    def status(self) -> int:
        """0 if nothing came, or nothing that is HTTP."""
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", self.content)
        return int(found[1]) if found else 0

    def fault(self) -> str:
        """What is wrong with it; empty if nothing is."""
        if not self.status:
            return "no answer" if self.due else ""
        if self.status >= 500 and not (self.status == 503 and b'"busy"' in self.content):
            return f"answered {self.status}"
        head, _, body = self.content.partition(b"\r\n\r\n")
        if self.status >= 400 and self.whole and body and b"application/json" in head:
            try:
                msgspec.json.decode(body, type=messages.Problem)
            except msgspec.MsgspecError:
                return "a refusal of another shape"
        return ""


class Due(Enum):
    """What has to follow on some bytes."""

    NOTHING = "nothing"
    """More is to come before there is anything to answer."""
    ANSWER = "answer"
    LAST_ANSWER = "last answer"
    """There is more than one whole request, or it is none: nobody can go on from here."""


def due(content: bytes) -> Due:
    """What the collector owes for these bytes on a connection that has just been made."""
    if not content:
        return Due.NOTHING
    reading = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
    reading.receive_data(content)
    try:
        while (event := reading.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.EndOfMessage):
                alone = reading.trailing_data == (b"", False)
                return Due.ANSWER if alone else Due.LAST_ANSWER
    except h11.RemoteProtocolError:
        return Due.LAST_ANSWER
    return Due.NOTHING


class Caller:
    """One caller; every connection comes from another address of this machine."""

    def __init__(self, at: Running, dice: Random) -> None:
        place = urlsplit(at.url)
        assert place.hostname and place.port
        self.place = place.hostname, place.port
        self.context = ssl.create_default_context(cafile=at.ca)
        self.dice = dice
        self.line: ssl.SSLSocket | None = None

    def ask(self, content: bytes) -> Answer:
        """Write it all, as far as it is taken, and read the answer."""
        owed, kept = due(content), self.line is not None
        answer = self._ask(content, owed)
        if not answer.content and kept:  # the connection had come to its end before
            answer = self._ask(content, owed)
        return answer

    def close(self) -> None:
        if self.line is not None:
            with contextlib.suppress(OSError):
                self.line.close()
        self.line = None

    def _ask(self, content: bytes, owed: Due) -> Answer:
        line = self.line = self.line or self._call()
        line.settimeout(SECONDS)
        with contextlib.suppress(OSError):  # refused while it was still being written
            line.sendall(content)
        line.settimeout(A_MOMENT if owed is Due.NOTHING else SECONDS)
        found, length = b"", -1
        for piece in _pieces(line):
            found = _GO_ON.sub(b"", found + piece)
            length = _length(found, content) if length < 0 else length
            if 0 <= length <= len(found) or len(found) > LARGEST_ANSWER:
                break
        whole = 0 <= length == len(found)
        if not whole or owed is not Due.ANSWER or b"\r\nconnection: close" in found.lower():
            self.close()
        return Answer(content=found, due=owed is not Due.NOTHING, whole=whole)

    def _call(self) -> ssl.SSLSocket:
        here = f"127.{self.dice.randrange(256)}.{self.dice.randrange(256)}.1"
        plain = socket.create_connection(self.place, SECONDS, source_address=(here, 0))
        return self.context.wrap_socket(plain, server_hostname=self.place[0])


def _pieces(line: ssl.SSLSocket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        while piece := line.recv(65_536):
            yield piece


def _length(found: bytes, content: bytes) -> int:
    """How long the answer is, head and all; -1 as long as that is not known."""
    head, mark, _ = found.partition(b"\r\n\r\n")
    if not mark:
        return -1
    told = _LENGTH.search(head)
    bodiless = content.startswith(b"HEAD ") or re.match(rb"HTTP/1\.1 (1|204|304)", head)
    if bodiless:
        return len(head) + 4
    return len(head) + 4 + int(told[1]) if told else -1

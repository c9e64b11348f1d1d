"""The worker: a process without rights that is handed open files and says what they are.

    python -I -m collectors.recognise.worker SOCKET USER IDLE OWN

It takes the organisation's own rules off its socket if OWN is 1, loads all that it will ever need,
shuts itself in (``sandbox.enter``), says which layers hold, and then answers one packet for each
descriptor it is sent. It never learns a file's name. It ends when the other end of its socket is
closed or when nothing was asked for IDLE seconds. Whatever a file does to it, the agent only sees a
worker that died, and starts another.
"""

import bz2
import codecs
import gzip
import io
import lzma
import os
import socket
import sqlite3
import sys
import tarfile
import zipfile
from datetime import date

from collectors.recognise import pdf, sandbox
from collectors.recognise.budget import Limits
from collectors.recognise.judge import examine, judge
from collectors.recognise.message import LARGEST, Why, answer, hello, read_request
from collectors.recognise.rules import adopt, own
from collectors.recognise.rules.closing import closing
from collectors.recognise.rules.data_kinds import kinds_of_data
from collectors.recognise.rules.exchange_formats import exchange_formats
from collectors.recognise.rules.origins import origins
from collectors.recognise.rules.password_words import password_words

CPU_PER_DOCUMENT = 20.0
"""Seconds of processor time; a worker that needs more ends itself."""

_CODECS = (
    "ascii", "cp437", "cp850", "cp865", "cp1250", "cp1252", "cp1254", "cp1257", "idna",
    "iso8859-1", "iso8859-2", "iso8859-9", "iso8859-15", "koi8-r", "latin-1", "mac-roman",
    "punycode", "raw_unicode_escape", "unicode_escape", "us-ascii", "utf-16", "utf-16-be",
    "utf-16-le", "utf-32", "utf-7", "utf-8", "utf-8-sig",
)  # fmt: skip
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]>>>>endobj "
    b"2 0 obj<</Type/Pages/Kids[3 0 R]"
    b"/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R"
    b"/Resources<</Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj "
    b"4 0 obj<</Length 34>>stream\nBT /F 9 Tf (klas) Tj (x) Tj ET     \nendstream endobj\n"
    b"trailer<</Root 1 0 R>>"
)
_MAIL = (
    b"From: a@example.org\nTo: b@example.org\nSubject: =?utf-8?q?x?=\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain; "
    b"charset=iso-8859-15\nContent-Transfer-Encoding: quoted-printable\n\nx=3D\n--x\n"
    b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nPHA+eDwvcD4=\n--x--\n"
)


class Descriptor(io.RawIOBase):
    """A read-only file over a descriptor. Python's own would ask for its status, which the
    sandbox refuses along with every other call that could be turned on other files."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = os.read(self._descriptor, len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return os.lseek(self._descriptor, 0, 1)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def open_descriptor(descriptor: int) -> io.BufferedReader:
    """A buffered file over a descriptor, which it closes."""
    return io.BufferedReader(Descriptor(descriptor), 65_536)


def warm() -> None:
    """Load whatever is loaded on first use: inside the sandbox nothing can be loaded any more."""
    for name in _CODECS:
        codecs.lookup(name)
    pdf.start()
    kinds_of_data()
    exchange_formats()
    closing()
    origins()
    password_words()
    day = date(2000, 1, 1)
    office = {"[Content_Types].xml": "", "word/document.xml": "<w:t>x</w:t>"}
    for sample in (b"Naam;Klas\nx;y\n", b"<p>&eacute;", b'{"a": 1}', b"{\\rtf1 x}", _PDF, _MAIL):
        judge(io.BytesIO(sample), day)
    judge(_zip(office), day)
    judge(_zip({"a.txt": "x", "b.eml": _MAIL.decode()}), day)
    for small in (gzip.compress(b"x"), bz2.compress(b"x", 1), lzma.compress(b"x", preset=0)):
        judge(io.BytesIO(small), day)
    judge(io.BytesIO(_database()), day)
    judge(io.BytesIO(tarfile.TarInfo("x").tobuf() + bytes(1024)), day)


def _database() -> bytes:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("create table leerling (naam)")
        return connection.serialize()
    finally:
        connection.close()


def _zip(members: dict[str, str]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer


def serve(channel: socket.socket) -> None:
    """Answer until the channel is closed or quiet for longer than its timeout."""
    while True:
        try:
            packet, descriptors, _, _ = socket.recv_fds(channel, LARGEST, 1)
        except TimeoutError:
            return
        if not packet or not descriptors:
            return
        sandbox.limit_cpu(CPU_PER_DOCUMENT)
        today, largest, why = read_request(packet)
        with open_descriptor(descriptors[0]) as file:
            verdict, explanation = examine(file, today, Limits(file=largest))
        sandbox.limit_cpu(0)
        said = None if why is Why.NOTHING else explanation
        channel.send(answer(verdict, said, show=why is Why.EXCERPTS))


def take_own(channel: socket.socket, given: str) -> None:
    """Go by the organisation's own rules, if they were given. Before anything else is loaded."""
    if given == "1":
        adopt(own.from_packet(channel.recv(own.LARGEST + 1)))


def main(arguments: list[str]) -> None:
    """Prepare, shut in, serve."""
    number, user, idle, given = arguments
    channel = socket.socket(fileno=int(number))
    channel.settimeout(float(idle))
    take_own(channel, given)
    warm()
    channel.send(hello(sandbox.enter(user)))
    serve(channel)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Documents made to cost a reader its time or its memory, and what the worker makes of them.

Each has the list of pupils at its far end, beyond whatever is endless in it: a reader that gave up
half way and called the file clean would be caught by that.
"""

import io
import os
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from collectors.recognise.recogniser import Recogniser
from collectors.recognise.spawn import Child
from collectors.recognise.verdict import Format, Judgement, Reason, Verdict
from tests import compound, documents
from tests.bad_markup import MARKUP, TYPES
from tests.bad_markup import word as _word
from tests.bad_pdfs import PDFS
from tests.fuzz_seeds import SEVEN_ZIPS, packed, seven_zip_of, with_plain_head

TODAY = date(2026, 11, 1)
LINES = "\n".join(documents.LETTER)
CSV = documents.roster()
MANY = 100_000
MILLION = 1_000_000
_LAUGHING = "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(10))
_LAUGHS = f"<!DOCTYPE x [<!ENTITY a0 'ha'>{_LAUGHING}]>"
_CELL = "<c t='inlineStr'><is><t>{}</t></is></c>"
_MEMORY = re.compile(r"^(VmPeak|VmHWM):\s+(\d+) kB$", re.M)

Made = Callable[[], bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What came of one document in a fresh worker."""

    verdict: Verdict
    seconds: float
    rss_mb: int
    address_space_mb: int

    @property
    def cost_the_worker(self) -> bool:
        """The worker used up its time or its memory: a verdict, but a dear one."""
        return self.verdict.reason is Reason.LIMIT and self.verdict.format is Format.UNKNOWN

    @property
    def sound(self) -> bool:
        """Pupils found, or a reason why not; and no fault of the worker."""
        honest = self.verdict.verdict is not Judgement.CLEAN
        return honest and self.verdict.reason is not Reason.WORKER_FAULT


def measure(write: Callable[[Path], None], path: Path) -> Measured:
    """Write a document, have a worker of its own judge it, remove it."""
    write(path)
    descriptor = os.open(path, os.O_RDONLY)
    recogniser = _Weighing()
    began = time.monotonic()
    try:
        verdict = recogniser.judge(descriptor, TODAY)
        seconds = time.monotonic() - began
    finally:
        os.close(descriptor)
        recogniser.close()
        path.unlink()
    memory = recogniser.memory
    peak = recogniser.last.peak >> 20 if recogniser.last else 0
    rss = memory.get("VmHWM", 0) >> 10 or peak
    return Measured(verdict=verdict, seconds=round(seconds, 2), rss_mb=rss,
                    address_space_mb=memory.get("VmPeak", 0) >> 10)  # fmt: skip


class _Weighing(Recogniser):
    """Notes what its worker held at most, if it lives to the end."""

    memory: dict[str, int] = {}  # noqa: RUF012  # replaced, never changed
    last: Child | None = None

    def _begin(self) -> Child:
        self.last = super()._begin()
        return self.last

    def _drop(self, kill: bool = False) -> None:
        if self._child is not None and not self._child.gone():
            text = Path(f"/proc/{self._child.process.pid}/status").read_text("ascii")
            self.memory = {name: int(size) for name, size in _MEMORY.findall(text)}
        super()._drop(kill)


def sparse(path: Path) -> None:
    """Four gigabytes of which next to nothing takes space."""
    with path.open("wb") as file:
        file.write(CSV.encode())
        file.truncate(4 << 30)


def one_line(path: Path) -> None:
    """A hundred megabytes without the end of a line."""
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"a;" * 499_990)
        file.write(CSV.encode())


def _written(made: Made) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(made()) and None


def _zip_bomb() -> bytes:
    return packed([("a.txt", bytes(400 << 20)), ("b.csv", CSV)])


def _nested_bomb() -> bytes:
    layer = packed([("a.txt", bytes(30 << 20))])
    for _ in range(3):
        layer = packed([(f"{n}.zip", layer) for n in range(10)])
    return packed([("a.zip", layer), ("b.csv", CSV)])


def _deep_zip() -> bytes:
    content = CSV.encode()
    for _ in range(200):
        content = packed([("in.zip", content)])
    return content


def _overlapping() -> bytes:
    """A thousand entries in the list of members, all of which are the one member."""
    whole = packed([("a.txt", b"niets van belang\n" * 60_000)])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        listed = archive.start_dir
    entry = whole[listed : whole.rindex(b"PK\x05\x06")]
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1000, 1000, len(entry) * 1000, listed, 0)
    return whole[:listed] + entry * 1000 + end


def _row(row: tuple[str, ...]) -> str:
    return f"<row>{''.join(_CELL.format(cell) for cell in row)}</row>"


def _sheets() -> bytes:
    last = "".join(_row(row) for row in (documents.HEADS, *documents.ROWS))
    names = (f"xl/worksheets/sheet{n}.xml" for n in range(MANY))
    return packed([TYPES, *((name, "<row/>") for name in names),
                   (f"xl/worksheets/sheet{MANY}.xml", last)])  # fmt: skip


def _old_sheets() -> bytes:
    begin = struct.pack("<HHHHHHII", 0x809, 16, 0x0600, 16, 0, 0, 0, 6)
    sheet = begin + struct.pack("<HH", 0x0A, 0)
    cell = b"".join(_label(0, x, text) for x, text in enumerate(documents.HEADS))
    cells = (_label(y + 1, x, c) for y, row in enumerate(documents.ROWS) for x, c in enumerate(row))
    return compound.container({"Workbook": sheet * MANY + begin + cell + b"".join(cells)})


def _label(row: int, column: int, text: str) -> bytes:
    raw = text.encode("utf-16-le")
    return struct.pack("<HHHHHHB", 0x204, len(raw) + 9, row, column, 0, len(text), 1) + raw


def _parts_in_parts() -> bytes:
    head = b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\n"
    open_part = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
    nested = b"".join(open_part % (n, n) for n in range(10_000))
    return head + nested + b"Content-Type: text/plain\n\n" + LINES.encode()


def _mails_in_mails() -> bytes:
    head = b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n"
    return head * 5000 + documents.mail(LINES)


def _hostile_database() -> bytes:
    statements = (
        "create table a (v)",
        "insert into a values ('x')",
        "create view w as with recursive n(i) as (select 1 union all select i from n) select i",
        "create trigger t after insert on a begin insert into a values (randomblob(1000000)); end",
        "create table b (v, " + ", ".join(
            f"c{n} as ({'v' if n == 0 else f'c{n - 1}'} || {'v' if n == 0 else f'c{n - 1}'})"
            for n in range(40)
        ) + ")",
        "insert into b values ('')",
        "pragma writable_schema = on",
        "update sqlite_master set sql = replace(sql, '(v, c0', '(v default ''xxxxxxxx'', c0')",
    )  # fmt: skip
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.deserialize(documents.database((documents.HEADS, *documents.ROWS)))
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    content: bytes = connection.serialize()
    connection.close()
    return content


def _large_dictionary() -> bytes:
    whole = with_plain_head((SEVEN_ZIPS / "list.7z").read_bytes())
    offset = struct.unpack_from("<Q", whole, 12)[0]
    body, head = whole[32 : 32 + offset], bytearray(whole[32 + offset :])
    start, size = head.find(b"\x03\x01\x01\x05"), 4
    if start < 0:
        start, size = head.index(b"\x21\x21\x01") - 2, 1
    head[start + 5 : start + 5 + size] = b"\xff" * 4 if size == 4 else b"\x28"
    return seven_zip_of(body, bytes(head))


def _tar_of_size(size: bytes, kind: bytes) -> bytes:
    head = bytearray(documents.tar([("a.txt", b"")])[:512])
    head[124:136], head[156:157] = size.ljust(12, b"\0"), kind
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + documents.tar([("b.csv", CSV.encode())])


def _packed_bomb() -> bytes:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    return (
        b"".join(pack.compress(zeros) for _ in range(2048))
        + pack.compress(CSV.encode())
        + (pack.flush())
    )


def _large_sectors() -> bytes:
    """An old container whose head claims sectors of 256 MB."""
    content = bytearray(compound.doc([(LINES, False)]))
    content[0x1E] = 28
    return bytes(content) + CSV.encode()


MADE: dict[str, Made] = {
    "old container of sectors of 256 MB": _large_sectors,
    "form with a value of one letter": lambda: f"Geboortedatum: {'m' * 80}\n{LINES}".encode(),
    "zip bomb": _zip_bomb,
    "zip bomb in zips": _nested_bomb,
    "zips 200 deep": _deep_zip,
    "zip of members that overlap": _overlapping,
    "gzip bomb of 2 GB": _packed_bomb,
    "billion laughs in xml": lambda: f"<?xml version='1.0'?>{_LAUGHS}<x>&a10;</x>{LINES}".encode(),
    "billion laughs in svg": lambda: f"{_LAUGHS}<svg><text>&a10;{LINES}</text></svg>".encode(),
    "billion laughs in docx": lambda: _word(f"{_LAUGHS}<w:p><w:t>&a10;</w:t></w:p>"),
    "docx of a million empty paragraphs": lambda: _word("<w:p/>" * MILLION),
    "docx of a million unlike paragraphs": lambda: _word(
        "".join(f'<w:p w:rsidR="{n * 2654435761 % 2**32:08x}"/>' for n in range(MILLION))
    ),
    "docx of a million cells": lambda: _word(
        "".join(f"<w:tr><w:tc><w:p><w:t>{n}" + "</w:t></w:p></w:tc></w:tr>" for n in range(MILLION))
    ),
    "docx of cells 100,000 deep": lambda: _word("<w:tbl><w:tr><w:tc>" * MANY),
    "xlsx of 100,000 sheets": _sheets,
    "xls of 100,000 sheets": _old_sheets,
    "csv of a million rows": lambda: (
        "".join(f"{n};b\n" for n in range(MILLION)).encode() + CSV.encode()
    ),
    "html of a million tags, one in another": lambda: (
        "<html>" + "<i>" * MILLION + "<br>".join(documents.LETTER)
    ).encode(),
    "html of a table of 300,000 rows": lambda: (
        f"<html><table>{'<tr><td>a<td>b' * 300_000}</table>{'<br>'.join(documents.LETTER)}"
    ).encode(),
    "html of comments that never end": lambda: (
        "<html>" + "<!--<script>" * 200_000 + "<br>".join(documents.LETTER)
    ).encode(),
    "mail of parts 10,000 deep": _parts_in_parts,
    "mail of mails 5,000 deep": _mails_in_mails,
    "database with views, triggers and growing columns": _hostile_database,
    "7z that asks for a dictionary of 4 GB": _large_dictionary,
    "tar with a negative size": lambda: _tar_of_size(b"\xff" * 12, b"0"),
    "tar with a negative size of no known kind": lambda: _tar_of_size(
        b"\xff" * 10 + b"\xfe\x00", b"Z"
    ),
    "tar with a size of a terabyte": lambda: _tar_of_size(b"\x80" + b"\0" * 5 + b"\1" * 6, b"0"),
    "json 100,000 deep": lambda: b'[{"leerling": ' * MANY + CSV.encode(),
    "rtf of groups a million deep": lambda: b"{\\rtf1 " + b"{" * MILLION + LINES.encode(),
    **PDFS,
    **MARKUP,
}
CASES: dict[str, Callable[[Path], None]] = {
    "csv of 4 GB, sparse": sparse,
    "csv of one line of 100 MB": one_line,
    **{name: _written(made) for name, made in MADE.items()},
}
"""Each writes its document to a path."""

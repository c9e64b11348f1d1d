"""Outlook messages (msg): subject, body and attachments, messages within a message included.

Each property is a stream whose name ends in its number and its type. The body stands there as
plain text, as HTML or as packed RTF, often in several ways at once; one of them is read, since the
same words twice would count every person twice.
"""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.charsets import decode
from collectors.recognise.made_by import marked
from collectors.recognise.ole import Container, Path, opened
from collectors.recognise.plain import strip_html
from collectors.recognise.rich import rtf_text
from collectors.recognise.verdict import Format, Reason

_PROPERTY = "__substg1.0_"
_SUBJECT, _BODY, _HTML, _RTF, _DATA, _CLASS = "0037", "1000", "1013", "1009", "3701", "001A"
_SENDER = ("0C1A", "0C1F", "5D01")
"""Name and addresses of the sender."""
_WIDE, _NARROW, _BINARY, _OBJECT = "001F", "001E", "0102", "000D"
_SEALED = ("ipm.note.smime",)
_MOST_DEPTH = 6
_RTF_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def message(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The text of a message first, then its attachments."""
    with opened(file, budget) as container:
        yield from _message(container, (), budget, nested)


def _message(container: Container, folder: Path, budget: Budget, nested: Nested) -> Iterator[Part]:
    if len(folder) > 2 * _MOST_DEPTH:
        raise Refused(Reason.LIMIT)
    subject, body = _string(container, folder, _SUBJECT), _body(container, folder)
    sender = " ".join(_string(container, folder, number) for number in _SENDER)
    yield Part(Format.MSG, budget.keep(f"{subject}\n{body}"), made_by=sender)
    kind = _string(container, folder, _CLASS).lower()
    if kind.startswith(_SEALED) and not kind.endswith(".multipartsigned"):
        yield Part(Format.MSG, problem=Reason.ENCRYPTED)
        return
    depth = len(folder)
    attached = {
        path[depth]
        for path in container.streams
        if len(path) > depth + 1 and path[:depth] == folder and path[depth].startswith("__attach")
    }
    for name in sorted(attached):
        budget.count_member()
        yield from marked(_attachment(container, (*folder, name), budget, nested), sender)


def _attachment(
    container: Container, folder: Path, budget: Budget, nested: Nested
) -> Iterator[Part]:
    data = container.read(*folder, f"{_PROPERTY}{_DATA}{_BINARY}")
    if data:
        yield from nested(BytesIO(data))
        return
    inner = (*folder, f"{_PROPERTY}{_DATA}{_OBJECT}")
    if (*inner, "__properties_version1.0") in container.streams:
        yield from _message(container, inner, budget, nested)


def _string(container: Container, folder: Path, number: str) -> str:
    wide = container.read(*folder, f"{_PROPERTY}{number}{_WIDE}")
    if wide:
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    return decode(container.read(*folder, f"{_PROPERTY}{number}{_NARROW}")).rstrip("\0")


def _body(container: Container, folder: Path) -> str:
    if plain := _string(container, folder, _BODY).strip():
        return plain.replace("\r\n", "\n")
    html = container.read(*folder, f"{_PROPERTY}{_HTML}{_BINARY}")
    if html or (html := _string(container, folder, _HTML).encode()):
        return strip_html(decode(html))
    packed = container.read(*folder, f"{_PROPERTY}{_RTF}{_BINARY}")
    return rtf_text(unpack_rtf(packed)) if packed else ""


def unpack_rtf(packed: bytes) -> bytes:
    """Outlook's packed RTF (MS-OXRTFCP): a sliding window that begins with common words."""
    _, size, magic = struct.unpack_from("<III", packed)
    if magic == 0x414C454D:
        return packed[16 : 16 + size]
    if magic != 0x75465A4C:
        return b""
    out = bytearray(_RTF_START)
    end = min(size, 20 * len(packed)) + len(_RTF_START)
    place = 16
    while place < len(packed) and len(out) < end:
        flags = packed[place]
        place += 1
        for bit in range(8):
            if place >= len(packed):
                break
            if not flags >> bit & 1:
                out.append(packed[place])
                place += 1
                continue
            if place + 1 >= len(packed) or not _copy(out, packed[place], packed[place + 1]):
                return bytes(out[len(_RTF_START) :])
            place += 2
    return bytes(out[len(_RTF_START) : end])


def _copy(out: bytearray, high: int, low: int) -> bool:
    """Repeat a piece of the window; false at the mark of the end, a piece of nothing."""
    offset, length = high << 4 | low >> 4, (low & 0x0F) + 2
    here = len(out)
    if offset == here % 4096:
        return False
    start = here - (here - offset) % 4096
    for index in range(length):
        out.append(out[start + index] if start + index >= 0 else 0x20)
    return True

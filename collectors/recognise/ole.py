"""The old Office container (OLE, compound file): what lies in it, and its streams under the budget.

A container is a small file system. Its tables may claim anything, so a stream is only read after
its claimed size was drawn on the budget, and never one that claims more than the file holds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

import olefile

from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.verdict import Format, Reason

Path = tuple[str, ...]

_KINDS = (
    ("WordDocument", Format.DOC),
    ("Workbook", Format.XLS),
    ("Book", Format.XLS),
    ("PowerPoint Document", Format.PPT),
    ("__properties_version1.0", Format.MSG),
)
_ENCRYPTED = ("EncryptedPackage", "\x09DRMContent", "EncryptedSummary")
_SHIFTS_AT = 0x1E
_SHIFTS = (b"\x09\0\x06\0", b"\x0c\0\x06\0")
"""Sectors of 512 or 4096 bytes, small ones of 64: there are no others, and the library would read
sectors of any size that a head claims."""
_DATA_BEGINS = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-", b"{\\rtf")
_PACKAGES = ("Package", "CONTENTS", "\x01Ole10Native")
"""Streams that hold an embedded file as it is, or behind a short head."""


class Container:
    """An open container whose reads draw on the budget."""

    def __init__(self, ole: Any, budget: Budget) -> None:
        self._ole = ole
        self._budget = budget
        self.streams: tuple[Path, ...] = tuple(map(tuple, ole.listdir()))

    def read(self, *path: str) -> bytes:
        """A whole stream; empty where there is none. Raises Refused: too large or damaged."""
        if path not in self.streams:
            return b""
        size = int(self._ole.get_size(path))
        if size > self._ole._filesize:
            raise Refused(Reason.BROKEN)
        self._budget.draw(size)
        content: bytes = self._ole.openstream(path).read()
        self._budget.damaged = self._budget.damaged or len(content) < size
        return content

    def embedded(self, nested: Nested) -> Iterator[Part]:
        """The files that lie embedded in the document."""
        for path in self.streams:
            if len(path) > 1 and path[-1] in _PACKAGES:
                self._budget.count_member()
                yield from find_embedded(self.read(*path), nested)


@contextmanager
def opened(file: BinaryIO, budget: Budget) -> Iterator[Container]:
    """Open a container. Raises Refused where its tables make no sense."""
    with _parsed(file) as ole:
        yield Container(ole, budget)


def tell_kind(file: BinaryIO) -> Format:
    """Which document a container holds; ``ole`` where it is none of those that are known."""
    try:
        with _parsed(file) as ole:
            names = {entry.name for entry in ole.root.kids}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, MemoryError, Refused):
        return Format.OLE
    if names.intersection(_ENCRYPTED):
        return Format.OLE
    return next((kind for name, kind in _KINDS if name in names), Format.OLE)


def unknown(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """A container that is encrypted, or holds a document of a kind that is not opened."""
    with _parsed(file) as ole:
        names = {entry.name for entry in ole.root.kids}
    encrypted = names.intersection(_ENCRYPTED)
    yield Part(Format.OLE, problem=Reason.ENCRYPTED if encrypted else Reason.UNSUPPORTED)


def find_embedded(content: bytes, nested: Nested) -> Iterator[Part]:
    """The file that begins somewhere near the beginning of ``content``."""
    head = content[:4096]
    places = [place for magic in _DATA_BEGINS if (place := head.find(magic)) >= 0]
    if places:
        yield from nested(BytesIO(content[min(places) :]))


@contextmanager
def _parsed(file: BinaryIO) -> Iterator[Any]:
    file.seek(_SHIFTS_AT)
    if file.read(4) not in _SHIFTS:
        raise Refused(Reason.BROKEN)
    file.seek(0)
    with olefile.OleFileIO(file) as ole:
        if ole.root is None or ole.root.size > ole._filesize:
            raise Refused(Reason.BROKEN)
        yield ole

"""What one document may cost, and the parts an extractor yields.

An archive of one megabyte can hold a gigabyte. Every extractor draws on one budget for the whole
document, nested documents included, so that no way of packing multiplies it.
"""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from collectors.recognise.verdict import Format, Reason

CHUNK = 65_536


class Refused(Exception):
    """A document, or what is left of it, cannot be read; ``reason`` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds on one document; sizes in bytes. ``text`` counts characters of extracted text."""

    file: int = 100 << 20
    inflated: int = 50 << 20
    ratio: int = 300
    """Refuse a member that claims to unpack to more than this many times its size..."""
    ratio_from: int = 4 << 20
    """...if it unpacks to more than this."""
    members: int = 2000
    depth: int = 4
    text: int = 6_000_000
    pages: int = 150
    """Pages of a PDF that are read in full; of those after it every tenth."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a document: text, or the reason why there is none.

    Paragraphs and rows end in a newline, the cells of a row are parted by a tab.
    """

    format: Format
    text: str = ""
    problem: Reason = Reason.NONE
    made_by: str = ""
    """What the document's properties or its sender say about where it comes from."""


class PageReader(Protocol):
    """Reads pictures of pages. Only the worker for OCR has one.

    Each call answers with a text, and whether that is all there was to be read.
    """

    def page(self, page: object) -> tuple[str, bool]:
        """The text on a page of PDFium's."""
        ...

    def picture(self, content: bytes) -> tuple[str, bool]:
        """The text on all pages of a picture."""
        ...


Nested = Callable[[BinaryIO], Iterator[Part]]
"""Looks into a document that lies in another, whatever it is."""


class Budget:
    """What is left for one document. Not shared between documents."""

    def __init__(self, limits: Limits, reader: PageReader | None = None) -> None:
        self.limits = limits
        self.reader = reader
        self.inflated = limits.inflated
        self.members = limits.members
        self.text = limits.text
        self.cut = False
        """Something was left out because of a limit."""
        self.damaged = False
        """Something could not be read because the document is damaged."""

    def keep(self, text: str) -> str:
        """As much of a text as may still be judged; ``cut`` says that it was not all of it.

        Raises Refused where nothing may be added any more.
        """
        if self.text <= 0:
            raise Refused(Reason.LIMIT)
        self.cut = self.cut or len(text) > self.text
        kept = text[: self.text]
        self.text -= len(kept)
        return kept

    def keep_lines(self, lines: Iterable[str], between: str = "\n") -> str:
        """As ``keep``, for text that comes in pieces: what goes beyond is never put together."""
        left, kept = self.text, []
        for line in lines:
            kept.append(line)
            left -= len(line) + 1
            if left < 0:
                self.cut = True
                break
        return self.keep(between.join(kept))

    def count_member(self) -> None:
        """Count one member of an archive."""
        self.members -= 1
        if self.members < 0:
            raise Refused(Reason.LIMIT)

    def draw(self, size: int) -> None:
        """Account for that many bytes that a document unpacks to. Raises Refused beyond the cap."""
        if size < 0:
            raise Refused(Reason.BROKEN)
        self.inflated -= size
        if self.inflated < 0:
            raise Refused(Reason.LIMIT)

    def read(self, file: BinaryIO) -> bytes:
        """The whole of a file that must be held in memory. Raises Refused where it is too large."""
        content = file.read(self.limits.inflated + 1)
        if len(content) > self.limits.inflated:
            raise Refused(Reason.LIMIT)
        return content

    def inflate(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
        """The content of a zip member. Raises Refused: too large, encrypted or damaged."""
        if member.flag_bits & 0x41:
            raise Refused(Reason.ENCRYPTED)
        claimed, packed = member.file_size, max(1, member.compress_size)
        if claimed > self.limits.ratio_from and claimed > packed * self.limits.ratio:
            raise Refused(Reason.LIMIT)
        return self._read(archive, member)

    def _read(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
        pieces = []
        try:
            with archive.open(member) as source:
                while piece := source.read(CHUNK):
                    self.draw(len(piece))
                    pieces.append(piece)
        except NotImplementedError as error:
            raise Refused(Reason.UNSUPPORTED) from error
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
            raise Refused(Reason.BROKEN) from error
        return b"".join(pieces)

"""Turns a document into text: one table from format to extractor, and the way down into nesting.

A new format is one function and one line in ``EXTRACTORS``. An extractor is given the file, the
budget and a way to look into a nested document; it yields parts and raises ``Refused`` when it
cannot go on. Whatever else a damaged document makes it raise is caught here, in one place, because
a parser's ways to fail cannot be listed: it then counts as broken.
"""

import lzma
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from collectors.recognise import (
    archives,
    calendar,
    database,
    mail,
    office,
    ole,
    opendocument,
    outlook,
    pdf,
    pictures,
    plain,
    powerpoint97,
    rich,
    sevenzip,
    word97,
    xls,
    xlsb,
    xlsx,
)
from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.formats import tell
from collectors.recognise.made_by import marked, of_office
from collectors.recognise.verdict import Format, Reason

Extractor = Callable[[BinaryIO, Budget, Nested], Iterator[Part]]

EXTRACTORS: dict[Format, Extractor] = {
    Format.TEXT: plain.text,
    Format.HTML: plain.html,
    Format.XML: plain.xml,
    Format.JSON: plain.json,
    Format.RTF: rich.rtf,
    Format.DOCX: office.docx,
    Format.XLSX: xlsx.workbook,
    Format.PPTX: office.pptx,
    Format.ODT: opendocument.packed,
    Format.ODS: opendocument.packed,
    Format.ODP: opendocument.packed,
    Format.FLAT_ODF: opendocument.flat,
    Format.PDF: pdf.pages,
    Format.MAIL: mail.message,
    Format.MBOX: mail.mailbox,
    Format.CALENDAR: calendar.entries,
    Format.SQLITE: database.tables,
    Format.ZIP: archives.members,
    Format.TAR: archives.tar,
    Format.PACKED: archives.packed,
    Format.SEVEN_ZIP: sevenzip.members,
    Format.DOC: word97.document,
    Format.XLS: xls.workbook,
    Format.XLSB: xlsb.workbook,
    Format.PPT: powerpoint97.presentation,
    Format.MSG: outlook.message,
    Format.OLE: ole.unknown,
    Format.ARCHIVE: archives.unsupported,
    Format.DOCUMENT: archives.unsupported,
    Format.CIPHER: archives.locked,
    Format.IMAGE: pictures.page_or_photo,
}
"""Formats that are not here hold no text that could be read (films, programs, databases)."""

_OFFICE = (Format.DOCX, Format.XLSX, Format.PPTX, Format.ODT, Format.ODS, Format.ODP)
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    EOFError,
    lzma.LZMAError,
    sqlite3.Error,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


def parts(file: BinaryIO, format: Format, budget: Budget) -> Iterator[Part]:
    """The parts of a document. Never raises for what the document holds."""
    yield from _parts(file, format, budget, 0)
    if budget.cut:
        yield Part(format, problem=Reason.LIMIT)
    if budget.damaged:
        yield Part(format, problem=Reason.BROKEN)


def _parts(file: BinaryIO, format: Format, budget: Budget, depth: int) -> Iterator[Part]:
    extractor = EXTRACTORS.get(format)
    if extractor is None:
        return

    def nested(inner: BinaryIO) -> Iterator[Part]:
        if depth >= budget.limits.depth:
            yield Part(format, problem=Reason.LIMIT)
            return
        yield from _parts(inner, tell(inner), budget, depth + 1)

    try:
        made_by = of_office(file, budget) if format in _OFFICE else ""
        file.seek(0)
        yield from marked(extractor(file, budget, nested), made_by)
    except Refused as refusal:
        yield Part(format, problem=refusal.reason)
    except (MemoryError, RecursionError):
        yield Part(format, problem=Reason.LIMIT)
    except _DAMAGE:
        yield Part(format, problem=Reason.BROKEN)

"""Excel's binary workbook (xlsb): every sheet as rows, hidden ones included, and its comments.

It is the zip of an xlsx with records in place of XML. (The numbers are those of MS-XLSB.)
"""

import re
import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from collectors.recognise import cells
from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.verdict import Format, Reason

_SHEETS = re.compile(r"xl/(?:worksheets|macrosheets)/[^/]+\.bin")
_COMMENTS = re.compile(r"xl/comments\d*\.bin")
_DRAWINGS = re.compile(r"xl/drawings/[^/]+\.xml")
_TEXT = re.compile(r"<a:t>([^<]*)<")

_ROW, _PACKED, _REAL, _STRING, _SHARED = 0, 2, 5, 6, 7
_FORMULA_STRING, _FORMULA_NUMBER, _RICH = 8, 9, 62
_ITEM, _FORMAT, _STYLE, _BEGIN_STYLES, _END_STYLES, _COMMENT = 19, 44, 47, 617, 618, 637


def workbook(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """One part for each sheet, one for all comments, then what is embedded."""
    with zipfile.ZipFile(file) as archive:
        shared = [_string(r, 1) for k, r in _member(archive, "sharedStrings", budget) if k == _ITEM]
        dates = _date_styles(_member(archive, "styles", budget))
        sheets = [m for m in archive.infolist() if _SHEETS.fullmatch(m.filename)]
        if not sheets:
            raise Refused(Reason.BROKEN)
        for sheet in sheets:
            rows = _rows(records(budget.inflate(archive, sheet)), shared, dates)
            yield Part(Format.XLSB, budget.keep_lines(map(cells.line, rows)))
        yield Part(Format.XLSB, budget.keep_lines(_notes(archive, budget)))
        for member in archive.infolist():
            if member.filename.startswith("xl/embeddings/"):
                budget.count_member()
                yield from nested(BytesIO(budget.inflate(archive, member)))


def records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, content) of each record; kind and length are numbers of seven bits a byte."""
    place, end = 0, len(content)
    while place + 2 <= end:
        kind = content[place]
        place += 1
        if kind & 0x80:
            kind = kind & 0x7F | (content[place] & 0x7F) << 7
            place += 1
        length = shift = 0
        while place < end and shift < 28:
            byte = content[place]
            place += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, content[place : place + length]
        place += length


def _member(archive: zipfile.ZipFile, name: str, budget: Budget) -> Iterator[tuple[int, bytes]]:
    path = f"xl/{name}.bin"
    if path in archive.namelist():
        yield from records(budget.inflate(archive, archive.getinfo(path)))


def _date_styles(found: Iterator[tuple[int, bytes]]) -> frozenset[int]:
    styles: list[int] = []
    formats: list[tuple[int, str]] = []
    within = False
    for kind, content in found:
        if kind == _FORMAT:
            formats.append((struct.unpack_from("<H", content)[0], _string(content, 2)))
        elif kind in (_BEGIN_STYLES, _END_STYLES):
            within = kind == _BEGIN_STYLES
        elif kind == _STYLE and within:
            styles.append(struct.unpack_from("<H", content, 2)[0])
    shown = cells.date_codes(formats)
    return frozenset(number for number, code in enumerate(styles) if code in shown)


def _rows(
    found: Iterator[tuple[int, bytes]], shared: list[str], dates: frozenset[int]
) -> Iterator[dict[int, str]]:
    row: dict[int, str] = {}
    for kind, content in found:
        if kind == _ROW:
            if row:
                yield row
            row = {}
        elif kind <= _FORMULA_NUMBER or kind == _RICH:
            column, style = struct.unpack_from("<II", content)
            row[column] = _shown(kind, content, style & 0xFFFFFF, shared, dates)
    if row:
        yield row


def _shown(kind: int, content: bytes, style: int, shared: list[str], dates: frozenset[int]) -> str:
    if kind in (_STRING, _FORMULA_STRING):
        return _string(content, 8)
    if kind == _RICH:
        return _string(content, 9)
    if kind == _SHARED:
        index = struct.unpack_from("<I", content, 8)[0]
        return shared[index] if index < len(shared) else ""
    if kind in (_REAL, _FORMULA_NUMBER):
        return cells.number(struct.unpack_from("<d", content, 8)[0], style, dates)
    if kind == _PACKED:
        raw = struct.unpack_from("<I", content, 8)[0]
        return cells.number(cells.packed_number(raw), style, dates)
    return ""


def _notes(archive: zipfile.ZipFile, budget: Budget) -> Iterator[str]:
    for member in archive.infolist():
        if _COMMENTS.fullmatch(member.filename):
            for kind, content in records(budget.inflate(archive, member)):
                if kind == _COMMENT:
                    yield _string(content, 1)
        elif _DRAWINGS.fullmatch(member.filename):
            xml = budget.inflate(archive, member).decode("utf-8", "replace")
            yield " ".join(_TEXT.findall(xml))


def _string(content: bytes, place: int) -> str:
    length = int(struct.unpack_from("<I", content, place)[0])
    return content[place + 4 : place + 4 + 2 * length].decode("utf-16-le", "replace")

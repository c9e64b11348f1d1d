"""Word 97 to 2003 (doc): the text of every story by way of the piece table.

A document that was saved quickly holds its text in pieces, in the order of editing; the piece table
puts them in the order of reading. Body, footnotes, headers, comments and text boxes follow one
another in it. Whether a cell mark ends a cell or a row is not in the text but in the properties of
its paragraph, which are looked up (section numbers are those of the published MS-DOC format).
"""

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.ole import Container, opened
from collectors.recognise.verdict import Format, Reason

_MAGIC = 0xA5EC
_WORD_97 = 0x00C1
_FLAGS_AT, _PIECES_AT, _PARAGRAPHS_AT = 0x0A, 0x01A2, 0x0102
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_COMPRESSED = 1 << 30
_PAGE = 512
_ROW_ENDS = b"\x17\x24\x01"
"""sprmPFTtp: this paragraph is the mark at the end of a row."""
_IN_TABLE = b"\x16\x24\x01"
"""sprmPFInTable: this paragraph lies in a cell."""
_MOST_PIECES = 100_000
_ROW_MARK = "\x1c"

_FIELD = re.compile("\x13[^\x13\x14\x15]*[\x14\x15]?")
_RUN = re.compile(rb"[\x20-\x7e\x80-\xff\r\n\t\x07]{6,}")
_SIGNS = str.maketrans(
    {"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x0e": "\n", "\x07": "\t", _ROW_MARK: "\n",
     "\x1e": "-", "\x1f": "", "\xa0": " ", "\x13": "", "\x14": "", "\x15": "", "\x01": "",
     "\x02": "", "\x03": "", "\x04": "", "\x05": "", "\x08": "", "\x00": ""}
)  # fmt: skip


def document(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The text, then what is embedded."""
    with opened(file, budget) as container:
        yield Part(Format.DOC, clean(budget.keep_lines(text(container), "")))
        yield from container.embedded(nested)


def text(container: Container) -> Iterator[str]:
    """The text of all stories in pieces, Word's marks in it.

    Raises Refused: encrypted, or no Word document after all.
    """
    main = container.read("WordDocument")
    if len(main) < 0x20 or _number(main, 0, "H") != _MAGIC:
        raise Refused(Reason.BROKEN)
    flags = _number(main, _FLAGS_AT, "H")
    if flags & _ENCRYPTED:
        raise Refused(Reason.ENCRYPTED)
    if _number(main, 2, "H") < _WORD_97:
        yield _plain(main)
        return
    table = container.read("1Table" if flags & _SECOND_TABLE else "0Table")
    yield from _pieces(main, table)


def clean(raw: str) -> str:
    """Word's marks as lines and tabs, the instructions of fields left out."""
    shown = _FIELD.sub(_result_only, raw) if "\x13" in raw else raw
    return shown.translate(_SIGNS)


def _result_only(found: re.Match[str]) -> str:
    whole = found.group()
    return "" if whole[-1] in "\x14\x15" else whole[1:]


def _pieces(main: bytes, table: bytes) -> Iterator[str]:
    cells, rows = _paragraph_ends(main, table)
    for start, length, wide in _piece_table(main, table):
        width = 2 if wide else 1
        end = start + length * width
        decoded = main[start:end].decode("utf-16-le" if wide else "cp1252", "replace")
        for ends, old, new in ((cells, "\r", " "), (rows, "\x07", _ROW_MARK)):
            within = ends[bisect_right(ends, start) : bisect_right(ends, end)]
            decoded = _marked(decoded, [(e - start) // width - 1 for e in within], old, new)
        yield decoded


def _marked(decoded: str, places: list[int], old: str, new: str) -> str:
    """The text with the sign at each of the places changed, where it is the one expected."""
    if not places:
        return decoded
    letters = list(decoded)
    for place in places:
        if place < len(letters) and letters[place] == old:
            letters[place] = new
    return "".join(letters)


def _piece_table(main: bytes, table: bytes) -> Iterator[tuple[int, int, bool]]:
    """(offset in the file, number of characters, whether of two bytes) of each piece."""
    place, size = _pair(main, _PIECES_AT)
    end = min(place + size, len(table))
    while place < end and table[place] == 1:
        place += 3 + _number(table, place + 1, "H")
    if place >= end or table[place] != 2:
        raise Refused(Reason.BROKEN)
    count = (_number(table, place + 1, "I") - 4) // 12
    if not 0 < count <= _MOST_PIECES:
        raise Refused(Reason.BROKEN)
    positions = struct.unpack_from(f"<{count + 1}I", table, place + 5)
    for index in range(count):
        descriptor = place + 5 + 4 * (count + 1) + 8 * index
        start = _number(table, descriptor + 2, "I")
        length = max(0, positions[index + 1] - positions[index])
        if start & _COMPRESSED:
            yield (start & ~_COMPRESSED) // 2, length, False
        else:
            yield start, length, True


def _paragraph_ends(main: bytes, table: bytes) -> tuple[list[int], list[int]]:
    """Where in the file the paragraphs end that lie in a cell, and those that end a row."""
    place, size = _pair(main, _PARAGRAPHS_AT)
    count = (min(size, len(table) - place) - 4) // 8
    cells: set[int] = set()
    rows: set[int] = set()
    for index in range(max(0, count)):
        page = _number(table, place + 4 * (count + 1) + 4 * index, "I") & 0x3FFFFF
        for end, properties in _paragraphs(main[page * _PAGE : (page + 1) * _PAGE]):
            if _ROW_ENDS in properties:
                rows.add(end)
            elif _IN_TABLE in properties:
                cells.add(end)
    return sorted(cells), sorted(rows)


def _paragraphs(page: bytes) -> Iterator[tuple[int, bytes]]:
    """The end and the properties of each paragraph of a page of them."""
    if len(page) < _PAGE:
        return
    count = page[-1]
    if 4 * (count + 1) + 13 * count >= _PAGE:
        return
    for index in range(count):
        offset = 2 * page[4 * (count + 1) + 13 * index]
        if offset:
            yield _number(page, 4 * (index + 1), "I"), _properties(page, offset)


def _properties(page: bytes, offset: int) -> bytes:
    length = page[offset]
    if length:
        return page[offset + 1 : offset + 2 * length]
    return page[offset + 2 : offset + 2 + 2 * page[offset + 1]] if offset + 1 < _PAGE else b""


def _plain(main: bytes) -> str:
    """Word 6 and 95: one run of text, its place in the head."""
    start, end = struct.unpack_from("<II", main, 0x18)
    body = main[start:end] if start < end <= len(main) else main
    return "\n".join(run.decode("cp1252", "replace") for run in _RUN.findall(body))


def _pair(content: bytes, place: int) -> tuple[int, int]:
    start, size = struct.unpack_from("<II", content, place)
    return start, size


def _number(content: bytes, place: int, kind: str) -> int:
    return int(struct.unpack_from(f"<{kind}", content, place)[0])

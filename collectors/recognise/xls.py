"""Excel 97 to 2003 (xls): every sheet as rows, hidden ones included, comments and text boxes.

The workbook is one stream of records. Only cells that stand in it take memory, however far apart
they lie: a sheet with one cell in each corner costs two. Damage ends the reading where it stands
and keeps what came before it. (The numbers are those of the published format MS-XLS.)
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from collectors.recognise import cells
from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.ole import opened
from collectors.recognise.verdict import Format, Reason

_END, _CONTINUE = 0x0A, 0x3C
_EXCEL_97 = 0x0600
_HEAD = struct.Struct("<HH")
_CELL = struct.Struct("<HHH")

_Chunks = list[bytes]


def workbook(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """One part for each sheet, then what is embedded."""
    with opened(file, budget) as container:
        stream = container.read("Workbook") or container.read("Book")
        for lines in _Book().sheets(stream):
            yield Part(Format.XLS, budget.keep_lines(lines))
        yield from container.embedded(nested)


def records(stream: bytes) -> Iterator[tuple[int, _Chunks]]:
    """(kind, content with its continuations) of each record, as far as the stream goes."""
    place, kind, chunks = 0, -1, list[bytes]()
    while place + 4 <= len(stream):
        following, length = _HEAD.unpack_from(stream, place)
        content = stream[place + 4 : place + 4 + length]
        place += 4 + length
        if following == _CONTINUE:
            chunks.append(content)
            continue
        if chunks:
            yield kind, chunks
        kind, chunks = following, [content]
    if chunks:
        yield kind, chunks


class _Book:
    """What the records of a workbook mean depends on those before them."""

    def __init__(self) -> None:
        self._wide = True
        self._shared: list[str] = []
        self._styles: list[int] = []
        self._formats: list[tuple[int, str]] = []
        self._dates: frozenset[int] = frozenset()
        self._rows: dict[int, dict[int, str]] = {}
        self._notes: list[str] = []
        self._formula = (0, 0)
        self._readers: dict[int, Callable[[_Chunks], None]] = {
            0x0809: self._begin, 0x2F: self._locked, 0xFC: self._strings, 0xE0: self._style,
            0x41E: self._format, 0xFD: self._shared_text, 0x204: self._label, 0xD6: self._label,
            0x203: self._number, 0x27E: self._packed, 0xBD: self._packed_row,
            0x06: self._formula_of, 0x207: self._result, 0x1B6: self._object,
        }  # fmt: skip

    def sheets(self, stream: bytes) -> Iterator[Iterable[str]]:
        """The lines of each sheet. Raises Refused: encrypted, or no workbook at all."""
        if len(stream) < 8 or stream[:2] != b"\x09\x08":
            raise Refused(Reason.BROKEN)
        for kind, chunks in records(stream):
            if kind == _END:
                yield from self._sheet()
            elif (reader := self._readers.get(kind)) is not None:
                try:
                    reader(chunks)
                except (struct.error, LookupError):
                    continue
        yield from self._sheet()

    def _sheet(self) -> Iterator[Iterable[str]]:
        shown = cells.date_codes(self._formats)
        self._dates = frozenset(n for n, code in enumerate(self._styles) if code in shown)
        rows, notes = self._rows, self._notes
        self._rows, self._notes = {}, []
        if rows or notes:
            yield chain((cells.line(rows[row]) for row in sorted(rows)), notes)

    def _begin(self, chunks: _Chunks) -> None:
        self._wide = struct.unpack_from("<H", chunks[0])[0] == _EXCEL_97

    def _locked(self, chunks: _Chunks) -> None:
        raise Refused(Reason.ENCRYPTED)

    def _style(self, chunks: _Chunks) -> None:
        self._styles.append(struct.unpack_from("<H", chunks[0], 2)[0])

    def _format(self, chunks: _Chunks) -> None:
        code = struct.unpack_from("<H", chunks[0])[0]
        self._formats.append((code, self._string(chunks[0], 2)))

    def _strings(self, chunks: _Chunks) -> None:
        self._shared = list(shared_strings(chunks))

    def _put(self, row: int, column: int, text: str) -> None:
        self._rows.setdefault(row, {})[column] = text

    def _shared_text(self, chunks: _Chunks) -> None:
        row, column, _, index = struct.unpack_from("<HHHI", chunks[0])
        self._put(row, column, self._shared[index])

    def _label(self, chunks: _Chunks) -> None:
        row, column, _ = _CELL.unpack_from(chunks[0])
        self._put(row, column, self._string(chunks[0], 6))

    def _number(self, chunks: _Chunks) -> None:
        row, column, style, value = struct.unpack_from("<HHHd", chunks[0])
        self._put(row, column, cells.number(value, style, self._dates))

    def _packed(self, chunks: _Chunks) -> None:
        row, column, style, raw = struct.unpack_from("<HHHI", chunks[0])
        self._put(row, column, cells.number(cells.packed_number(raw), style, self._dates))

    def _packed_row(self, chunks: _Chunks) -> None:
        content = chunks[0]
        row, column = _HEAD.unpack_from(content)
        for place in range(4, len(content) - 7, 6):
            style, raw = struct.unpack_from("<HI", content, place)
            self._put(row, column, cells.number(cells.packed_number(raw), style, self._dates))
            column += 1

    def _formula_of(self, chunks: _Chunks) -> None:
        row, column, style = _CELL.unpack_from(chunks[0])
        self._formula = (row, column)
        if chunks[0][12:14] != b"\xff\xff":
            value = struct.unpack_from("<d", chunks[0], 6)[0]
            self._put(row, column, cells.number(value, style, self._dates))

    def _result(self, chunks: _Chunks) -> None:
        self._put(*self._formula, self._string(chunks[0], 0))

    def _object(self, chunks: _Chunks) -> None:
        """A comment or a text box: its text follows in the first continuation."""
        if len(chunks) > 1 and chunks[1]:
            wide = chunks[1][0] & 1
            self._notes.append(_letters(chunks[1][1:], wide))

    def _string(self, content: bytes, place: int) -> str:
        length = struct.unpack_from("<H", content, place)[0]
        if not self._wide:
            return content[place + 2 : place + 2 + length].decode("cp1252", "replace")
        wide = content[place + 2] & 1
        return _letters(content[place + 3 : place + 3 + length * (2 if wide else 1)], wide)


def shared_strings(chunks: _Chunks) -> Iterator[str]:
    """The table of strings. One that was cut by the end of a record goes on in the next, where its
    letters may be of another width."""
    number, place = 0, 8
    while number < len(chunks):
        chunk = chunks[number]
        if place + 3 > len(chunk):
            number, place = number + 1, 0
            continue
        length, flags = struct.unpack_from("<HB", chunk, place)
        place += 3
        runs = struct.unpack_from("<H", chunk, place)[0] if flags & 8 else 0
        place += 2 if flags & 8 else 0
        extra = struct.unpack_from("<I", chunk, place)[0] if flags & 4 else 0
        place += 4 if flags & 4 else 0
        text = ""
        while True:
            width = 2 if flags & 1 else 1
            piece = chunk[place : place + (length - len(text)) * width]
            text += _letters(piece, flags & 1)
            place += len(piece)
            if len(text) >= length or number + 1 >= len(chunks):
                break
            number, chunk, place = number + 1, chunks[number + 1], 1
            flags = chunk[0] if chunk else 0
        yield text
        place += 4 * runs + extra
        while number < len(chunks) and place > len(chunks[number]):
            number, place = number + 1, place - len(chunks[number])


def _letters(raw: bytes, wide: int) -> str:
    return raw[: len(raw) & ~1].decode("utf-16-le", "replace") if wide else raw.decode("latin-1")

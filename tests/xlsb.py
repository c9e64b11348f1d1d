"""Writes an xlsb workbook record by record: no free library writes one."""

import struct

from tests import documents

_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def xlsb(rows, hidden=False, first=0):
    """One sheet of text, its first row numbered ``first``."""
    size = struct.pack("<IIII", first, first + len(rows) - 1, 0, len(rows[0]) - 1)
    sheet = _record(0x81) + _record(0x94, size) + _record(0x91)
    for y, row in enumerate(rows):
        sheet += _record(0x00, struct.pack("<IIHHBI", first + y, 0, 300, 0, 0, 0))
        for x, text in enumerate(row):
            sheet += _record(0x06, struct.pack("<II", x, 0) + _string(text))
    sheet += _record(0x92) + _record(0x82)
    entry = struct.pack("<II", int(hidden), 1) + _string("rId1") + _string("Blad1")
    book = _record(0x83) + _record(0x8F) + _record(0x9C, entry) + _record(0x90) + _record(0x84)
    target = f'Type="{_RELATION}/worksheet" Target="worksheets/sheet1.bin"'
    relations = f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" {target}/>'
    return documents.packed(
        [
            ("[Content_Types].xml", "<Types/>"),
            ("xl/workbook.bin", book),
            ("xl/_rels/workbook.bin.rels", relations + "</Relationships>"),
            ("xl/worksheets/sheet1.bin", sheet),
        ]
    )


def _string(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(kind, content=b""):
    # Numbers from 0x80 on take two bytes, the second one 1; a length takes seven bits a byte.
    head = bytes([kind]) if kind < 0x80 else bytes([kind, 0x01])
    length = len(content)
    while length > 0x7F:
        head += bytes([length & 0x7F | 0x80])
        length >>= 7
    return head + bytes([length]) + content

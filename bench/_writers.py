"""Writes documents by the thousand: real containers around generated text, at a millisecond each.

The libraries that write documents for people are too slow for twenty thousand files. Here the parts
that never change are made once by such a library where there is one, and only the part that holds
the text is made anew. A row of one cell is a paragraph, one of several a row of a table.
"""

import io
import random
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from email.message import EmailMessage
from functools import cache
from html import escape

import docx
import openpyxl

Rows = Sequence[Sequence[str]]
Writer = Callable[[Rows, bytes], bytes]
"""Makes a file from rows and, where the format can hold it, a picture."""

LINES_ON_PAGE = 60
WIDTH = 95
_STAMP = (2026, 11, 2, 8, 0, 0)


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip; pictures are stored, as the programs do, everything else is deflated."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, _STAMP)
            stored = name == "mimetype" or name.endswith((".jpeg", ".png"))
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def word(rows: Rows, picture: bytes) -> bytes:
    """A docx. A run ends inside a word now and then, as it does where somebody edited."""
    body = "".join(_word_row(row) for row in rows)
    head, tail = _word_parts()
    members = {**_word_skeleton(), "word/document.xml": f"{head}{body}{tail}".encode()}
    if picture:
        members["word/media/image1.jpeg"] = picture
    return zipped(members.items())


def sheet(rows: Rows, picture: bytes) -> bytes:
    """An xlsx with shared strings, as Excel writes it."""
    strings: dict[str, int] = {}
    lines = []
    for row in rows:
        cells = "".join(
            f'<c t="s"><v>{strings.setdefault(cell, len(strings))}</v></c>'
            if not cell.isdigit() or len(cell) > 8
            else f"<c><v>{cell}</v></c>"
            for cell in row
        )
        lines.append(f"<row>{cells}</row>")
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
    page = f"<worksheet {space}><sheetData>{''.join(lines)}</sheetData></worksheet>"
    members = {**_sheet_skeleton(), "xl/worksheets/sheet1.xml": page.encode()}
    members["xl/sharedStrings.xml"] = f"<sst {space}>{shared}</sst>".encode()
    return zipped(members.items())


def slides(rows: Rows, picture: bytes) -> bytes:
    """A pptx with a dozen lines on each slide."""
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    members = [("[Content_Types].xml", types.encode()), ("ppt/presentation.xml", b"<p/>")]
    for number, start in enumerate(range(0, len(rows), 12), 1):
        lines = "".join(
            f"<a:p><a:r><a:t>{escape(' '.join(row))}</a:t></a:r></a:p>"
            for row in rows[start : start + 12]
        )
        text = f'<p:sld xmlns:p="p" xmlns:a="a"><p:txBody>{lines}</p:txBody></p:sld>'
        members.append((f"ppt/slides/slide{number}.xml", text.encode()))
    return zipped([*members, ("ppt/media/image1.png", picture)] if picture else members)


def writer(rows: Rows, picture: bytes) -> bytes:
    """An odt."""
    text = "".join(f"<text:p>{escape(' '.join(row))}</text:p>" for row in rows)
    return _open_document("application/vnd.oasis.opendocument.text", text, picture)


def calc(rows: Rows, picture: bytes) -> bytes:
    """An ods."""
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    lines = (
        "<table:table-row>"
        + "".join(cell.format(escape(each)) for each in row)
        + "</table:table-row>"
        for row in rows
    )
    table = f"<table:table>{''.join(lines)}</table:table>"
    return _open_document("application/vnd.oasis.opendocument.spreadsheet", table, picture)


def pdf(rows: Rows, picture: bytes) -> bytes:
    """A PDF of pages of text with compressed contents."""
    lines = [part for row in rows for part in _wrapped("   ".join(row))]
    pages = [lines[n : n + LINES_ON_PAGE] for n in range(0, len(lines), LINES_ON_PAGE)] or [[]]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for number, page in enumerate(pages):
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {5 + 2 * number} 0 R"
            "/Resources<</Font<</F 3 0 R>>>>>>".encode()
        )
        objects.append(_stream(_page(page)))
    if picture:
        objects.append(_stream(picture))
    return _numbered(objects)


def mail(rows: Rows, picture: bytes, attached: tuple[str, bytes] | None = None) -> bytes:
    """An e-mail, with a file attached if one is given, else with the picture."""
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message["Subject"], message["Date"] = "Bijlage", "Mon, 02 Nov 2026 08:00:00 +0100"
    message.set_content(plain(rows))
    if attached is not None or picture:
        name, content = attached or ("foto.jpg", picture)
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()


def page(rows: Rows, picture: bytes) -> bytes:
    """An HTML page."""
    lines = "".join(
        f"<p>{escape(row[0])}</p>\n"
        if len(row) == 1
        else "<table><tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr></table>\n"
        for row in rows
    )
    return f"<!doctype html><html><body>\n{lines}</body></html>".encode()


def rich(rows: Rows, picture: bytes) -> bytes:
    """An RTF."""
    lines = "".join(" ".join(row) + "\\par\n" for row in rows)
    coded = "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in lines)
    return ("{\\rtf1\\ansi " + coded + "}").encode("ascii")


def table(rows: Rows, picture: bytes) -> bytes:
    """Values between semicolons, in the encoding of an office program."""
    return "\r\n".join(";".join(row) for row in rows).encode("cp1252", "replace")


def text(rows: Rows, picture: bytes) -> bytes:
    return plain(rows).encode()


def wide_text(rows: Rows, picture: bytes) -> bytes:
    """UTF-16 with a mark, as Windows calls Unicode."""
    return plain(rows).encode("utf-16")


def plain(rows: Rows) -> str:
    return "\n".join(": ".join(row) if len(row) == 2 else "\t".join(row) for row in rows) + "\n"


def _word_row(row: Sequence[str]) -> str:
    if len(row) == 1:
        return f"<w:p>{_runs(row[0])}</w:p>"
    cells = "".join(f"<w:tc><w:p>{_runs(cell)}</w:p></w:tc>" for cell in row)
    return f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"


def _runs(text: str) -> str:
    cut = len(text) // 3 if len(text) > 40 else 0
    parts = [text[:cut], text[cut:]] if cut else [text]
    return "".join(f'<w:r><w:t xml:space="preserve">{escape(part)}</w:t></w:r>' for part in parts)


@cache
def _word_skeleton() -> dict[str, bytes]:
    return _members(docx.Document().save)


@cache
def _word_parts() -> tuple[str, str]:
    whole = _word_skeleton()["word/document.xml"].decode()
    head, _, tail = whole.partition("<w:body>")
    return f"{head}<w:body>", tail


@cache
def _sheet_skeleton() -> dict[str, bytes]:
    book = openpyxl.Workbook()
    book.active.append(["x"])
    return _members(book.save)


def _members(save: Callable[[io.BytesIO], None]) -> dict[str, bytes]:
    buffer = io.BytesIO()
    save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _open_document(kind: str, body: str, picture: bytes) -> bytes:
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">'
        f"<office:body>{body}</office:body></office:document-content>"
    )
    members = [("mimetype", kind.encode()), ("content.xml", content.encode())]
    return zipped([*members, ("Pictures/1.jpeg", picture)] if picture else members)


def _wrapped(line: str) -> list[str]:
    return [line[n : n + WIDTH] for n in range(0, len(line), WIDTH)] or [""]


def _page(lines: Sequence[str]) -> bytes:
    coded = [line.translate({40: "\\(", 41: "\\)", 92: "\\\\"}) for line in lines]
    shown = "".join(f"({line}) Tj T*\n" for line in coded)
    return f"BT /F 9 Tf 12 TL 40 800 Td\n{shown}ET".encode("cp1252", "replace")


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content)
    return b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed)


def _numbered(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.5\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj" % number + each + b"endobj\n"
    entries = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{entries}".encode()
    start = out.rindex(b"xref\n0 ")
    out += f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def noise(chance: random.Random, head: bytes, size: int) -> bytes:
    """What no one can compress: a picture, a film, a program."""
    return head + chance.randbytes(max(0, size - len(head)))

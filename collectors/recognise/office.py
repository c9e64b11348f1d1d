"""Office documents (OOXML and OpenDocument): unpack the members that hold text, strip the tags.

A handful of regular expressions over the XML is several times faster than any XML parser and
knows no entities that could be abused. Rows of tables become lines, cells are parted by tabs.
"""

import html
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.budget import Budget, Part, Refused
from collectors.recognise.verdict import Format, Reason

_Nested = Callable[[BinaryIO], Iterator[Part]]

_TAG = re.compile(r"<[^>]*>")
_DROP = re.compile(r"<(?:w:)?instrText\b[^>]*>[^<]*<|\s*[\r\n]+\s*")
_CELL = re.compile("\x03([^\x01\x03]*)\x01")
_WORD_MEMBERS = re.compile(
    r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\d*\.xml"
)
_SLIDES = re.compile(r"ppt/(?:slides/slide|notesSlides/notesSlide|comments/comment)(\d*)\.xml")
_SHEETS = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
_ROW = re.compile(r"<(?:\w+:)?row\b[^>]*>(.*?)</(?:\w+:)?row>", re.S)
_XCELL = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.S)
_VALUE = re.compile(r"<(?:\w+:)?(?:v|t)\b[^>]*>([^<]*)<")
_ITEM = re.compile(r"<(?:\w+:)?si\b[^>]*>(.*?)</(?:\w+:)?si>", re.S)
_REFERENCE = re.compile(r'\br="([A-Z]{1,3})\d+"')
_STYLE = re.compile(r'\bs="(\d+)"')
_TYPED = re.compile(r'\bt="(?!n")')
_DATE_CODES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_MOST_COLUMNS = 200
_FEW = 40
"""A document with fewer letters than this and a picture in it is a picture of a page."""

_MARKS = (
    (re.compile(r"<(?:w|a):tc\b[^>]*>"), "\x03"),
    (re.compile(r"</(?:w|a):tc>"), "\x01"),
    (re.compile(r"</(?:w|a):(?:p|tr)>|<(?:w|a):(?:br|cr)\b[^>]*>"), "\n"),
    (re.compile(r"<(?:w|a):tab/>"), "\t"),
)
_OPEN_MARKS = (
    (re.compile(r"<table:(?:covered-)?table-cell\b([^>]*)/>"), "\x03\x01"),
    (re.compile(r"<table:(?:covered-)?table-cell\b[^>]*>"), "\x03"),
    (re.compile(r"</table:(?:covered-)?table-cell>"), "\x01"),
    (re.compile(r"</(?:text:p|text:h|table:table-row)>|<text:line-break/>"), "\n"),
    (re.compile(r"<text:tab\b[^>]*/>"), "\t"),
    (re.compile(r"<text:s\b[^>]*/>"), " "),
)


def docx(file: BinaryIO, budget: Budget, nested: _Nested) -> Iterator[Part]:
    """A Word document: body, headers, notes, comments and embedded documents."""
    with zipfile.ZipFile(file) as archive:
        body = [m for m in archive.infolist() if _WORD_MEMBERS.fullmatch(m.filename)]
        yield from _text_of(archive, body, budget, Format.DOCX, _MARKS)
        yield from _embedded(archive, "word/embeddings/", budget, nested)


def pptx(file: BinaryIO, budget: Budget, nested: _Nested) -> Iterator[Part]:
    """A presentation: slides, speaker's notes, comments and embedded documents."""
    with zipfile.ZipFile(file) as archive:
        slides = [m for m in archive.infolist() if _SLIDES.fullmatch(m.filename)]
        slides.sort(key=lambda member: _number(member.filename))
        yield from _text_of(archive, slides, budget, Format.PPTX, _MARKS)
        yield from _embedded(archive, "ppt/embeddings/", budget, nested)


def opendocument(file: BinaryIO, budget: Budget, nested: _Nested) -> Iterator[Part]:
    """A text, spreadsheet or presentation in OpenDocument."""
    with zipfile.ZipFile(file) as archive:
        if "META-INF/manifest.xml" in archive.namelist():
            manifest = budget.inflate(archive, archive.getinfo("META-INF/manifest.xml"))
            if b"encryption-data" in manifest:
                raise Refused(Reason.ENCRYPTED)
        wanted = [m for m in archive.infolist() if m.filename in ("content.xml", "styles.xml")]
        if not wanted:
            raise Refused(Reason.BROKEN)
        yield from _text_of(archive, wanted, budget, Format.ODT, _OPEN_MARKS)


def xlsx(file: BinaryIO, budget: Budget, nested: _Nested) -> Iterator[Part]:
    """A workbook: every sheet as rows, dates as they are read by people."""
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        shared = _shared(_member(archive, "xl/sharedStrings.xml", names, budget))
        dates = _date_styles(_member(archive, "xl/styles.xml", names, budget))
        sheets = [m for m in archive.infolist() if _SHEETS.fullmatch(m.filename)]
        if not sheets:
            raise Refused(Reason.BROKEN)
        for sheet in sorted(sheets, key=lambda member: _number(member.filename)):
            xml = budget.inflate(archive, sheet).decode("utf-8", "replace")
            yield Part(Format.XLSX, budget.keep("\n".join(_rows(xml, shared, dates))))
        yield from _embedded(archive, "xl/embeddings/", budget, nested)


def _text_of(
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    budget: Budget,
    format: Format,
    marks: tuple[tuple[re.Pattern[str], str], ...],
) -> Iterator[Part]:
    """One part for all members together: a name in a header belongs to the text below it."""
    pieces = []
    for member in members:
        xml = budget.inflate(archive, member).decode("utf-8", "replace")
        pieces.append(_strip(xml, marks))
    text = "\n".join(pieces)
    yield Part(format, budget.keep(text))
    if len(text.split()) * 5 < _FEW and _has_picture(archive):
        yield Part(format, problem=Reason.NEEDS_OCR)


def _strip(xml: str, marks: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    xml = _DROP.sub("<" if "instrText" in xml else " ", xml)
    for pattern, mark in marks:
        xml = pattern.sub(mark, xml)
    text = _TAG.sub("", xml)
    for _ in range(3):  # a table within a table within a table
        if "\x03" not in text:
            break
        text = _CELL.sub(lambda cell: " ".join(cell.group(1).split()) + "\t", text)
    return html.unescape(text.replace("\x03", "").replace("\x01", "\t"))


def _has_picture(archive: zipfile.ZipFile) -> bool:
    large = [m for m in archive.infolist() if m.file_size > 20_000]
    return any(re.search(r"(?:^|/)(?:media|Pictures)/", m.filename) for m in large)


def _embedded(
    archive: zipfile.ZipFile, folder: str, budget: Budget, nested: _Nested
) -> Iterator[Part]:
    for member in archive.infolist():
        if member.filename.startswith(folder):
            budget.count_member()
            yield from nested(BytesIO(budget.inflate(archive, member)))


def _member(archive: zipfile.ZipFile, name: str, names: set[str], budget: Budget) -> str:
    if name not in names:
        return ""
    return budget.inflate(archive, archive.getinfo(name)).decode("utf-8", "replace")


def _shared(xml: str) -> list[str]:
    return [html.unescape("".join(_VALUE.findall(item.group(1)))) for item in _ITEM.finditer(xml)]


def _date_styles(xml: str) -> frozenset[int]:
    """The cell styles that show a number as a date."""
    codes = set(_DATE_CODES)
    for code, shown in re.findall(
        r'<numFmt\b[^>]*?numFmtId="(\d+)"[^>]*?formatCode="([^"]*)"', xml
    ):
        plain = re.sub(r"\[[^\]]*\]|&quot;.*?&quot;|\\.", "", shown)
        if re.search(r"[yYdD]", plain) and not re.search(r"[0#]", plain):
            codes.add(int(code))
    block = re.search(r"<cellXfs\b.*?</cellXfs>", xml, re.S)
    styles = re.findall(r"<xf\b[^>]*>", block.group()) if block else []
    found = (re.search(r'numFmtId="(\d+)"', style) for style in styles)
    return frozenset(i for i, code in enumerate(found) if code and int(code.group(1)) in codes)


def _rows(xml: str, shared: list[str], dates: frozenset[int]) -> Iterator[str]:
    for row in _ROW.finditer(xml):
        cells: list[str] = []
        for attributes, content in _XCELL.findall(row.group(1)):
            place = _column(attributes, len(cells))
            while len(cells) < place < _MOST_COLUMNS:
                cells.append("")
            cells.append(_shown(attributes, content, shared, dates))
        yield "\t".join(" ".join(cell.split()) for cell in cells)


def _column(attributes: str, otherwise: int) -> int:
    reference = _REFERENCE.search(attributes)
    if reference is None:
        return otherwise
    number = 0
    for letter in reference.group(1):
        number = number * 26 + ord(letter) - 64
    return number - 1


def _shown(attributes: str, content: str, shared: list[str], dates: frozenset[int]) -> str:
    if not content:
        return ""
    value = "".join(_VALUE.findall(content))
    if 't="s"' in attributes:
        index = int(value or 0)
        return shared[index] if index < len(shared) else ""
    style = _STYLE.search(attributes)
    if style and int(style.group(1)) in dates and not _TYPED.search(attributes):
        return _as_date(value)
    return html.unescape(value)


def _as_date(value: str) -> str:
    try:
        days = int(float(value))
    except ValueError:
        return value
    if not 1 <= days <= 80_000:
        return value
    return (date(1899, 12, 30) + timedelta(days=days)).isoformat()


def _number(name: str) -> int:
    return int("".join(re.findall(r"\d", name)) or 0)

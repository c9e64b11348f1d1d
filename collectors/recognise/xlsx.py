"""Excel workbooks (xlsx): every sheet as rows, hidden ones included, with comments, text boxes,
headers and footers."""

import html
import re
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.cells import MOST_COLUMNS, as_date, date_codes
from collectors.recognise.office import closed_part, embedded, number_of, strip
from collectors.recognise.verdict import Format, Reason

_SHEETS = re.compile(r"xl/(?:worksheets|macrosheets)/[^/]+\.xml")
_NOTES = re.compile(
    r"xl/(?:comments[^/]*|comments/[^/]+|threadedComments/[^/]+|drawings/[^/]+|diagrams/data\d*)\.xml"
)
_ROW = re.compile(r"<(?:\w+:)?row\b[^<>]*>(.*?)</(?:\w+:)?row>", re.S)
_XCELL = re.compile(
    r'<(?:\w+:)?c\b(?: r="([A-Z]{1,3})\d+")?([^<>]*?)'
    r"(?:/>|>(?:<(?:\w+:)?v>([^<]*)</(?:\w+:)?v>)?(.*?)</(?:\w+:)?c>)",
    re.S,
)
_VALUE = re.compile(r"<(?:\w+:)?(?:v|t)\b[^<>]*>([^<]*)<")
_ITEM = re.compile(r"<(?:\w+:)?si\b[^<>]*>(.*?)</(?:\w+:)?si>", re.S)
_REFERENCE = re.compile(r'\br="([A-Z]{1,3})\d+"')
_STYLE = re.compile(r'\bs="(\d+)"')
_TYPED = re.compile(r'\bt="(?!n")')
_FORMATS = re.compile(r'<(?:\w+:)?numFmt\b[^<>]*?numFmtId="(\d+)"[^<>]*?formatCode="([^"]*)"')
_HEADERS = re.compile(r"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)\b[^<>]*>([^<]*)<")
_HEADER_CODES = re.compile(r'&amp;(?:"[^"]*"|&quot;.*?&quot;|\d+|[A-Z])')


def workbook(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """One part for each sheet, one for all comments and text boxes, then what is embedded."""
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        shared = _shared(_member(archive, "xl/sharedStrings.xml", names, budget))
        dates = _date_styles(_member(archive, "xl/styles.xml", names, budget))
        sheets = [m for m in archive.infolist() if _SHEETS.fullmatch(m.filename)]
        if not sheets:
            raise Refused(Reason.BROKEN)
        for sheet in sorted(sheets, key=lambda member: number_of(member.filename)):
            budget.count_member()
            xml = budget.inflate(archive, sheet).decode("utf-8", "replace")
            lines = chain(_rows(xml, shared, dates), _headers(xml))
            yield Part(Format.XLSX, budget.keep_lines(lines))
        yield from _notes(archive, budget)
        yield from embedded(archive, "xl/embeddings/", budget, nested)


def _headers(xml: str) -> Iterator[str]:
    if "Header" in xml or "Footer" in xml:
        for found in _HEADERS.finditer(xml):
            if text := html.unescape(_HEADER_CODES.sub(" ", found.group(1))).strip():
                yield text


def _notes(archive: zipfile.ZipFile, budget: Budget) -> Iterator[Part]:
    found = [m for m in archive.infolist() if _NOTES.fullmatch(m.filename)]
    texts = [strip(budget.inflate(archive, m).decode("utf-8", "replace")) for m in found]
    if any(text.strip() for text in texts):
        yield Part(Format.XLSX, budget.keep("\n".join(texts)))


def _member(archive: zipfile.ZipFile, name: str, names: set[str], budget: Budget) -> str:
    if name not in names:
        return ""
    return budget.inflate(archive, archive.getinfo(name)).decode("utf-8", "replace")


def _shared(xml: str) -> list[str]:
    items = _ITEM.findall(closed_part(xml, "si"))
    return [_tidy(html.unescape("".join(_VALUE.findall(item)))) for item in items]


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _date_styles(xml: str) -> frozenset[int]:
    """The cell styles that show a number as a date."""
    shown = ((int(code), html.unescape(format)) for code, format in _FORMATS.findall(xml))
    codes = date_codes(shown)
    block = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", xml, re.S)
    styles = re.findall(r"<(?:\w+:)?xf\b[^<>]*>", block.group()) if block else []
    found = (re.search(r'numFmtId="(\d+)"', style) for style in styles)
    return frozenset(i for i, code in enumerate(found) if code and int(code.group(1)) in codes)


def _rows(xml: str, shared: list[str], dates: frozenset[int]) -> Iterator[str]:
    """The rows of a sheet as lines. This loop sees every cell of every workbook, so it looks at
    each cell once; the attributes of cells are few and their meaning is remembered."""
    types: dict[str, str] = {}
    for row in _ROW.finditer(closed_part(xml, "row")):
        cells: list[str] = []
        for letters, attributes, value, rest in _XCELL.findall(closed_part(row.group(1), "c")):
            letters = letters or _letters(attributes)
            if letters:
                place = _column(letters)
                if len(cells) < place < MOST_COLUMNS:
                    cells += [""] * (place - len(cells))
            if rest:
                value = value + "".join(_VALUE.findall(rest))
            kind = types.get(attributes) or types.setdefault(attributes, _type(attributes, dates))
            cells.append(_shown(value, kind, shared) if kind != "plain" or "&" in value else value)
        yield "\t".join(cells)


def _letters(attributes: str) -> str:
    reference = _REFERENCE.search(attributes) if 'r="' in attributes else None
    return reference.group(1) if reference else ""


@lru_cache(1024)
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _type(attributes: str, dates: frozenset[int]) -> str:
    """What the value of a cell with these attributes is."""
    if 't="s"' in attributes:
        return "shared"
    style = _STYLE.search(attributes)
    if style and int(style.group(1)) in dates and not _TYPED.search(attributes):
        return "date"
    return "text" if _TYPED.search(attributes) else "plain"


def _shown(value: str, kind: str, shared: list[str]) -> str:
    if kind == "shared":
        index = int(value or 0)
        return shared[index] if index < len(shared) else ""
    return _as_date(value) if kind == "date" else _tidy(html.unescape(value))


def _as_date(value: str) -> str:
    try:
        return as_date(float(value)) or value
    except ValueError:
        return value

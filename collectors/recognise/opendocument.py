"""OpenDocument: texts, spreadsheets and presentations, packed or in one flat file.

Comments and notes stand in the midst of the text they belong to, even within a cell; they are taken
out and put after it, so that they part neither a name nor a row.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.charsets import decode
from collectors.recognise.office import Marks, closed_part, embedded, is_picture_only, strip
from collectors.recognise.verdict import Format, Reason

_TEXTS = re.compile(r"(?:[^/]+/)?content\.xml|styles\.xml")
_ASIDE = ("office:annotation", "text:note")
_ABOUT = (
    "dc:creator", "dc:date", "meta:creator-initials", "loext:sender-initials",
    "text:note-citation", "office:binary-data", "office:meta", "office:settings",
)  # fmt: skip
_ELEMENT = {
    name: re.compile(rf"<{name}\b[^<>]*(?<!/)>.*?</{name}>", re.S) for name in (*_ASIDE, *_ABOUT)
}
_EMPTY_CELLS = re.compile(r"<table:(?:covered-)?table-cell\b([^<>]*)/>")
_REPEATED = re.compile(r'number-columns-repeated="(\d{1,5})"')
_MOST_REPEATED = 30

_MARKS: Marks = (
    (re.compile(r"<table:(?:covered-)?table-cell\b[^<>]*>"), "\x03"),
    (re.compile(r"</table:(?:covered-)?table-cell>"), "\x01"),
    (re.compile(r"</(?:text:p|text:h|table:table-row)>|<text:line-break/>"), "\n"),
    (re.compile(r"<text:tab\b[^<>]*/>"), "\t"),
    (re.compile(r"<text:s\b[^<>]*/>"), " "),
)


def packed(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """A document in a zip: body, headers and footers, embedded objects."""
    with zipfile.ZipFile(file) as archive:
        if "META-INF/manifest.xml" in archive.namelist():
            manifest = budget.inflate(archive, archive.getinfo("META-INF/manifest.xml"))
            if b"encryption-data" in manifest:
                raise Refused(Reason.ENCRYPTED)
        wanted = [m for m in archive.infolist() if _TEXTS.fullmatch(m.filename)]
        if not wanted:
            raise Refused(Reason.BROKEN)
        xml = (budget.inflate(archive, member).decode("utf-8", "replace") for member in wanted)
        text = "\n".join(map(_text, xml))
        yield Part(Format.ODT, budget.keep(text))
        if is_picture_only(text, archive):
            yield Part(Format.ODT, problem=Reason.NEEDS_OCR)
        yield from embedded(archive, "Object ", budget, nested)


def flat(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """A document in one file of XML."""
    yield Part(Format.FLAT_ODF, budget.keep(_text(decode(budget.read(file)))))


def _text(xml: str) -> str:
    for name in _ABOUT:
        xml, _ = _without(xml, name)
    aside: list[str] = []
    for name in _ASIDE:
        xml, taken = _without(xml, name)
        aside += taken
    return "\n".join(strip(piece, _MARKS) for piece in (_EMPTY_CELLS.sub(_empty, xml), *aside))


def _without(xml: str, name: str) -> tuple[str, list[str]]:
    """XML without the elements of a name, and these."""
    if f"<{name}" not in xml:
        return xml, []
    closed = closed_part(xml, name)
    return _ELEMENT[name].sub("", closed) + xml[len(closed) :], _ELEMENT[name].findall(closed)


def _empty(found: re.Match[str]) -> str:
    """As many empty cells as the one stands for; those that fill up a row to its end are many."""
    repeated = _REPEATED.search(found.group(1))
    return "\x03\x01" * min(int(repeated.group(1)) if repeated else 1, _MOST_REPEATED)

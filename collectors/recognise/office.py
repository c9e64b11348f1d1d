"""Word and PowerPoint documents: unpack the members that hold text, strip the tags.

A handful of regular expressions over the XML is several times faster than any XML parser and
knows no entities that could be abused. Rows of tables become lines, cells are parted by tabs. What
was deleted under tracked changes still stands in the file, so it is read too.
"""

import html
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part
from collectors.recognise.verdict import Format, Reason

Marks = tuple[tuple[re.Pattern[str], str], ...]

_TAG = re.compile(r"<[^<>]*>")
_FIELD_CODE = re.compile(r"<(?:w:)?instrText\b[^<>]*>[^<]*<")
_LINE_END = re.compile(r"[\r\n]\s*")
_FALLBACK = re.compile(r"<mc:Fallback>(.*?)</mc:Fallback>", re.S)
_CELL = re.compile("\x03([^\x01\x03]*)\x01")
_WORD_MEMBERS = re.compile(
    r"word/(?:(?:document|header|footer|footnotes|endnotes|comments)\d*|diagrams/data\d*)\.xml"
)
_SLIDES = re.compile(
    r"ppt/(?:slides/slide|notesSlides/notesSlide|comments/\w*|diagrams/data)(\d*)\.xml"
)
_FEW = 40
"""A document with fewer letters than this and a picture in it is a picture of a page."""

_MARKS: Marks = (
    (re.compile(r"<(?:\w+:)?tc\b[^<>]*>"), "\x03"),
    (re.compile(r"</(?:\w+:)?tc>"), "\x01"),
    (re.compile(r"</(?:\w+:)?(?:p|tr|text|comment)>|<(?:\w+:)?(?:br|cr)\b[^<>]*>"), "\n"),
    (re.compile(r"<(?:w|a):tab/>"), "\t"),
)


def docx(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """A Word document: body, headers, notes, comments, text boxes and embedded documents."""
    with zipfile.ZipFile(file) as archive:
        body = [m for m in archive.infolist() if _WORD_MEMBERS.fullmatch(m.filename)]
        yield from text_of(archive, body, budget, Format.DOCX, _MARKS)
        yield from embedded(archive, "word/embeddings/", budget, nested)
        yield from embedded(archive, "word/afchunk", budget, nested)


def pptx(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """A presentation: slides, speaker's notes, comments and embedded documents."""
    with zipfile.ZipFile(file) as archive:
        slides = [m for m in archive.infolist() if _SLIDES.fullmatch(m.filename)]
        slides.sort(key=lambda member: number_of(member.filename))
        yield from text_of(archive, slides, budget, Format.PPTX, _MARKS)
        yield from embedded(archive, "ppt/embeddings/", budget, nested)


def text_of(
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    budget: Budget,
    format: Format,
    marks: Marks,
) -> Iterator[Part]:
    """One part for all members together: a name in a header belongs to the text below it."""
    pieces = []
    for member in members:
        xml = budget.inflate(archive, member).decode("utf-8", "replace")
        pieces.append(strip(xml, marks))
    text = "\n".join(pieces)
    yield Part(format, budget.keep(text))
    if is_picture_only(text, archive):
        yield Part(format, problem=Reason.NEEDS_OCR)


def strip(xml: str, marks: Marks = _MARKS) -> str:
    """The text of XML, with the marks put where it had tags that part it."""
    if "<mc:Fallback" in xml:
        closed = closed_part(xml, "mc:Fallback")
        xml = _FALLBACK.sub(_without_text_box, closed) + xml[len(closed) :]
    if "instrText" in xml:
        xml = _FIELD_CODE.sub("<", xml)
    xml = _LINE_END.sub(" ", xml)
    for pattern, mark in marks:
        xml = pattern.sub(mark, xml)
    text = _TAG.sub("", xml)
    for _ in range(3):  # a table within a table within a table
        if "\x03" not in text:
            break
        text = _CELL.sub(lambda cell: " ".join(cell.group(1).split()) + "\t", text)
    return html.unescape(text.replace("\x03", "").replace("\x01", "\t"))


def closed_part(xml: str, name: str) -> str:
    """As much of XML as reaches to the last end of an element, under any prefix. Of an opening
    behind it the end would be looked for through all that follows, and so for the next one."""
    closing = f"</{name}>"
    end = xml.rfind(closing) + len(closing) if closing in xml else 0
    if f":{name}>" in xml:
        for found in re.finditer(rf"</\w+:{name}>", xml):
            end = max(end, found.end())
    return xml[:end]


def _without_text_box(found: re.Match[str]) -> str:
    """A text box stands there twice, once for old programs."""
    return "" if "txbxContent" in found.group(1) else found.group(1)


def is_picture_only(text: str, archive: zipfile.ZipFile) -> bool:
    """Whether a document has next to no text, but a picture that may be one of text."""
    if len(text.split()) * 5 >= _FEW:
        return False
    large = [m for m in archive.infolist() if m.file_size > 20_000]
    return any(re.search(r"(?:^|/)(?:media|Pictures)/", m.filename) for m in large)


def embedded(
    archive: zipfile.ZipFile, folder: str, budget: Budget, nested: Nested
) -> Iterator[Part]:
    """The documents that lie in a folder of another."""
    for member in archive.infolist():
        if member.filename.startswith(folder):
            budget.count_member()
            yield from nested(BytesIO(budget.inflate(archive, member)))


def number_of(name: str) -> int:
    """The number in the name of a sheet or slide."""
    return int("".join(re.findall(r"\d", name))[:9] or 0)

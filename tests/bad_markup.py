"""Markup that is opened again and again and never closed: a reader that looks for the end of each
opening reads the rest of the text for every one of them.

The letter about a pupil, or the list of them, stands behind it all.
"""

from collections.abc import Callable

from tests import documents
from tests.fuzz_seeds import packed

TIMES = 100_000
TYPES = ("[Content_Types].xml", "<Types/>")
_ODT = ("mimetype", "application/vnd.oasis.opendocument.text")
_CELL = "<c t='inlineStr'><is><t>{}</t></is></c>"


def salted(piece: str) -> str:
    """The piece many times over, each followed by other letters: no archive could tell it for a
    bomb by how small it packs."""
    return "".join(f"{piece}{n * 2654435761 % 2**32:x}" for n in range(TIMES))


def word(body: str) -> bytes:
    letter = "".join(f"<w:p><w:t>{line}</w:t></w:p>" for line in documents.LETTER)
    return packed([TYPES, ("word/document.xml", f"{body}{letter}")])


def writer(body: str) -> bytes:
    letter = "".join(f"<text:p>{line}</text:p>" for line in documents.LETTER)
    return packed([_ODT, ("content.xml", f"{body}{letter}")])


def sheet(body: str) -> bytes:
    rows = "".join(
        f"<row>{''.join(_CELL.format(cell) for cell in row)}</row>"
        for row in (documents.HEADS, *documents.ROWS)
    )
    return packed([TYPES, ("xl/worksheets/sheet1.xml", f"{rows}{body}")])


def page(body: str) -> bytes:
    return f"<html>{body}<br>{'<br>'.join(documents.LETTER)}".encode()


MARKUP: dict[str, Callable[[], bytes]] = {
    "docx of openings of tags": lambda: word("<" * 3_000_000),
    "docx of cells that are not closed": lambda: word(salted("<w:tc ")),
    "docx of fallbacks that are not closed": lambda: word(salted("<mc:Fallback>")),
    "docx of instructions that are not closed": lambda: word(salted("<w:instrText ")),
    "docx of three million spaces": lambda: word("x" + " " * 3_000_000 + "x"),
    "odt of notes that are not closed": lambda: writer(salted("<office:annotation>")),
    "odt of footnotes that are not closed": lambda: writer(salted("<text:note>")),
    "odt of writers that are not closed": lambda: writer(salted("<dc:creator>")),
    "odt of cells that are not closed": lambda: writer(salted("<table:table-cell ")),
    "xlsx of rows that are not closed": lambda: sheet(salted("<row>")),
    "xlsx of cells that are not closed": lambda: sheet(f"<row>{salted('<c>')}</row>"),
    "html of openings of tags": lambda: page("<" * 3_000_000),
    "html of paragraphs that are not closed": lambda: page("<p " * 1_000_000),
}

"""Documents people print: docx, odt, pdf, rtf and the old doc, with what real ones have.

Tables are tables, a label and its value are now a table of two columns, now a line; a letterhead
may stand in the header, a PDF may run in two columns.
"""

import io
import random
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import docx
import fpdf
import odfdo
from docx.document import Document
from docx.text.paragraph import Paragraph
from fpdf.fonts import FontFace

from bench._writers import Rows
from tests import compound

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
"""For letters that the fonts of every PDF reader lack."""

OLD_TABLE_MARKS = 20
"""As many ends of cells as the test writer of old Word files can hold."""

Block = list[list[str]]


def blocks(rows: Rows) -> Iterator[Block]:
    """Paragraphs one by one, and rows of as many cells together as a table."""
    for width, group in groupby(rows, key=len):
        if width == 1:
            yield from ([list(row)] for row in group)
        else:
            yield [list(row) for row in group]


def spoken(rows: Rows, chance: random.Random) -> Rows:
    """Labels and values as lines, in half of the documents."""
    if chance.random() < 0.5:
        return rows
    joint = chance.choice((": ", ":\t", " - ", "\t"))
    return [[joint.join(row)] if len(row) == 2 else row for row in rows]


def docx_file(rows: Rows, chance: random.Random) -> bytes:
    document = docx.Document()
    rows = spoken(rows, chance)
    if chance.random() < 0.15 and len(rows[0]) == 1:
        document.sections[0].header.paragraphs[0].text = rows[0][0]
        rows = rows[1:]
    for number, block in enumerate(blocks(rows)):
        if len(block[0]) == 1:
            style = "Heading 1" if number == 0 and chance.random() < 0.5 else None
            _in_runs(document.add_paragraph(style=style), block[0][0], chance)
        else:
            _word_table(document, block)
    return _saved(document.save)


def _in_runs(paragraph: Paragraph, text: str, chance: random.Random) -> None:
    """A run ends inside a word now and then, as it does where somebody edited."""
    cut = chance.randrange(len(text)) if len(text) > 30 and chance.random() < 0.3 else 0
    for part in (text[:cut], text[cut:]):
        if part:
            paragraph.add_run(part)


def _word_table(document: Document, block: Block) -> None:
    table = document.add_table(rows=len(block), cols=len(block[0]))
    cells = table._cells
    for number, text in enumerate(cell for row in block for cell in row):
        cells[number].text = text


def odt_file(rows: Rows, chance: random.Random) -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    for number, block in enumerate(blocks(spoken(rows, chance))):
        if len(block[0]) == 1:
            document.body.append(odfdo.Paragraph(block[0][0]))
        else:
            document.body.append(odf_table(f"Tabel{number}", block))
    return _saved(document.save)


def odf_table(name: str, block: Block) -> odfdo.Table:
    table = odfdo.Table(name)
    for values in block:
        row = odfdo.Row()
        row.set_values(values)
        table.append_row(row)
    return table


def pdf_file(rows: Rows, chance: random.Random) -> bytes:
    """Running text, or two columns of it, and real tables."""
    document = fpdf.FPDF()
    document.add_page()
    spaced = [[cell.replace("\t", "   ") for cell in row] for row in spoken(rows, chance)]
    clean = _printable(document, spaced)
    if chance.random() < 0.25 and all(len(row) == 1 for row in clean):
        with document.text_columns(ncols=2, gutter=8, text_align="L") as columns:
            for row in clean:
                columns.write(f"{row[0]}\n\n")
    else:
        for block in blocks(clean):
            _print(document, block)
    return bytes(document.output())


def _printable(document: fpdf.FPDF, rows: Rows) -> Rows:
    """Sets a font that has all letters; without one, letters lose their marks."""
    whole = "".join(cell for row in rows for cell in row)
    if whole.isascii() or _in(whole, "latin-1"):
        document.set_font("helvetica", size=10)
        return rows
    if FONT.exists():
        document.add_font("dejavu", "", FONT)
        document.set_font("dejavu", size=9)
        return rows
    document.set_font("helvetica", size=10)
    return [[cell.encode("latin-1", "replace").decode("latin-1") for cell in row] for row in rows]


def _print(document: fpdf.FPDF, block: Block) -> None:
    if len(block[0]) == 1:
        document.multi_cell(0, text=block[0][0] or " ", new_x="LMARGIN", new_y="NEXT")
    elif len(block[0]) > 6:
        for row in block:
            document.multi_cell(0, text="   ".join(row), new_x="LMARGIN", new_y="NEXT")
    else:
        with document.table(headings_style=FontFace(emphasis=None)) as table:
            for row in block:
                table.row(row)


def rtf_file(rows: Rows, chance: random.Random) -> bytes:
    body = "".join(_rtf_row(row) for row in spoken(rows, chance))
    head = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Calibri;}}{\\info{\\author X}}\n"
    return f"{head}{body}}}".encode("ascii")


def _rtf_row(row: Sequence[str]) -> str:
    if len(row) == 1:
        return f"\\pard {_rtf_text(row[0])}\\par\n"
    edges = "".join(f"\\cellx{1500 * (n + 1)}" for n in range(len(row)))
    cells = "".join(f"\\intbl {_rtf_text(cell)}\\cell" for cell in row)
    return f"\\trowd{edges}{cells}\\row\n"


def _rtf_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
    return "".join(_rtf_letter(letter) for letter in escaped)


def _rtf_letter(letter: str) -> str:
    if ord(letter) < 128:
        return letter
    coded = letter.encode("cp1252", "ignore")
    return f"\\'{coded[0]:02x}" if coded else f"\\u{ord(letter)}?"


def doc_file(rows: Rows, chance: random.Random) -> bytes:
    """A table where it is small, else tabs; letters that one byte cannot hold make it wide."""
    rows = spoken(rows, chance)
    marks = sum(len(row) + 1 for row in rows if len(row) > 1)
    text, ends, cells = "", list[int](), list[int]()
    for row in rows:
        if len(row) == 1 or marks > OLD_TABLE_MARKS:
            text += "\t".join(row) + "\r"
            continue
        for cell in row:
            text += f"{cell}\x07"
            cells.append(len(text) - 1)
        text += "\x07"
        ends.append(len(text) - 1)
    return compound.doc([(text, not _in(text, "cp1252"))], rows=ends, cells=cells)


def _in(text: str, encoding: str) -> bool:
    return text.encode(encoding, "ignore").decode(encoding) == text


def _saved(save: object) -> bytes:
    buffer = io.BytesIO()
    save(buffer)  # type: ignore[operator]
    return buffer.getvalue()

"""Writing documents the way staff have them: by the document libraries that schools' tools use.

A text is a list of blocks; each writer turns the same blocks into its own format. Times inside the
files are fixed, so that two sample homes of one seed hold the same words.
"""

import csv
import io
import random
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path

import docx
import odfdo
import openpyxl
from fpdf import FPDF
from openpyxl.styles import Font
from PIL import Image, ImageFilter

WRITTEN = datetime(2026, 10, 12, 14, 5, tzinfo=UTC)
ZIP_TIME = (2026, 10, 12, 14, 5, 0)
DAY_FORMAT = {"nl": "%d-%m-%Y", "da": "%d.%m.%Y"}

Row = Sequence[str | int | date]


class Kind(StrEnum):
    """What one block of a text is."""

    TITLE = "title"
    HEADING = "heading"
    PAIR = "pair"
    PARAGRAPH = "paragraph"


@dataclass(frozen=True, slots=True)
class Block:
    """A line of a text: one cell, or a label and its value."""

    kind: Kind
    cells: tuple[str, ...]


def parse(text: str) -> list[Block]:
    """Blocks of a template: ``# title``, ``## heading``, ``label | value``, else a paragraph."""
    return [_block(line.strip()) for line in text.splitlines() if line.strip()]


def plain(blocks: Iterable[Block]) -> str:
    """The blocks as the text of a note or a message."""
    lines = [": ".join(block.cells) for block in blocks]
    return "\n".join(lines) + "\n"


def write_txt(path: Path, blocks: list[Block]) -> None:
    path.write_text(plain(blocks), "utf-8")


def write_docx(path: Path, blocks: list[Block]) -> None:
    document = docx.Document()
    document.core_properties.created = document.core_properties.modified = WRITTEN
    for block in blocks:
        if block.kind is Kind.PAIR:
            row = document.add_table(rows=1, cols=2).rows[0]
            row.cells[0].text, row.cells[1].text = block.cells
        elif block.kind is Kind.PARAGRAPH:
            document.add_paragraph(block.cells[0])
        else:
            document.add_heading(block.cells[0], level=1 if block.kind is Kind.TITLE else 2)
    with path.open("wb") as file:
        document.save(file)


def write_odt(path: Path, blocks: list[Block]) -> None:
    document = odfdo.Document("text")
    document.body.clear()
    for block in blocks:
        if block.kind in (Kind.TITLE, Kind.HEADING):
            level = 1 if block.kind is Kind.TITLE else 2
            document.body.append(odfdo.Header(level, block.cells[0]))
        else:
            document.body.append(odfdo.Paragraph(": ".join(block.cells)))
    document.save(str(path))


def write_pdf(path: Path, blocks: list[Block]) -> None:
    page = FPDF(format="A4")
    page.set_creation_date(WRITTEN)
    page.add_page()
    for block in blocks:
        size = {Kind.TITLE: 16, Kind.HEADING: 12}.get(block.kind, 10)
        page.set_font("helvetica", style="B" if size > 10 else "", size=size)
        page.multi_cell(0, size * 0.6, ": ".join(block.cells), new_x="LMARGIN", new_y="NEXT")
        page.ln(1.5)
    page.output(str(path))


def write_xlsx(path: Path, rows: Iterable[Row], sheet: str = "Blad1") -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(list(row))
    for cell in page[1]:
        cell.font = Font(bold=True)
        page.column_dimensions[cell.column_letter].width = max(12, len(str(cell.value)) + 4)
    book.save(path)


def csv_bytes(rows: Iterable[Row], language: str, encoding: str) -> bytes:
    """Rows as a spreadsheet program of that country exports them: with semicolons."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in rows:
        table.writerow([_cell(value, language) for value in row])
    return text.getvalue().encode(encoding)


def write_eml(
    path: Path, *, sender: str, to: str, subject: str, text: str, attached: Path | None = None
) -> None:
    """A message saved from the mail program, if need be with a file attached."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(WRITTEN)
    message["Message-ID"] = f"<{len(text)}.{len(subject)}@school.example>"
    message.set_content(text)
    if attached is not None:
        message.add_attachment(
            attached.read_bytes(),
            maintype="application",
            subtype="octet-stream",
            filename=attached.name,
        )
    if message.is_multipart():
        message.set_boundary("=====" + str(len(text)) + "=====")
    path.write_bytes(message.as_bytes())


def write_zip(path: Path, members: Iterable[Path]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            entry = zipfile.ZipInfo(member.name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, member.read_bytes())


def write_photo(path: Path, chance: random.Random) -> None:
    """A picture with sky, sea, sand and grain; nobody is on it."""
    width, height = 320, 240
    bands = ((120, 170, 220), (60, 110, 150), (215, 195, 150))
    pixels = bytearray()
    for y in range(height):
        band = bands[min(2, y * 3 // height)]
        for _ in range(width):
            grain = chance.randint(-18, 18)
            pixels.extend(max(0, min(255, colour + grain)) for colour in band)
    picture = Image.frombytes("RGB", (width, height), bytes(pixels))
    picture.resize((1280, 960)).filter(ImageFilter.GaussianBlur(1)).save(path, "JPEG", quality=82)


def _block(line: str) -> Block:
    if line.startswith("## "):
        return Block(Kind.HEADING, (line[3:],))
    if line.startswith("# "):
        return Block(Kind.TITLE, (line[2:],))
    label, bar, value = line.partition(" | ")
    return Block(Kind.PAIR, (label, value)) if bar else Block(Kind.PARAGRAPH, (line,))


def _cell(value: str | int | date, language: str) -> str:
    return value.strftime(DAY_FORMAT[language]) if isinstance(value, date) else str(value)

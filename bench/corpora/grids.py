"""Workbooks, slides and databases: xlsx, ods, xls, xlsb, pptx, odp, ppt, sqlite and csv.

A workbook has a title across its columns, dates that are dates, and now and then its data on a
sheet that is hidden behind an empty one.
"""

import csv
import io
import random
import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from html import escape

import odfdo
import openpyxl

from bench._writers import Rows, zipped
from bench.corpora.paper import odf_table
from tests import compound
from tests.xlsb import xlsb

SPACE = "http://schemas.openxmlformats.org"
DAY = re.compile(r"(\d\d)-(\d\d)-(\d{4})")
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "cp1252", "latin-1")


def xlsx_file(rows: Rows, chance: random.Random) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    if chance.random() < 0.12:
        page.append(["Blad is leeg"])
        page = book.create_sheet("Data")
        page.sheet_state = chance.choice(("hidden", "veryHidden"))
    width, dates, number = max(map(len, rows)), chance.random() < 0.4, chance.random() < 0.5
    for row in rows:
        page.append([_value(cell, dates, number) for cell in row])
        if len(row) == 1 and width > 1:
            page.merge_cells(
                start_row=page.max_row, end_row=page.max_row, start_column=1, end_column=width
            )
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _value(cell: str, dates: bool, number: bool) -> str | int | datetime:
    """What a spreadsheet makes of what is typed."""
    if dates and (found := DAY.fullmatch(cell)):
        return datetime(int(found[3]), int(found[2]), int(found[1]))  # noqa: DTZ001
    if number and cell.isdigit() and not cell.startswith("0"):
        return int(cell)
    return f"'{cell}" if cell.startswith("=") else cell


def ods_file(rows: Rows, chance: random.Random) -> bytes:
    document = odfdo.Document("spreadsheet")
    document.body.clear()
    document.body.append(odf_table("Blad1", [list(row) for row in rows]))
    return _saved(document)


def odp_file(rows: Rows, chance: random.Random) -> bytes:
    document = odfdo.Document("presentation")
    document.body.clear()
    for number, part in enumerate(_slides(rows), 1):
        page = odfdo.DrawPage(f"page{number}", name=f"Dia {number}")
        frame = odfdo.Frame.text_frame(
            [odfdo.Paragraph(line) for line in part], size=("20cm", "14cm"), position=("1cm", "1cm")
        )
        page.append(frame)
        document.body.append(page)
    return _saved(document)


def _saved(document: odfdo.Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _slides(rows: Rows) -> list[list[str]]:
    lines = [" - ".join(row) for row in rows]
    return [lines[n : n + 7] for n in range(0, len(lines), 7)]


def pptx_file(rows: Rows, chance: random.Random) -> bytes:
    """Slides; the last lines of some stand in the speaker's notes."""
    parts = _slides(rows)
    kind = "application/vnd.openxmlformats-officedocument.presentationml"
    named = [("presentation", "presentation.main")]
    members = {"_rels/.rels": _relations([("officeDocument", "ppt/presentation.xml")])}
    for number, part in enumerate(parts, 1):
        noted = len(part) > 3 and chance.random() < 0.25
        members[f"ppt/slides/slide{number}.xml"] = _slide("sld", part[:-2] if noted else part)
        named.append((f"slides/slide{number}", "slide"))
        if noted:
            members[f"ppt/notesSlides/notesSlide{number}.xml"] = _slide("notes", part[-2:])
            link = _relations([("notesSlide", f"../notesSlides/notesSlide{number}.xml")])
            members[f"ppt/slides/_rels/slide{number}.xml.rels"] = link
            named.append((f"notesSlides/notesSlide{number}", "notesSlide"))
    members["ppt/_rels/presentation.xml.rels"] = _relations(
        [("slide", f"slides/slide{n + 1}.xml") for n in range(len(parts))]
    )
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="rId{n + 1}"/>' for n in range(len(parts)))
    members["ppt/presentation.xml"] = _part("presentation", f"<p:sldIdLst>{ids}</p:sldIdLst>")
    types = "".join(
        f'<Override PartName="/ppt/{name}.xml" ContentType="{kind}.{what}+xml"/>'
        for name, what in named
    )
    relation = "application/vnd.openxmlformats-package.relationships+xml"
    first = f'<Types xmlns="{SPACE}/package/2006/content-types"><Default Extension="rels" '
    first += f'ContentType="{relation}"/><Default Extension="xml" ContentType="application/xml"/>'
    members = {"[Content_Types].xml": f"{first}{types}</Types>", **members}
    return zipped((name, text.encode()) for name, text in members.items())


def _part(root: str, inside: str) -> str:
    spaces = f'xmlns:a="{SPACE}/drawingml/2006/main" xmlns:p="{SPACE}/presentationml/2006/main" '
    spaces += f'xmlns:r="{SPACE}/officeDocument/2006/relationships"'
    return f'<?xml version="1.0" encoding="UTF-8"?><p:{root} {spaces}>{inside}</p:{root}>'


def _slide(root: str, lines: Sequence[str]) -> str:
    text = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in lines)
    shape = f"<p:sp><p:nvSpPr/><p:spPr/><p:txBody><a:bodyPr/>{text}</p:txBody></p:sp>"
    return _part(root, f"<p:cSld><p:spTree>{shape}</p:spTree></p:cSld>")


def _relations(links: Sequence[tuple[str, str]]) -> str:
    body = "".join(
        f'<Relationship Id="rId{n}" Type="{SPACE}/officeDocument/2006/relationships/{what}" '
        f'Target="{target}"/>'
        for n, (what, target) in enumerate(links, 1)
    )
    return f'<Relationships xmlns="{SPACE}/package/2006/relationships">{body}</Relationships>'


def ppt_file(rows: Rows, chance: random.Random) -> bytes:
    lines = [" - ".join(row) for row in rows]
    plain = lines[0].encode("latin-1", "ignore").decode("latin-1") == lines[0]
    return compound.ppt(lines if plain else ["Dia", *lines])


def xls_file(rows: Rows, chance: random.Random) -> bytes:
    return compound.xls(rows)


def xlsb_file(rows: Rows, chance: random.Random) -> bytes:
    width = max(map(len, rows))
    full = [[*row, *[""] * (width - len(row))] for row in rows]
    return xlsb(full, hidden=chance.random() < 0.1)


def csv_file(rows: Rows, chance: random.Random) -> bytes:
    out = io.StringIO()
    mark = chance.choice((";", ";", ",", "\t"))
    quoting = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    csv.writer(out, delimiter=mark, quoting=quoting, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(chance.choice(ENCODINGS), "replace")


def sqlite_file(rows: Rows, chance: random.Random) -> bytes:
    width = max(map(len, rows))
    connection = sqlite3.connect(":memory:")
    connection.execute(f"create table blad ({', '.join(f'k{n}' for n in range(width))})")
    full = [[*row, *[None] * (width - len(row))] for row in rows]
    connection.executemany(f"insert into blad values ({','.join('?' * width)})", full)
    connection.commit()
    content = connection.serialize()
    connection.close()
    return content

"""A paper as PDF. Knows as much of Markdown as the papers use: headings, lists, tables, text."""

import re
from collections.abc import Iterator

from fpdf import FPDF
from fpdf.enums import TableCellFillMode

_TABLE_RULE = re.compile(r"\A\|( --- \|)+\Z")
_SPELT = str.maketrans(
    {"▢": "[ ]", "→": "->", "“": '"', "”": '"', "’": "'", "–": "-", "—": "-", "…": "..."}
)
TITLE, HEADING, TEXT = 18, 13, 10
"""Sizes in points."""


def pdf(markdown: str, title: str, language: str) -> bytes:
    """The paper as a PDF with its title and language set."""
    document = FPDF()
    document.set_title(title)
    document.set_lang(language)
    document.set_margins(20, 18)
    document.add_page()
    for block in _blocks(markdown):
        _write(document, block)
    return bytes(document.output())


def _blocks(markdown: str) -> Iterator[list[str]]:
    """Runs of lines of one sort: a table, or a line on its own."""
    table: list[str] = []
    for line in markdown.splitlines():
        if line.startswith("|"):
            table.append(line)
            continue
        if table:
            yield table
            table = []
        if line.strip():
            yield [line]
    if table:
        yield table


def _write(document: FPDF, block: list[str]) -> None:
    line = block[0]
    if line.startswith("|"):
        _table(document, block)
    elif line.startswith("# "):
        _text(document, line[2:], TITLE, bold=True, space=4)
    elif line.startswith("## "):
        document.ln(2)
        _text(document, line[3:], HEADING, bold=True, space=2)
    elif line.startswith("- "):
        _text(document, f"-  {line[2:]}", TEXT, indent=4)
    else:
        _text(document, line, TEXT, space=2)


def _text(
    document: FPDF,
    text: str,
    size: int,
    *,
    bold: bool = False,
    space: float = 1,
    indent: float = 0,
) -> None:
    document.set_font("Helvetica", "B" if bold else "", size)
    document.set_x(document.l_margin + indent)
    document.multi_cell(0, size * 0.48, _plain(text), align="L")
    document.ln(space)


def _table(document: FPDF, lines: list[str]) -> None:
    document.set_font("Helvetica", "", TEXT - 1)
    rows = [_cells(line) for line in lines if not _TABLE_RULE.match(line)]
    with document.table(
        cell_fill_color=244,
        cell_fill_mode=TableCellFillMode.ROWS,
        line_height=5,
        text_align="LEFT",
        borders_layout="HORIZONTAL_LINES",
    ) as table:
        for cells in rows:
            row = table.row()
            for cell in cells:
                row.cell(_plain(cell))
    document.ln(3)


def _cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


def _plain(text: str) -> str:
    """Letters that the standard fonts have; what they lack is shown as a question mark."""
    bare = text.replace("`", "").replace("*", "").translate(_SPELT)
    return bare.encode("latin-1", "replace").decode("latin-1")

"""Turns a sample into a file: a name and bytes of a format that the dice choose.

Formats are named by their suffix. Besides those of one document there are ``raw.<suffix>`` (the one
cell is the file), ``zip``, ``tar.gz`` and ``zip.zip`` (with harmless files beside it), ``eml+`` and
``msg+`` (it is attached) and ``renamed`` (the suffix lies, or is missing).
"""

import io
import json
import random
import re
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from html import escape

from bench._writers import Rows, plain, zipped
from bench.corpora import grids, paper
from bench.corpora.sample import Sample
from tests import compound

Writer = Callable[[Rows, random.Random], bytes]

HEADERS = {
    "Van": "From", "Fra": "From", "From": "From", "Aan": "To", "Til": "To", "To": "To",
    "Onderwerp": "Subject", "Emne": "Subject", "Subject": "Subject",
}  # fmt: skip
"""First cells of the rows that begin an e-mail."""

BESIDE = (
    ("Bijgaand het bestand waar we het over hadden.", "Groet"),
    ("Hierbij, zoals afgesproken. Mvg",),
    ("Hermed filen, som aftalt. Mvh",),
    ("Please find attached.",),
    ("",),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A file to be."""

    name: str
    content: bytes
    format: str


def write(sample: Sample, chance: random.Random) -> Written:
    """A sample as a file, in one of its formats."""
    chosen = chance.choice(sample.formats)
    stem = re.sub(r'[/\\:*?"<>|\x00-\x1f]', "-", sample.stem).strip(" .")[:80] or "bestand"
    if chosen.startswith("raw."):
        suffix = chosen.removeprefix("raw.")
        return Written(name=f"{stem}.{suffix}", content=sample.rows[0][0].encode(), format=chosen)
    if chosen in WRAPPERS:
        suffix, content = WRAPPERS[chosen](stem, sample.rows, chance)
        return Written(name=f"{stem}{suffix}", content=content, format=chosen)
    content = WRITERS[chosen](sample.rows, chance)
    return Written(name=f"{stem}.{chosen}", content=content, format=chosen)


def html_file(rows: Rows, chance: random.Random) -> bytes:
    parts = []
    for block in paper.blocks(rows):
        lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in block]
        table = "".join(f"<tr>{line}</tr>\n" for line in lines)
        alone = len(block[0]) == 1
        parts.append(f"<p>{escape(block[0][0])}</p>" if alone else f"<table>{table}</table>")
    coding = chance.choice(("utf-8", "utf-8", "windows-1252"))
    head = f'<!doctype html><html><head><meta charset="{coding}"></head><body>'
    return f"{head}{''.join(parts)}</body></html>".encode(coding, "xmlcharrefreplace")


def json_file(rows: Rows, chance: random.Random) -> bytes:
    body: list[object] = []
    for block in paper.blocks(rows):
        if len(block) > 1 and len(block[0]) > 2:
            body += [dict(zip(block[0], row, strict=True)) for row in block[1:]]
        else:
            body += block
    ascii_only = chance.random() < 0.3
    return json.dumps({"data": body}, ensure_ascii=ascii_only, indent=1).encode()


def xml_file(rows: Rows, chance: random.Random) -> bytes:
    lines = ("".join(f"<veld>{escape(cell)}</veld>" for cell in row) for row in rows)
    body = "".join(f"<rij>{line}</rij>\n" for line in lines)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<blad>{body}</blad>'.encode()


def txt_file(rows: Rows, chance: random.Random) -> bytes:
    coding = chance.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850"))
    text = plain(rows)
    ends = chance.choice(("\n", "\r\n"))
    return text.replace("\n", ends).encode(coding, "replace")


def md_file(rows: Rows, chance: random.Random) -> bytes:
    lines = []
    for block in paper.blocks(rows):
        if len(block[0]) == 1:
            lines.append(f"{chance.choice(('', '', '- '))}{block[0][0]}\n")
        else:
            body = [f"| {' | '.join(row)} |" for row in block]
            lines += [body[0], "|" + "---|" * len(block[0]), *body[1:], ""]
    return ("# " + "\n".join(lines)).encode()


def ics_file(rows: Rows, chance: random.Random) -> bytes:
    first, *rest = (": ".join(row) for row in rows)
    text = "\\n".join(rest).replace(",", "\\,").replace(";", "\\;")
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//agenda//NL", "BEGIN:VEVENT",
        f"UID:{chance.randrange(10**9)}@example.org", "DTSTART:20261118T133000",
        f"SUMMARY:{first}", f"DESCRIPTION:{text}", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def _parted(rows: Rows) -> tuple[dict[str, str], Rows]:
    """The head of an e-mail as its rows tell it, and the rest."""
    head = {"From": "a@example.org", "To": "b@example.org", "Subject": "bericht"}
    body = list(rows)
    while body and len(body[0]) == 2 and body[0][0] in HEADERS:
        name, value = body.pop(0)
        head[HEADERS[name]] = value
    return head, body or [[""]]


def _message(rows: Rows) -> tuple[EmailMessage, Rows]:
    head, body = _parted(rows)
    message = EmailMessage()
    for name, value in head.items():
        shown, address = parseaddr(value)
        ascii_address = address.encode("ascii", "ignore").decode()
        message[name] = value if name == "Subject" else f'"{shown}" <{ascii_address}>'
    message["Date"] = "Mon, 16 Nov 2026 08:12:00 +0100"
    return message, body


def eml_file(rows: Rows, chance: random.Random) -> bytes:
    message, body = _message(rows)
    message.set_content(plain(body), cte=chance.choice(("quoted-printable", "base64", None)))
    if chance.random() < 0.3:
        message.add_alternative(html_file(body, random.Random(1)).decode(), subtype="html")
    return message.as_bytes()


def msg_file(rows: Rows, chance: random.Random) -> bytes:
    head, body = _parted(rows)
    sender = head["From"].encode("utf-16-le")
    return compound.msg(head["Subject"], plain(body), x0C1A001F=sender)


WRITERS: dict[str, Writer] = {
    "docx": paper.docx_file, "odt": paper.odt_file, "pdf": paper.pdf_file, "rtf": paper.rtf_file,
    "doc": paper.doc_file, "xlsx": grids.xlsx_file, "ods": grids.ods_file, "xls": grids.xls_file,
    "xlsb": grids.xlsb_file, "pptx": grids.pptx_file, "odp": grids.odp_file,
    "ppt": grids.ppt_file, "csv": grids.csv_file, "sqlite": grids.sqlite_file,
    "html": html_file, "json": json_file, "xml": xml_file, "txt": txt_file, "md": md_file,
    "ics": ics_file, "eml": eml_file, "msg": msg_file,
}  # fmt: skip

INSIDE = ("docx", "xlsx", "pdf", "odt", "csv", "xls", "doc", "ods", "rtf", "txt")
"""What lies in archives and hangs on mails."""


def _inner(stem: str, rows: Rows, chance: random.Random) -> tuple[str, bytes]:
    chosen = chance.choice(INSIDE)
    return f"{stem}.{chosen}", WRITERS[chosen](rows, chance)


def _members(stem: str, rows: Rows, chance: random.Random) -> list[tuple[str, bytes]]:
    beside = [("leesmij.txt", b"zie bestand\r\n"), ("map/logo.png", b"\x89PNG\r\n\x1a\n" * 9)]
    name, content = _inner(stem, rows, chance)
    return [*beside[: chance.randint(0, 2)], (f"{chance.choice(('', 'map/'))}{name}", content)]


def _zip(stem: str, rows: Rows, chance: random.Random) -> tuple[str, bytes]:
    return ".zip", zipped(_members(stem, rows, chance))


def _tar(stem: str, rows: Rows, chance: random.Random) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in _members(stem, rows, chance):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return ".tar.gz", buffer.getvalue()


def _nested(stem: str, rows: Rows, chance: random.Random) -> tuple[str, bytes]:
    inner = zipped(_members(stem, rows, chance))
    return ".zip", zipped([("oud.zip", inner), ("leesmij.txt", b"back-up\r\n")])


def _attached(stem: str, rows: Rows, chance: random.Random) -> tuple[str, bytes]:
    name, content = _inner(stem, rows, chance)
    message, _ = _message([["Onderwerp", stem]])
    message.set_content("\n".join(chance.choice(BESIDE)) + "\n")
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return ".eml", message.as_bytes()


def _old_attached(stem: str, rows: Rows, chance: random.Random) -> tuple[str, bytes]:
    _, content = _inner(stem, rows, chance)
    return ".msg", compound.msg(stem, "\n".join(chance.choice(BESIDE)), [content])


def _renamed(stem: str, rows: Rows, chance: random.Random) -> tuple[str, bytes]:
    suffix = chance.choice(("", ".bak", ".dat", ".jpg", ".txt", ".tmp", ".old", ".mp3"))
    return suffix, _inner(stem, rows, chance)[1]


WRAPPERS: dict[str, Callable[[str, Rows, random.Random], tuple[str, bytes]]] = {
    "zip": _zip, "tar.gz": _tar, "zip.zip": _nested, "eml+": _attached, "msg+": _old_attached,
    "renamed": _renamed,
}  # fmt: skip

"""The whole documents that the fuzz run starts from: every format that the recogniser reads.

Each is small, so that a million mutants fit in an hour, and free of dates and chance, so that
mutant n is the same tomorrow. Everybody in them is invented.
"""

import base64
import bz2
import gzip
import io
import json
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fpdf

from collectors.recognise import sevenzip
from collectors.recognise.budget import Budget, Limits
from collectors.recognise.sevenzip_head import Head, read_streams
from tests import compound, documents, xlsb

ROSTER = (documents.HEADS, *documents.ROWS)
LETTER = "\r".join(documents.LETTER)
LINES = "\n".join(documents.LETTER)
CSV = documents.roster().encode()
SEVEN_ZIPS = Path(__file__).parent / "data/7z"
FLAT = '<office:document xmlns:office="x"><text:p>{}</text:p><office:annotation a="b"><text:p>x'
CALENDAR = "BEGIN:VCALENDAR\nDESCRIPTION:{}\nATTACH;ENCODING=BASE64:QUFB\n"
RICH = b"{\\rtf1\\ansi %b{\\*\\objdata %b}\\bin5 abcde \\u233?}"
_BOUNDARY = re.compile(rb"={15}\d+==")
_WHEN = re.compile(rb"\(D:\d{14}[^()]*\)")
_IDENTITY = re.compile(rb"/ID \[[^\]]*\]")
_UNREAD = ("docProps/", "word/theme", "word/styles", "word/stylesWithEffects", "word/fontTable",
           "word/numbering", "customXml", "xl/theme", "Thumbnails", "word/settings",
           "word/webSettings", "styles.xml", "settings.xml", "meta.xml")  # fmt: skip
"""Members of office documents that hold no text: mutants without them are small and just as bad."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seed:
    """A whole document. ``kind`` says which damage fits its build."""

    name: str
    kind: str
    content: bytes


@cache
def seeds() -> tuple[Seed, ...]:
    """Every seed, in an order that stays."""
    kinds = {"zip": _zips, "pdf": _pdfs, "ole": _containers, "mail": _mails, "text": _texts,
             "packed": _packed, "7z": _seven_zips, "tar": _tars, "sqlite": _databases,
             "bytes": _pictures}  # fmt: skip
    return tuple(
        Seed(name=name, kind=kind, content=content)
        for kind, made in kinds.items()
        for name, content in made().items()
    )


def slim(content: bytes) -> bytes:
    """An office document without the members that nobody reads."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(n, archive.read(n)) for n in archive.namelist() if not n.startswith(_UNREAD)]
    return packed(members)


def packed(members: Iterable[tuple[str, bytes | str]]) -> bytes:
    """A zip that does not say when it was made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def mail(body: str, attachments: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """A mail whose boundary is not by chance."""
    return _BOUNDARY.sub(b"=" * 15 + b"1234567890==", documents.mail(body, attachments))


def undated(content: bytes) -> bytes:
    """A PDF that does not say when it was made."""
    return _WHEN.sub(b"(D:20261101080000Z00'00')", _IDENTITY.sub(b"/ID [<00><00>]", content))


def slides() -> bytes:
    """A presentation with two slides and a note."""
    text = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in documents.LETTER)
    slide = f'<p:sld xmlns:p="p" xmlns:a="a"><p:txBody>{text}</p:txBody></p:sld>'
    names = ("slides/slide1", "slides/slide2", "notesSlides/notesSlide1")
    return packed(
        [("[Content_Types].xml", "<Types/>"), *((f"ppt/{name}.xml", slide) for name in names)]
    )


def _zips() -> dict[str, bytes]:
    word = slim(documents.word(documents.LETTER, ROSTER))
    book = slim(documents.excel(ROSTER))
    inner = packed([("klas.csv", CSV), ("brief.docx", word)])
    types = ("[Content_Types].xml", "<Types/>")
    holding = [
        types,
        ("word/document.xml", "<w:p><w:t>x</w:t></w:p>"),
        ("word/embeddings/a.xlsx", book),
        ("word/comments.xml", "<w:t>Sanne</w:t>"),
    ]
    return {
        "docx": word,
        "docx with a book in it": packed(holding),
        "xlsx": book,
        "xlsb": slim(xlsb.xlsb(ROSTER)),
        "pptx": slides(),
        "odt": slim(documents.writer(documents.LETTER)),
        "ods": slim(documents.calc(ROSTER[:4])),
        "zip": packed([("klas.csv", CSV), ("niets.txt", "niets")]),
        "zip in a zip": packed([("in.zip", inner), ("a.eml", mail(LINES))]),
    }


def _pdfs() -> dict[str, bytes]:
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=11)
    document.cell(text="Bijlage")
    document.text_annotation(10, 10, "Bespreken met de ouders van Sanne")
    document.embed_file(basename="a.csv", bytes=CSV)
    nested = _page_of(b"/X Do", b"/XObject<</X 5 0 R>>", _form(b"/Y Do", b"/XObject<</Y 6 0 R>>"))
    return {
        "pdf": undated(documents.pdf(documents.LETTER)),
        "pdf form": documents.pdf_form([("naam", "Sanne"), ("groep", "5A")]),
        "pdf with a file in it": undated(bytes(document.output())),
        "pdf in forms": nested,
        "pdf picture": _page_of(b"q 300 0 0 300 0 0 cm /X Do Q", b"/XObject<</X 5 0 R>>", _image()),
    }


def _page_of(content: bytes, resources: bytes, item: bytes) -> bytes:
    letters = _form(b"BT /F 9 Tf (Naam leerling: Sanne) Tj ET", b"/Font<</F 7 0 R>>")
    return documents.pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<<%b>>>>"
        % resources,
        b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
        item,
        letters,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )


def _form(content: bytes, resources: bytes) -> bytes:
    packed = zlib.compress(content)
    head = b"<</Type/XObject/Subtype/Form/BBox[0 0 300 300]/Resources<<%b>>/Length %d"
    return (head + b"/Filter/FlateDecode>>stream\n%b\nendstream") % (resources, len(packed), packed)


def _image() -> bytes:
    packed = zlib.compress(bytes(range(256)) * 4)
    head = b"<</Type/XObject/Subtype/Image/Width 32/Height 32/BitsPerComponent 8"
    rest = b"/ColorSpace/DeviceGray/Length %d/Filter/FlateDecode>>stream\n%b\nendstream"
    return head + rest % (len(packed), packed)


def _containers() -> dict[str, bytes]:
    return {
        "doc": compound.doc(
            [(LETTER, True), ("a\x07b\x07\x07", False)], rows=(len(LETTER) + 4,)
        ),
        "xls": compound.xls(ROSTER, "x"),
        "xls with shared strings": compound.xls(ROSTER[:2], shared="Sanne Vuurbloem", cells=9),
        "ppt": compound.ppt([LETTER, "x"]),
        "msg": compound.msg("x", LETTER, [CSV, {"subject": "x", "body": LETTER}]),
        "encrypted": compound.container({"EncryptedPackage": b"x" * 500, "EncryptionInfo": b"x"}),
    }  # fmt: skip


def _mails() -> dict[str, bytes]:
    word = packed([("[Content_Types].xml", "x"), ("word/document.xml", "<w:t>Sanne")])
    inner = mail(LINES, [("a.csv", CSV)])
    return {
        "mail": mail(LINES, [("brief.docx", word)]),
        "mail in a mail": mail("x", [("a.eml", inner)]),
        "mailbox": (b"From x\n" + inner) * 2,
        "calendar": CALENDAR.format(LETTER).encode(),
        "card": b"BEGIN:VCARD\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zo=C3=AB=\nTak\n",
    }


def _texts() -> dict[str, bytes]:
    rows = [dict(zip(documents.HEADS, row, strict=True)) for row in documents.ROWS]
    cells = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in ROSTER)
    record = "".join(f"<leerling><naam>{row[0]}</naam><groep a='5'/></leerling>" for row in ROSTER)
    word = base64.b64encode(packed([("a.csv", CSV)]))
    return {
        "text": LINES.encode(),
        "csv": CSV,
        "csv in quotes": CSV.replace(b"5A", b'"5A; ""of"" 5B"'),
        "html": f"<!doctype html><body><p>{LINES}</p><table>{cells}</table>&eacute;".encode(),
        "xml": f"<?xml version='1.0'?><export>{record}</export>".encode(),
        "json": json.dumps({"leerlingen": rows, "x": [1, [2, {"a": None}]]}).encode(),
        "flat": FLAT.format(LETTER).encode(),
        "base64": b"<?xml version='1.0'?><a>%b</a>" % word,
        "rtf": RICH % (LETTER.encode(), packed([("a", "b")]).hex().encode()),
    }


def _packed() -> dict[str, bytes]:
    return {"gzip": gzip.compress(CSV, 1, mtime=0), "bzip2": bz2.compress(CSV, 1),
            "xz": lzma.compress(CSV, preset=0)}  # fmt: skip


def _seven_zips() -> dict[str, bytes]:
    whole = {name: (SEVEN_ZIPS / f"{name}.7z").read_bytes() for name in ("list", "copy", "bcj")}
    plain = {f"7z {name}, plain head": with_plain_head(each) for name, each in whole.items()}
    return {"7z": whole["list"], **plain}


def with_plain_head(content: bytes) -> bytes:
    """A 7z whose head is not packed, so that damage to it is not lost in the unpacking."""
    offset, size = struct.unpack_from("<QQ", content, 12)
    head = content[32 + offset : 32 + offset + size]
    if head[0] == sevenzip._PACKED_HEADER:
        streams = read_streams(Head(head[1:]))
        file, place = io.BytesIO(content), 32 + streams.start
        head = sevenzip._unpack(
            file, place, sum(streams.packed), streams.folders[0], Budget(Limits())
        )
    return seven_zip_of(content[32 : 32 + offset], head)


def seven_zip_of(body: bytes, head: bytes) -> bytes:
    """A 7z of packed streams and a head, under checksums that fit."""
    start = struct.pack("<QQI", len(body), len(head), zlib.crc32(head))
    magic = b"7z\xbc\xaf\x27\x1c\x00\x04"
    return magic + struct.pack("<I", zlib.crc32(start)) + start + body + head


def _tars() -> dict[str, bytes]:
    return {"tar": documents.tar([("a", CSV), ("b", b"x" * 600)])}


def _databases() -> dict[str, bytes]:
    return {"sqlite": documents.database(ROSTER)}


def _pictures() -> dict[str, bytes]:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1240, 1754) + bytes(200)
    jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(10) + b"\xff\xc0\0\x11\x08\x06\xda\x04\xd8\x03"
    return {"png": png, "jpeg": jpeg + bytes(200)}

"""Documents for tests, made by the real document libraries. Everybody in them is invented."""

import csv
import io
import sqlite3
import tarfile
import zipfile
from email.message import EmailMessage

import docx
import fpdf
import odfdo
import openpyxl

HEADS = ("Leerling", "Klas", "Geboortedatum", "Ouder 1", "Telefoon")
ROWS = (
    ("Sanne Vuurbloem", "5A", "12-03-2016", "Karin Vuurbloem", "06-00000001"),
    ("Mees Zandloper", "5A", "30-08-2015", "Hans Zandloper", "06-00000002"),
    ("Yara Wolkenveld", "5A", "01-12-2015", "Samira Wolkenveld", "06-00000003"),
    ("Bilal Regenhout", "5A", "17-06-2016", "Fatima Regenhout", "06-00000004"),
    ("Freja Mosgroen", "5A", "09-02-2016", "Mette Mosgroen", "06-00000005"),
    ("Levi Duinpan", "5A", "24-11-2015", "Petra Duinpan", "06-00000006"),
)
STAFF = (
    ("Medewerker", "Functie", "WTF", "Telefoon"),
    *((row[3], "leerkracht", "0,8", row[4]) for row in ROWS),
)
POLICY = (
    "Protocol medicatie en meldcode. De medewerker bewaart gegevens van leerlingen, zoals BSN, "
    "diagnose, handelingsplan en ontwikkelingsperspectief, uitsluitend in het leerlingvolgsysteem. "
    "Datalekken worden gemeld volgens het privacybeleid en de AVG. Bewaartermijnen: zie bijlage."
)
LETTER = (
    "Handelingsplan",
    "Naam leerling: Sanne Vuurbloem",
    "Geboortedatum: 12-03-2016",
    "Groep: 5A",
    "Beginsituatie: Sanne heeft dyslexie en krijgt begeleiding van de orthopedagoog.",
)
BLANK = tuple(f"{line.partition(':')[0]}: ..........." for line in LETTER[1:])


def table_text(rows, delimiter=";"):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def roster(delimiter=";"):
    return table_text((HEADS, *ROWS), delimiter)


def word(lines=(), rows=()):
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    if rows:
        table = document.add_table(rows=0, cols=len(rows[0]))
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    return _saved(document.save)


def excel(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return _saved(book.save)


def pdf(lines):
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=11)
    for line in lines:
        document.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())


def pdf_of(*objects):
    """A PDF of these objects, the first of which is its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)
    return out + head + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(out)


def form(*fields):
    """A form with these fields, each the inside of a dictionary."""
    first = 4
    kids = b" ".join(b"%d 0 R" % (first + n) for n in range(len(fields)))
    widget = b"<</Type/Annot/Subtype/Widget/Rect[9 9 99 29]/P 3 0 R %b>>"
    return pdf_of(
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%b]>>>>" % kids,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Annots[%b]>>" % kids,
        *(widget % field for field in fields),
    )


def pdf_form(values):
    return form(*(f"/FT/Tx/T({name})/V({value})".encode() for name, value in values))


def writer(lines):
    document = odfdo.Document("text")
    document.body.clear()
    for line in lines:
        document.body.append(odfdo.Paragraph(line))
    return _saved(document.save)


def calc(rows):
    document = odfdo.Document("spreadsheet")
    document.body.clear()
    table = odfdo.Table("Blad1")
    for _ in rows:
        table.append_row(odfdo.Row())
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            table.set_value((x, y), text)
    document.body.append(table)
    return _saved(document.save)


def mail(body, attachments=()):
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message["Subject"] = "Bijlage"
    message.set_content(body)
    for name, content in attachments:
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()


def packed(members, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def tar(members, **options):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **options) as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def database(rows):
    connection = sqlite3.connect(":memory:")
    heads = ", ".join(f'"{head}"' for head in rows[0])
    connection.execute(f"create table lijst ({heads})")
    connection.executemany(f"insert into lijst values ({','.join('?' * len(rows[0]))})", rows[1:])
    content = connection.serialize()
    connection.close()
    return content


def locked(content):
    """A zip whose one member says that it is encrypted; the content is anything but readable."""
    raw = bytearray(packed([("geheim.docx", content[::-1])]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    return bytes(raw)


def _saved(save):
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()

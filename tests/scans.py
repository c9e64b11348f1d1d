"""Scans for tests: pages with invented people, set by real libraries, printed to pixels by PDFium,
and made worse as a scanner does: askew, grey, noisy, blurred."""

import io
import random

import fpdf
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageFilter

from collectors.recognise.ocr import missing

needs_ocr = pytest.mark.skipif(bool(missing()), reason=f"OCR lacks: {', '.join(missing())}")

DUTCH = (
    "Handelingsplan",
    "Naam leerling: Sanne Vuurbloem",
    "Geboortedatum: 12-03-2016",
    "Groep: 5A",
    "Beginsituatie: Sanne heeft dyslexie en krijgt begeleiding van de orthopedagoog.",
    "De ouders zijn op de hoogte en komen in november op gesprek.",
)
DANISH = (
    "Handleplan",
    "Elevens navn: Freja Mosgrøn",
    "Født: 09.02.2016",
    "Klasse: 4.B",
    "Freja har svært ved at læse og får støtte af skolens psykolog og en pædagog.",
    "Forældrene ønsker et møde om fraværet i næste måned.",
)
NEUTRAL = (
    "Nieuwsbrief november",
    "Beste ouders en verzorgers,",
    "Op vrijdag 5 december vieren we sinterklaas op het plein van de school.",
    "Wie kan helpen met het versieren van de hal? Geef u op bij de administratie.",
    "De school is op maandag 8 december dicht vanwege een studiedag van het team.",
)

PASSWORDS = (
    "Inloggegevens van de verzonnen school",
    *(
        line
        for number, secret in enumerate(("Zonnetje42", "Fietsbel19", "Regenboog55"))
        for line in (f"Gebruikersnaam: juf{number}", f"Wachtwoord: {secret}")
    ),
)


def page(lines=(), rows=(), size=11, border=0):
    """A page of A4 at 200 dpi, in grey."""
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=size)
    for line in lines:
        document.multi_cell(0, 7, text=line, new_x="LMARGIN", new_y="NEXT")
    widths = [max(document.get_string_width(row[n]) for row in rows) + 5 for n in _columns(rows)]
    for row in rows:
        for width, text in zip(widths, row, strict=True):
            document.cell(width, 7, text=text, border=border)
        document.ln()
    with pypdfium2.PdfDocument(bytes(document.output())) as printed:
        return printed[0].render(scale=200 / 72, grayscale=True).to_pil().convert("L")


def _columns(rows):
    return range(len(rows[0])) if rows else ()


def scanned(image, askew=0.8, noise=12, blur=0.6, seed=1):
    """A page as it comes out of a scanner."""
    dice = random.Random(seed)
    image = image.rotate(askew, fillcolor=255, resample=Image.Resampling.BICUBIC)
    image = image.filter(ImageFilter.GaussianBlur(blur))
    speckle = Image.frombytes("L", (256, 256), dice.randbytes(65_536)).resize(image.size)
    faint = speckle.point(lambda value: 255 - value * noise // 255)
    return ImageChops.multiply(image, faint)


def noise(seed=1, size=(1654, 2339)):
    """A page of nothing but noise."""
    return Image.frombytes("L", size, random.Random(seed).randbytes(size[0] * size[1]))


def saved(image, format="PNG", more=(), **options):
    """A picture, or a PDF or TIFF of several, as a file."""
    buffer = io.BytesIO()
    if more:
        options |= {"save_all": True, "append_images": [other.copy() for other in more]}
    if format == "TIFF":
        options = {"compression": "tiff_deflate", **options}
    image.copy().save(buffer, format, **options)
    return buffer.getvalue()

"""Scans read by the real engine: invented people on pages that a scanner has made worse."""

import hashlib
import io
from datetime import date

import pytest
from PIL import Image, ImageDraw

from collectors.recognise.finding import Finding
from collectors.recognise.judge import examine
from collectors.recognise.ocr_pages import Reach, Reader
from collectors.recognise.tesseract import Engine
from collectors.recognise.verdict import Evidence, Format, Judgement, Reason
from tests import documents, scans

pytestmark = scans.needs_ocr
TODAY = date(2026, 11, 1)
ROSTER = (documents.HEADS, *documents.ROWS)


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    yield made
    made.close()


def look(engine, content, **reach):
    reader = Reader(engine, Reach(**reach))
    return examine(io.BytesIO(content), TODAY, reader=reader)[0]


def read(engine, content):
    return Reader(engine).picture(content)


@pytest.mark.parametrize("lines", [scans.DUTCH, scans.DANISH], ids=["nl", "da"])
@pytest.mark.parametrize(
    ("format", "options"),
    [("PNG", {}), ("JPEG", {"quality": 60}), ("TIFF", {"compression": "tiff_lzw"}), ("PDF", {})],
)
def test_a_scan_about_a_pupil_is_a_pupil_file(engine, lines, format, options):
    verdict = look(engine, scans.saved(scans.scanned(scans.page(lines)), format, **options))
    assert (verdict.verdict, verdict.persons_min) == (Judgement.PUPIL, 1)
    assert verdict.format is (Format.PDF if format == "PDF" else Format.IMAGE)


def test_without_a_reader_the_same_scan_needs_ocr():
    content = scans.saved(scans.scanned(scans.page(scans.DUTCH)))
    assert examine(io.BytesIO(content), TODAY)[0].reason is Reason.NEEDS_OCR


@pytest.mark.parametrize("format", ["PNG", "JPEG", "PDF"])
def test_a_scan_about_nobody_is_clean(engine, format):
    verdict = look(engine, scans.saved(scans.scanned(scans.page(scans.NEUTRAL)), format))
    assert (verdict.verdict, verdict.reason) == (Judgement.CLEAN, Reason.NONE)


@pytest.mark.parametrize("format", ["PNG", "PDF"])
def test_a_scan_of_a_list_of_passwords_is_one_and_is_read_once(engine, format):
    content = scans.saved(scans.scanned(scans.page(scans.PASSWORDS)), format)
    reader = Reader(engine)
    verdict = examine(io.BytesIO(content), TODAY, reader=reader)[0]
    assert verdict.verdict is Judgement.CLEAN
    assert [also.finding for also in verdict.also] == [Finding.PASSWORD_LIST]
    assert verdict.sha256 == hashlib.sha256(content).hexdigest()
    assert reader.pages == 1


def test_danish_letters_are_read(engine):
    text, whole = read(engine, scans.saved(scans.scanned(scans.page(scans.DANISH))))
    assert whole
    for word in ("Mosgrøn", "Født", "læse", "støtte", "pædagog", "Forældrene", "måned"):
        assert word in text


@pytest.mark.parametrize("border", [0, 1])
def test_the_cells_of_a_list_are_told_apart(engine, border):
    image = scans.page(["Groepslijst 5A"], ROSTER, border=border)
    text, _ = read(engine, scans.saved(scans.scanned(image, askew=0.3)))
    rows = [line.split("\t") for line in text.split("\n") if "Vuurbloem" in line]
    assert rows == [list(documents.ROWS[0])]
    verdict = look(engine, scans.saved(image))
    assert verdict.verdict is Judgement.PUPIL
    assert Evidence.ROSTER in verdict.evidence
    assert verdict.persons_max >= len(documents.ROWS)


@pytest.mark.parametrize("angle", [90, 180, 270, 3])
def test_a_page_that_lies_on_its_side_upside_down_or_askew_is_read(engine, angle):
    image = scans.page(scans.DUTCH).rotate(angle, expand=angle != 3, fillcolor=255)
    assert look(engine, scans.saved(image)).verdict is Judgement.PUPIL


def test_a_small_and_a_large_picture_are_brought_to_one_size(engine):
    image = scans.page(scans.DUTCH)
    for factor in (0.5, 2.2):
        sized = image.resize((int(image.width * factor), int(image.height * factor)))
        assert look(engine, scans.saved(sized, "JPEG")).verdict is Judgement.PUPIL


def test_colours_and_transparency_are_read(engine):
    image = scans.page(scans.DUTCH)
    blue = Image.merge("RGB", (image, image, Image.new("L", image.size, 255)))
    clear = Image.merge("LA", (Image.new("L", image.size), image.point(lambda value: 255 - value)))
    for picture in (blue, clear, image.convert("1"), image.convert("P")):
        assert look(engine, scans.saved(picture)).verdict is Judgement.PUPIL, picture.mode


def scribbles():
    """A page that somebody wrote on in a hand that nobody can read."""
    image = Image.new("L", (1654, 2339), 250)
    draw = ImageDraw.Draw(image)
    for line in range(20):
        points = [(150 + 9 * n, 200 + 90 * line + (n * 7919 * (line + 3)) % 40) for n in range(140)]
        draw.line(points, fill=60, width=4)
    return image


@pytest.mark.parametrize(
    "image", [scribbles(), scans.page(["Leerling"]), scans.noise(size=(1240, 1754))]
)
def test_a_page_of_which_almost_nothing_was_read_is_never_clean(engine, image):
    verdict = look(engine, scans.saved(image))
    assert (verdict.verdict, verdict.reason) == (Judgement.UNREADABLE, Reason.NEEDS_OCR)


def test_an_empty_page_is_read(engine):
    empty = Image.new("L", (1654, 2339), 252)
    assert read(engine, scans.saved(empty)) == ("", True)
    document = scans.saved(scans.page(scans.NEUTRAL), "PDF", more=[empty])
    assert look(engine, document).verdict is Judgement.CLEAN


def test_every_page_of_a_document_counts(engine):
    pages = [scans.page(lines) for lines in (scans.NEUTRAL, scans.DUTCH)]
    for format in ("PDF", "TIFF"):
        content = scans.saved(pages[0], format, more=pages[1:])
        assert look(engine, content).verdict is Judgement.PUPIL


@pytest.mark.parametrize("format", ["PNG", "PDF", "TIFF"])
def test_a_picture_that_is_judged_twice_is_read_once(engine, format):
    pages = [scans.page(lines) for lines in (scans.DUTCH, scans.DANISH)]
    content = scans.saved(pages[0], format, more=pages[1:] if format != "PNG" else ())
    reader = Reader(engine)
    verdict = examine(io.BytesIO(content), TODAY, reader=reader)[0]
    assert verdict.sha256 == hashlib.sha256(content).hexdigest()
    assert reader.pages == (1 if format == "PNG" else 2)


def test_pages_beyond_the_limits_stay_unread(engine):
    pages = [scans.page([*scans.NEUTRAL, f"Bladzijde {number}"]) for number in range(3)]
    for format in ("PDF", "TIFF"):
        content = scans.saved(pages[0], format, more=pages[1:])
        assert look(engine, content).verdict is Judgement.CLEAN
        assert look(engine, content, pages=2).reason is Reason.NEEDS_OCR
        assert look(engine, content, seconds=0.0).reason is Reason.NEEDS_OCR


def test_scans_within_archives_and_mails_are_read(engine):
    scan = scans.saved(scans.page(scans.DUTCH), "JPEG")
    for content in (documents.packed([("a", scan)]), documents.mail("zie bijlage", [("a", scan)])):
        assert examine(io.BytesIO(content), TODAY)[0].reason is Reason.NEEDS_OCR
        assert look(engine, content).verdict is Judgement.PUPIL


def test_a_page_with_text_is_not_read_again(engine):
    reader = Reader(engine)
    examine(io.BytesIO(documents.pdf(documents.LETTER)), TODAY, reader=reader)
    assert reader.pages == 0


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_a_picture_that_would_fill_the_memory_is_not_decoded(engine, format):
    bomb = scans.saved(Image.new("L", (14_000, 19_800)), format)
    assert len(bomb) < 1_000_000
    assert look(engine, bomb).reason is Reason.NEEDS_OCR


def test_a_page_of_a_pdf_that_is_very_large_is_printed_small(engine):
    content = documents.pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 14400 14400]/Contents 4 0 R"
        b"/Resources<</XObject<</I 5 0 R>>>>>>",
        b"<</Length 30>>stream\n14400 0 0 14400 0 0 cm /I Do \nendstream",
        b"<</Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8"
        b"/ColorSpace/DeviceGray/Length 1>>stream\n\x10\nendstream",
    )
    assert look(engine, content).reason is Reason.NEEDS_OCR


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "PDF"])
def test_a_scan_that_was_cut_off_is_never_clean(engine, format):
    image = scans.page(scans.NEUTRAL * 2)
    options = {"compression": "group4"} if format == "TIFF" else {}
    content = scans.saved(image.convert("1") if options else image, format, **options)
    assert look(engine, content).verdict is Judgement.CLEAN
    for share in (0.6, 0.9):
        assert look(engine, content[: int(len(content) * share)]).verdict is Judgement.UNREADABLE


def test_what_is_left_of_a_damaged_photo_may_still_convict(engine):
    content = scans.saved(scans.page(scans.DUTCH), "JPEG")
    cut = content[: int(len(content) * 0.9)]
    assert look(engine, cut).verdict is Judgement.PUPIL

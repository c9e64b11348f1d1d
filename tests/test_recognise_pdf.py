"""What a PDF holds beside the text of its pages."""

import io
from datetime import date

import fpdf
import pytest

from collectors.recognise.budget import Budget, Limits
from collectors.recognise.extract import parts
from collectors.recognise.formats import tell
from collectors.recognise.judge import judge
from collectors.recognise.verdict import Format, Judgement, Reason
from tests import documents


def read(content, **limits):
    """The text of every part. What cannot be read stands there as its reason."""
    file = io.BytesIO(content)
    assert tell(file) is Format.PDF
    found = parts(file, Format.PDF, Budget(Limits(**limits)))
    return [part.problem if part.problem is not Reason.NONE else part.text for part in found]


def test_the_values_of_form_fields_are_read():
    content = documents.form(
        b"/FT/Tx/T(f1)/TU(Naam leerling)/V(Sanne Vuurbloem)",
        b"/FT/Tx/T(Groep)/V(5A)",
        b"/FT/Tx/T(leeg)/V()",
        b"/FT/Btn/T(vink)/V/Off",
        b"/FT/Ch/T(keuze)/Opt[(a)(b)]/V(b)",
    )
    lines = read(content)[0].split("\n")
    assert [line for line in lines if line] == [
        "Naam leerling: Sanne Vuurbloem",
        "Groep: 5A",
        "keuze: b",
    ]


def test_a_filled_in_form_is_a_pupil_file_and_a_blank_one_is_not():
    labels = [line.partition(": ") for line in documents.LETTER[1:]]
    filled = documents.pdf_form([(name, value) for name, _, value in labels])
    blank = documents.pdf_form([(name, "") for name, _, _ in labels])
    today = date(2026, 11, 1)
    assert judge(io.BytesIO(filled), today).verdict is Judgement.PUPIL
    assert judge(io.BytesIO(blank), today).verdict is Judgement.CLEAN


def test_notes_on_a_page_are_read():
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=11)
    document.cell(text="Brief")
    document.text_annotation(10, 10, "Bespreken met de ouders van Sanne")
    document.free_text_annotation("In de kantlijn", 20, 20, 50, 10)
    text = read(bytes(document.output()))[0]
    assert "Brief" in text
    assert "Bespreken met de ouders van Sanne" in text
    assert "In de kantlijn" in text


def test_attached_files_are_read_and_draw_on_the_budget():
    document = fpdf.FPDF()
    document.add_page()
    document.embed_file(basename="a.csv", bytes=documents.roster().encode())
    content = bytes(document.output())
    assert "Sanne Vuurbloem" in read(content)[1]
    assert read(content, inflated=100)[1:] == [Reason.LIMIT]


def test_the_data_of_a_newer_form_is_read():
    data = b"<xfa:datasets><xfa:data><naam>Sanne Vuurbloem</naam></xfa:data></xfa:datasets>"
    content = documents.pdf_of(
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/XFA[(datasets) 4 0 R]>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(data), data),
    )
    assert "naam: Sanne Vuurbloem" in read(content)[1]


@pytest.mark.parametrize(
    "value", [b"/V 5 0 R", b"/Parent 4 0 R", b"/Kids[4 0 R]", b"/V(%b)" % (b"x" * 200_000)]
)
def test_fields_that_make_no_sense_do_no_harm(value):
    assert read(documents.form(b"/FT/Tx/T(a)" + value))

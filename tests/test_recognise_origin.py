"""Where a document comes from: a system's name in its head, its properties or its sender counts."""

import io
from datetime import date
from pathlib import Path

import docx
import fpdf
import pytest

from collectors.recognise.judge import judge
from collectors.recognise.rules import origins
from collectors.recognise.rules.origins import load
from collectors.recognise.verdict import Evidence, Judgement
from tests import documents, rule_mistakes

TODAY = date(2026, 11, 1)
FILE = Path(origins.__file__).with_name("origin.toml")
EXPORT = Evidence.KINDKANS_EXPORT


def look(content):
    raw = content.encode() if isinstance(content, str) else content
    return judge(io.BytesIO(raw), TODAY)


def letter(*lines):
    return look("\n".join((*documents.LETTER, *lines)))


@pytest.mark.parametrize(
    "line",
    [
        "Kindkans",
        "Kindkans 12345",
        "Bron: Kindkans",
        "Afgedrukt uit Kindkans op 01-10-2026, pagina 1",
        "Geëxporteerd uit Kindkans",
        "https://www.kindkans.nl/dossier/77",
    ],
)
def test_a_line_that_says_where_it_comes_from_makes_an_export(line):
    verdict = letter(line)
    assert verdict.verdict is Judgement.PUPIL
    assert EXPORT in verdict.evidence


@pytest.mark.parametrize(
    "line",
    [
        "De aanvraag is via Kindkans ingediend bij het samenwerkingsverband.",
        "Kindkans is bijgewerkt door de school.",
        "Graag het verslag uploaden in Kindkans.",
        "Wij bespreken dit verder zodra de aanmelding in Kindkans staat en de ouders, de school en "
        "de bron van de vraag het eens zijn over wat er is afgedrukt en aan wie dat is gegeven.",
    ],
)
def test_a_mention_makes_no_export(line):
    verdict = letter(line)
    assert verdict.verdict is Judgement.PUPIL
    assert EXPORT not in verdict.evidence


def test_a_text_without_a_record_of_a_pupil_is_no_export():
    verdict = look("Kindkans\nBron: Kindkans\n" + documents.POLICY)
    assert verdict.verdict is Judgement.CLEAN
    assert EXPORT not in verdict.evidence


def test_the_properties_of_a_word_document_are_read_and_are_no_text_of_it():
    def made_by(author, lines):
        made = docx.Document()
        made.core_properties.author = author
        for line in lines:
            made.add_paragraph(line)
        buffer = io.BytesIO()
        made.save(buffer)
        return buffer.getvalue()

    assert EXPORT in look(made_by("Kindkans", documents.LETTER)).evidence
    assert EXPORT not in look(made_by("Karin Bosrand", documents.LETTER)).evidence
    assert look(made_by("leerling Sanne Vuurbloem", ["Niets"])).verdict is Judgement.CLEAN


def test_the_properties_of_a_pdf_are_read():
    made = fpdf.FPDF()
    made.set_creator("Kindkans")
    made.add_page()
    made.set_font("helvetica", size=11)
    for line in documents.LETTER:
        made.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    assert EXPORT in look(bytes(made.output())).evidence
    assert EXPORT not in look(documents.pdf(documents.LETTER)).evidence


def test_what_a_system_sends_comes_out_of_it_attachments_included():
    sent = documents.mail("Zie bijlage.", [("x", documents.word(documents.LETTER))])
    assert EXPORT not in look(sent).evidence
    assert EXPORT in look(sent.replace(b"From: a@example.org", b"From: no@kindkans.nl")).evidence


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[kindkans-export]", "[kindkans]", "unknown key 'kindkans'"),
        ("names = [", "name = [", "unknown key 'name'"),
        ('"bron"', '"Bron"', "small letters"),
        ('domains = ["kindkans.nl", "kindkans.net"]', "domains = []", "list of words"),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path, old, new, said):
    rule_mistakes.expect(load, FILE, tmp_path, old, new, said)

"""Recognition as a whole: documents of every format in, verdicts out."""

import io
import subprocess
import sys
from datetime import date

import fpdf
import pytest
from PIL import Image

from collectors.recognise.judge import judge
from collectors.recognise.verdict import Evidence, Format, Judgement, Kind, Reason
from tests import documents

TODAY = date(2026, 11, 1)
COUNT = len(documents.ROWS)
ROSTER = (documents.HEADS, *documents.ROWS)


def look(content, today=TODAY):
    return judge(io.BytesIO(content), today)


PUPIL_FILES = {
    "csv in utf-8": (documents.roster().encode(), Format.CSV),
    "csv with a byte order mark": (documents.roster().encode("utf-8-sig"), Format.CSV),
    "csv in utf-16": (documents.roster().encode("utf-16"), Format.CSV),
    "csv in utf-16 without a mark": (documents.roster().encode("utf-16-le"), Format.CSV),
    "csv with commas in cp1252": (documents.roster(",").encode("cp1252"), Format.CSV),
    "csv with tabs": (documents.roster("\t").encode(), Format.CSV),
    "word table": (documents.word(rows=ROSTER), Format.DOCX),
    "excel sheet": (documents.excel(ROSTER), Format.XLSX),
    "calc sheet": (documents.calc(ROSTER), Format.ODS),
    "word letter": (documents.word(documents.LETTER), Format.DOCX),
    "writer letter": (documents.writer(documents.LETTER), Format.ODT),
    "pdf letter": (documents.pdf(documents.LETTER), Format.PDF),
    "text letter": ("\n".join(documents.LETTER).encode(), Format.TEXT),
    "rtf letter": (
        b"{\\rtf1\\ansi\\ansicpg1252 "
        + b"\\par ".join(s.encode() for s in documents.LETTER)
        + b"}",
        Format.RTF,
    ),
    "mail body": (documents.mail("\n".join(documents.LETTER)), Format.MAIL),
    "mail attachment": (
        documents.mail("Zie bijlage.", [("x.bin", documents.excel(ROSTER))]),
        Format.MAIL,
    ),
    "zip": (documents.packed([("a/b.dat", documents.word(documents.LETTER))]), Format.ZIP),
    "zip in a zip": (
        documents.packed([("in.zip", documents.packed([("x", documents.roster())]))]),
        Format.ZIP,
    ),
    "html table": (
        (
            "<html><body><table>"
            + "".join("<tr>" + "".join(f"<td>{c}</td>" for c in r) + "</tr>" for r in ROSTER)
            + "</table></body></html>"
        ).encode(),
        Format.HTML,
    ),
    "xml export": (
        (
            '<?xml version="1.0"?><EDEX><leerlingen>'
            + "".join(
                f"<leerling><roepnaam>{r[0].split()[0]}</roepnaam>"
                f"<achternaam>{r[0].split()[1]}</achternaam>"
                "<geboortedatum>2016-03-12</geboortedatum></leerling>"
                for r in documents.ROWS
            )
            + "</leerlingen></EDEX>"
        ).encode(),
        Format.XML,
    ),
    "json export": (
        (
            "["
            + ",".join(
                f'{{"leerling": "{r[0]}", "klas": "{r[1]}", "geboortedatum": "2016-03-12"}}'
                for r in documents.ROWS
            )
            + "]"
        ).encode(),
        Format.JSON,
    ),
}


@pytest.mark.parametrize("name", PUPIL_FILES)
def test_a_pupil_file_is_recognised(name):
    content, format = PUPIL_FILES[name]
    verdict = look(content)
    assert verdict.verdict is Judgement.PUPIL
    assert verdict.format is format
    assert verdict.score > 0.5
    assert len(verdict.sha256) == 64
    assert verdict.size == len(content)


@pytest.mark.parametrize(
    "name", [name for name in PUPIL_FILES if "sheet" in name or "csv" in name or "table" in name]
)
def test_the_rows_of_a_list_are_counted(name):
    verdict = look(PUPIL_FILES[name][0])
    assert (verdict.persons_min, verdict.persons_max) == (COUNT, COUNT)


CLEAN = {
    "policy": documents.word([documents.POLICY]),
    "blank form": documents.word(documents.BLANK),
    "blank form in pdf": documents.pdf(documents.BLANK),
    "staff list": documents.excel(documents.STAFF),
    "book list": documents.table_text(
        [("Titel", "Auteur", "ISBN", "Prijs")]
        + [
            (f"Rekenen {n}A", row[3], f"97890{n}1234567", "12,50")
            for n, row in enumerate(documents.ROWS)
        ]
    ).encode(),
    "lesson": documents.writer(
        [
            "Les 3",
            "Groep 5",
            "Lesdoel: de leerlingen kunnen breuken vergelijken.",
            "Werkblad: Sanne heeft 12 knikkers en geeft er 5 aan Mees. Hoeveel heeft Sanne over?",
        ]
    ),
    "minutes of adults": documents.word(
        ["Notulen", "Aanwezig: Karin Vuurbloem, Hans Zandloper", "Karin licht de begroting toe."]
    ),
    "program": b"import os\n\n\ndef leerling(naam, klas):\n    return naam, klas\n",
    "nothing": b"",
    "random bytes": bytes(range(256)) * 64,
    "zip of neutral files": documents.packed([("a.txt", documents.POLICY), ("b.bin", b"\0" * 99)]),
}


@pytest.mark.parametrize("name", CLEAN)
def test_a_neutral_file_is_clean(name):
    verdict = look(CLEAN[name])
    assert (verdict.verdict, verdict.persons_max) == (Judgement.CLEAN, 0)
    assert verdict.kind is Kind.NONE


def test_vocabulary_alone_never_convicts():
    words = (
        "handelingsplan ontwikkelingsperspectief zorgdossier diagnose dyslexie underretning cpr "
    )
    verdict = look((words * 40).encode())
    assert verdict.verdict is Judgement.CLEAN
    assert Evidence.CARE_WORDS in verdict.evidence
    assert verdict.score < 0.5


def test_members_of_a_club_are_no_pupils():
    rows = [("Relatienummer", "Roepnaam", "Achternaam", "Geboortedatum", "Soort lidmaatschap")]
    rows += [
        (f"{n}", *row[0].split(), "12-03-1970", "senior") for n, row in enumerate(documents.ROWS)
    ]
    assert look(documents.table_text(rows).encode()).verdict is Judgement.CLEAN


def test_the_same_names_are_pupils_when_young_and_not_when_grown():
    rows = [("Naam", "Groep", "Geboortedatum")]
    young = rows + [(row[0], "5A", row[2]) for row in documents.ROWS]
    grown = rows + [(row[0], "5A", row[2].replace("201", "197")) for row in documents.ROWS]
    assert look(documents.table_text(young).encode()).verdict is Judgement.PUPIL
    assert look(documents.table_text(grown).encode()).verdict is Judgement.CLEAN


def test_dates_of_birth_in_a_workbook_are_read_as_dates():
    rows = [
        ("Naam", "Geboren"),
        *((row[0], date(2015, 1, 1 + n)) for n, row in enumerate(documents.ROWS)),
    ]
    verdict = look(documents.excel(rows))
    assert verdict.verdict is Judgement.PUPIL
    assert Evidence.BIRTH_DATE in verdict.evidence


def test_a_signed_list_of_changes_names_no_children():
    entry = "{} ({})\n * Change number {}\n -- Sanne Vuurbloem <sanne@example.org> Wed, {}\n"
    days = [f"{day} Dec 2022" for day in range(10, 30)]
    text = "".join(entry.format("tool", n, n, day) for n, day in enumerate(days))
    assert look(text.encode()).verdict is Judgement.CLEAN
    minutes = "\n".join(f"Sanne Vuurbloem, {day}, besproken" for day in days)
    assert look(minutes.encode()).verdict is Judgement.CLEAN


def test_names_each_with_a_day_of_a_childhood_are_a_list_of_births():
    text = "\n".join(f"{row[0]} ({row[2]})" for row in documents.ROWS)
    verdict = look(text.encode())
    assert verdict.verdict is Judgement.PUPIL
    assert Evidence.BIRTH_DATE in verdict.evidence


def test_a_letter_to_the_parents_of_a_child_that_it_speaks_of_again_is_about_that_child():
    head = "Aan de ouders van Xzyp Vuurbloem\nStraatweg 1\n"
    foot = "\nHartelijke groet,\nKarin Zandloper\nleerkracht groep 4"
    about = head + "Wij zien dat Xzyp vooruit is gegaan met lezen." + foot
    general = head + "Wij zien u graag op de open dag." + foot
    assert look(about.replace("Xzyp", "Sanne").encode()).verdict is Judgement.PUPIL
    assert look(general.replace("Xzyp", "Sanne").encode()).verdict is Judgement.CLEAN


def test_an_identifier_of_a_program_is_no_unusual_name():
    text = "class teacher of the pupil\nwith kind PixmapCompleteKind will be handled\n"
    assert Evidence.MENTION not in look(text.encode()).evidence
    assert Evidence.MENTION in look(text.replace("PixmapCompleteKind", "Xzyp").encode()).evidence


def test_a_letter_in_one_endless_line_is_read_to_its_end():
    filler = "Een zin zonder betekenis. " * 400
    text = filler + " ".join(f"{line}." for line in documents.LETTER)
    sentence = "De leerling Sanne Vuurbloem krijgt begeleiding, haar ouders zijn gescheiden."
    assert look(f"{filler}{sentence} {filler}".encode()).verdict is Judgement.PUPIL
    assert Evidence.MENTION in look(text.encode()).evidence


def test_safety_is_told_from_care():
    text = (
        "Underretning til familieafdelingen\nBarnets navn: Freja Mosgrøn\nFødselsdato: 09-02-2016\n"
        "Bekymring: omsorgssvigt og vold i hjemmet."
    )
    assert look(text.encode()).kind is Kind.SAFETY


def test_the_verdict_depends_on_the_day_only_through_ages():
    content = documents.table_text(
        [("Naam", "Geboortedatum", "Groep"), *((r[0], r[2], r[1]) for r in documents.ROWS)]
    ).encode()
    assert look(content) == look(content)
    assert look(content, date(2060, 1, 1)).verdict is Judgement.CLEAN


def picture(size, kind="PNG"):
    buffer = io.BytesIO()
    Image.new("L", size, 255).save(buffer, kind)
    return buffer.getvalue()


def test_the_picture_of_a_page_needs_ocr_and_a_photo_does_not():
    assert look(picture((1654, 2339))).reason is Reason.NEEDS_OCR
    assert look(picture((1654, 2339), "JPEG")).reason is Reason.NEEDS_OCR
    assert look(picture((1600, 1200))).verdict is Judgement.CLEAN
    assert look(picture((64, 90))).verdict is Judgement.CLEAN


def test_a_pdf_that_is_only_a_picture_needs_ocr():
    document = fpdf.FPDF()
    document.add_page()
    document.image(io.BytesIO(picture((800, 1131))), x=0, y=0, w=210, h=297)
    verdict = look(bytes(document.output()))
    assert (verdict.verdict, verdict.reason) == (Judgement.UNREADABLE, Reason.NEEDS_OCR)


def test_a_file_is_told_by_content_and_never_by_name():
    # There is no name to go by: recognition is handed a file object and nothing else.
    assert look(documents.word(documents.LETTER)).format is Format.DOCX


def test_the_verdict_does_not_depend_on_the_order_of_sets(tmp_path):
    (tmp_path / "a").write_bytes(PUPIL_FILES["word letter"][0])
    code = (
        "import sys; from datetime import date; from collectors.recognise.judge import judge\n"
        "print(judge(open(sys.argv[1], 'rb'), date(2026, 11, 1)))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "a")],
            env={"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in range(4)
    }
    assert len(said) == 1

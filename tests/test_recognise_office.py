"""The corners of office documents in which text stands: comments, notes, boxes, hidden sheets."""

import io
import zipfile

import docx
import odfdo
import openpyxl
import pytest
from openpyxl.comments import Comment

from collectors.recognise.budget import Budget, Limits
from collectors.recognise.charsets import decode
from collectors.recognise.extract import parts
from collectors.recognise.formats import tell
from collectors.recognise.verdict import Format, Reason
from tests import documents


def read(content, format):
    """The text of every part. What cannot be read stands there as its reason."""
    file = io.BytesIO(content)
    assert tell(file) is format
    found = parts(file, format, Budget(Limits()))
    return [part.problem if part.problem is not Reason.NONE else part.text for part in found]


def lines_of(content, format):
    return [line.strip() for line in read(content, format)[0].split("\n") if line.strip()]


def with_member(content, name, change):
    """A zip with one member changed, or added where there is none."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    members[name] = change(members.get(name, b""))
    return documents.packed(members.items())


def in_body(xml):
    return lambda body: body.replace(b"<w:body>", b"<w:body>" + xml.encode(), 1)


def test_headers_comments_and_tables_of_word_are_read():
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Dossier Sanne Vuurbloem"
    document.sections[0].footer.paragraphs[0].text = "Groep 5A"
    paragraph = document.add_paragraph("Verslag")
    document.add_comment(paragraph.runs, text="Moeder gebeld", author="x", initials="x")
    buffer = io.BytesIO()
    document.save(buffer)
    lines = lines_of(buffer.getvalue(), Format.DOCX)
    for words in ("Dossier Sanne Vuurbloem", "Groep 5A", "Verslag", "Moeder gebeld"):
        assert words in lines


@pytest.mark.parametrize(
    ("xml", "line"),
    [
        ("<w:p><w:del><w:r><w:delText>Weg</w:delText></w:r></w:del></w:p>", "Weg"),
        ("<w:p><w:ins><w:r><w:t>Erbij</w:t></w:r></w:ins></w:p>", "Erbij"),
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t></w:r></w:p>", "a\tb"),
        ("<ns0:p><ns0:r><ns0:t>Anders</ns0:t></ns0:r></ns0:p>", "Anders"),
    ],
)
def test_tracked_changes_of_word_are_read(xml, line):
    content = with_member(documents.word(["x"]), "word/document.xml", in_body(xml))
    assert line in lines_of(content, Format.DOCX)


def test_a_text_box_of_word_is_read_once():
    inside = "<w:txbxContent><w:p><w:r><w:t>In een vak</w:t></w:r></w:p></w:txbxContent>"
    xml = (
        f"<w:p><w:r><mc:AlternateContent><mc:Choice><wps:txbx>{inside}</wps:txbx></mc:Choice>"
        f"<mc:Fallback><v:textbox>{inside}</v:textbox></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    content = with_member(documents.word(["x"]), "word/document.xml", in_body(xml))
    assert read(content, Format.DOCX)[0].count("In een vak") == 1


def test_footnotes_and_drawings_of_word_are_read():
    note = b"<w:footnotes><w:p><w:r><w:t>Een noot</w:t></w:r></w:p></w:footnotes>"
    content = with_member(documents.word(["x"]), "word/footnotes.xml", lambda _: note)
    content = with_member(
        content, "word/diagrams/data1.xml", lambda _: b"<a:p><a:t>In een schema</a:t></a:p>"
    )
    assert {"Een noot", "In een schema"} <= set(lines_of(content, Format.DOCX))


def test_slides_notes_and_comments_of_a_presentation_are_read_in_order():
    slide = "<p:sld><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:sld>"
    content = documents.packed(
        [
            ("[Content_Types].xml", "<Types/>"),
            ("ppt/slides/slide10.xml", slide.format("Tien")),
            ("ppt/slides/slide2.xml", slide.format("Twee")),
            ("ppt/notesSlides/notesSlide1.xml", slide.format("Notitie")),
            ("ppt/comments/comment1.xml", "<p:cm><p:text>Opmerking</p:text></p:cm>"),
            ("ppt/comments/modernComment_1A.xml", slide.format("Nieuwe opmerking")),
        ]
    )
    lines = lines_of(content, Format.PPTX)
    assert set(lines) == {"Twee", "Tien", "Notitie", "Opmerking", "Nieuwe opmerking"}
    assert lines.index("Twee") < lines.index("Tien")


def test_hidden_sheets_comments_and_headers_of_a_workbook_are_read():
    book = openpyxl.Workbook()
    book.active["A1"] = "zichtbaar"
    book.active["A1"].comment = Comment("Let op Sanne", "x")
    book.active.oddHeader.center.text = "Klas 5A"
    hidden = book.create_sheet("weg")
    hidden.sheet_state = "veryHidden"
    hidden["C1"] = "verborgen"
    buffer = io.BytesIO()
    book.save(buffer)
    found = read(buffer.getvalue(), Format.XLSX)
    assert found[0].split("\n") == ["zichtbaar", "Klas 5A"]
    assert found[1] == "\t\tverborgen"
    assert "Let op Sanne" in found[2]


def test_strings_within_a_sheet_are_read():
    xml = (
        '<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><r><t>Sanne </t></r>'
        '<r><t>Vuurbloem</t></r></is></c><c r="C1" t="str"><v>5A</v></c></row>'
        "</sheetData></worksheet>"
    )
    name = "xl/worksheets/sheet1.xml"
    content = with_member(documents.excel([["x"]]), name, lambda _: xml.encode())
    assert read(content, Format.XLSX) == ["Sanne Vuurbloem\t\t5A"]


def calc(*cells):
    row = "".join(cells)
    return lambda _: (
        f"<office:document-content><table:table><table:table-row>{row}</table:table-row>"
        "</table:table></office:document-content>"
    ).encode()


def test_empty_cells_of_a_sheet_keep_their_columns_and_comments_part_no_row():
    content = with_member(
        documents.calc([["x"]]),
        "content.xml",
        calc(
            "<table:table-cell><office:annotation office:name='a'><dc:creator>K</dc:creator>"
            "<text:p>Bellen</text:p></office:annotation><text:p>Sanne</text:p></table:table-cell>",
            '<table:table-cell table:number-columns-repeated="3"/>',
            "<table:table-cell><text:p>5A</text:p></table:table-cell>",
            '<table:table-cell table:number-columns-repeated="16379"/>',
        ),
    )
    text = read(content, Format.ODS)[0]
    assert "Sanne\t\t\t\t5A\t" in text
    assert "Bellen" in text.split("\n")
    assert len(text) < 300


def test_notes_headers_and_deleted_text_of_writer_are_read():
    document = odfdo.Document("text")
    document.body.clear()
    paragraph = odfdo.Paragraph("Sanne Vuurbloem")
    paragraph.insert_note(after="Sanne", note_id="n", citation="1", body="Een noot")
    document.body.append(paragraph)
    buffer = io.BytesIO()
    document.save(buffer)
    deleted = (
        b"<text:tracked-changes><text:changed-region><text:deletion><text:p>Weg</text:p>"
        b"</text:deletion></text:changed-region></text:tracked-changes></office:text>"
    )
    content = with_member(
        buffer.getvalue(), "content.xml", lambda xml: xml.replace(b"</office:text>", deleted)
    )
    content = with_member(
        content, "Object 1/content.xml", lambda _: b"<text:p>In een object</text:p>"
    )
    lines = set(lines_of(content, Format.ODT))
    assert {"Sanne Vuurbloem", "Een noot", "Weg", "In een object"} <= lines


def test_flat_opendocument_is_read_without_its_pictures():
    content = (
        '<?xml version="1.0"?><office:document xmlns:office="x"><office:body><office:text>'
        "<text:p>Naam: Sanne</text:p><office:binary-data>AAAA</office:binary-data>"
        "<text:p>Groep: 5A</text:p></office:text></office:body></office:document>"
    )
    assert read(content.encode(), Format.FLAT_ODF)[0].split() == ["Naam:", "Sanne", "Groep:", "5A"]


WORDS = "Zoë Håkonsen, Søren Ærøskøbing; één crèche, André, Åse, Ça"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp850",
     "mac-roman"],
)  # fmt: skip
def test_text_is_read_in_every_usual_encoding(encoding):
    assert decode(WORDS.encode(encoding)) == WORDS


def test_quotes_of_windows_are_not_taken_for_letters_of_an_old_program():
    for text in ("foto’s van ‘Sanne’ – “klas” 5…", "De auto’s; prijs € 5", "naam’s"):
        assert decode(text.encode("cp1252")) == text


def test_unicode_that_is_cut_off_or_has_a_stray_byte_stays_unicode():
    raw = WORDS.encode()
    assert decode(raw + "é".encode()[:1]).startswith(WORDS)
    assert decode(raw + b" caf\xe9").startswith(WORDS)

"""Documents in the formats before 2007: doc, xls, xlsb, ppt, msg, and Rich Text."""

import io

import pytest

from collectors.recognise.budget import Budget, Limits
from collectors.recognise.extract import parts
from collectors.recognise.formats import tell
from collectors.recognise.outlook import unpack_rtf
from collectors.recognise.rich import rtf_text
from collectors.recognise.verdict import Format, Reason
from collectors.recognise.xls import shared_strings
from tests import compound, documents, xlsb

ROSTER = (documents.HEADS, *documents.ROWS)
LINES = "\n".join("\t".join(row) for row in ROSTER)


def read(content, format, **limits):
    """The text of every part. What cannot be read stands there as its reason."""
    file = io.BytesIO(content)
    assert tell(file) is format
    found = parts(file, format, Budget(Limits(**limits)))
    return [part.problem if part.problem is not Reason.NONE else part.text for part in found]


def test_a_word_document_is_read_in_the_order_of_its_pieces():
    content = compound.doc([("Naam: Zoë\r", False), ("Søren Mosgrøn\r", True), ("einde", False)])
    assert read(content, Format.DOC) == ["Naam: Zoë\nSøren Mosgrøn\neinde"]


def test_rows_and_cells_of_a_word_table_are_told_apart():
    text = "kop\rNaam\x07straat\rplaats\x07\x07\x07Sanne\x07\x07"
    first_row = text.index("\x07\x07\x07") + 2
    marks = {"cells": (text.index("\rplaats"),), "rows": (first_row, len(text) - 1)}
    for wide in (False, True):
        found = read(compound.doc([(text, wide)], **marks), Format.DOC)
        assert found == ["kop\nNaam\tstraat plaats\t\t\nSanne\t\n"]


def test_of_a_field_in_word_the_result_is_read():
    text = "a \x13 HYPERLINK x \x14tekst\x15 b\x13 PAGE \x15\x1e\x01c"
    assert read(compound.doc([(text, False)]), Format.DOC) == ["a tekst b-c"]


def test_a_word_document_with_a_password_is_encrypted():
    assert read(compound.doc([("x", False)], flags=0x0100), Format.DOC) == [Reason.ENCRYPTED]


def test_every_sheet_of_a_workbook_is_read_with_its_comments():
    assert read(compound.xls(ROSTER, "Een opmerking"), Format.XLS) == [f"{LINES}\nEen opmerking"]
    assert read(compound.xls(ROSTER, locked=True), Format.XLS) == [Reason.ENCRYPTED]


def test_a_hidden_sheet_of_a_binary_workbook_is_read():
    assert read(xlsb.xlsb(ROSTER, hidden=True), Format.XLSB)[0] == LINES


def test_cells_in_far_corners_cost_nothing():
    assert read(compound.xls([("a",)], first=(65_535, 190)), Format.XLS) == ["\t" * 190 + "a"]
    assert read(compound.xls([("a",)], first=(65_535, 255)), Format.XLS) == ["a"]
    assert read(xlsb.xlsb([("a",)], first=1_048_575), Format.XLSB)[0] == "a"


def test_a_string_that_goes_on_in_the_next_record_may_change_its_width():
    first = b"\0" * 8 + b"\x06\0\0abc"
    assert list(shared_strings([first, b"\x01d\0e\0f\0" + b"\x01\0\0x"])) == ["abcdef", "x"]


def test_slides_of_old_presentations_are_read_once():
    content = compound.ppt(["Eerste\rtweede", "Freja Mosgrøn", "Freja Mosgrøn"])
    assert read(content, Format.PPT) == ["Eerste\ntweede\nFreja Mosgrøn"]
    assert read(compound.ppt(["x"], token=0xF3D1C4DF), Format.PPT) == [Reason.ENCRYPTED]


def test_a_message_is_read_with_its_attachments_and_the_messages_in_it():
    inner = {"subject": "binnen", "body": "in", "attachments": [documents.roster().encode()]}
    content = compound.msg("Onderwerp", "Tekst", [documents.pdf(["Brief"]), inner])
    found = read(content, Format.MSG)
    assert [part.strip() for part in found] == ["Onderwerp\nTekst", "Brief", "binnen\nin", LINES]


def test_messages_in_messages_in_messages_come_to_an_end():
    message = {"subject": "x"}
    for _ in range(9):
        message = {"subject": "x", "attachments": [message]}
    assert Reason.LIMIT in read(compound.msg(**message), Format.MSG)


def test_a_message_without_plain_text_is_read_as_html_or_rich_text():
    page = compound.msg("a", _10130102=b"<p>hallo <b>klas</b></p>")
    assert "hallo klas" in read(page, Format.MSG)[0]
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a0072637067313235423"
        "20af32068656c0900206277 05b06c647d0a800fa0"
    )
    assert unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert "hello world" in read(compound.msg("a", _10090102=packed), Format.MSG)[0]


def test_a_sealed_message_is_encrypted_and_a_signed_one_is_not():
    sealed = compound.msg("a", _001A001F="IPM.Note.SMIME".encode("utf-16-le"))
    signed = compound.msg("a", _001A001F="IPM.Note.SMIME.MultipartSigned".encode("utf-16-le"))
    assert read(sealed, Format.MSG)[1:] == [Reason.ENCRYPTED]
    assert read(signed, Format.MSG)[1:] == []


def test_a_file_embedded_in_an_old_document_is_read():
    inside = documents.word(documents.LETTER)
    content = compound.container(
        {"Workbook": b"\x09\x08\x04\0\0\x06\x05\0", "MBD01/Package": inside}
    )
    assert "Sanne Vuurbloem" in read(content, Format.XLS)[0]


@pytest.mark.parametrize(
    ("rich", "text"),
    [
        (rb"Zo\'eb \u233? en \uc2\u232\'e8\'e8\uc0\u230 klaar", "Zoë é en èæklaar"),
        (rb"{\fonttbl{\f0 Arial;}}{\*\generator Iets 1;}tekst{\pict 00ff}", "tekst"),
        (rb"{\header boven}\par{\*\annotation let op}\cell a\row", "boven\nlet op\ta\n"),
        (rb"{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt in een vak}}}", "in een vak"),
        (rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt zie}} \{a\}\~b\_c", "zie {a} b-c"),
        (rb"\u-10179?\u-8704?", "\U0001f600"),
        (rb"\u-10179?x", "\ufffdx"),
        (b"a\\bin5 {{{{{b", "ab"),
    ],
)  # fmt: skip
def test_rich_text_is_read_as_a_reader_shows_it(rich, text):
    assert rtf_text(b"{\\rtf1\\ansi\\ansicpg1252 " + rich + b"}") == text


def test_rich_text_follows_its_code_page():
    assert rtf_text(rb"{\rtf1\ansi\ansicpg850 Zo\'89}") == "Zoë"
    assert rtf_text(rb"{\rtf1\mac Zo\'91}") == "Zoë"


def test_a_file_in_rich_text_is_looked_into():
    inside = documents.packed([("a.csv", documents.roster())]).hex().encode()
    content = rb"{\rtf1 x{\object\objemb{\*\objdata 0105000002000000" + inside + b"}}}"
    assert read(content, Format.RTF) == ["x", LINES]

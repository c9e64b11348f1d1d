"""Archives, mailboxes, calendars and databases: what is in them, and what they may not do."""

import base64
import bz2
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
from pathlib import Path

import pytest

from collectors.recognise import database as database_module
from collectors.recognise.budget import Budget, Limits
from collectors.recognise.extract import parts
from collectors.recognise.formats import tell
from collectors.recognise.verdict import Format, Reason
from tests import documents

LINES = "\n".join("\t".join(row) for row in (documents.HEADS, *documents.ROWS))
CSV = documents.roster().encode()
SEVEN_ZIPS = Path(__file__).parent / "data/7z"


def read(content, format, **limits):
    """The text of every part. What cannot be read stands there as its reason."""
    file = io.BytesIO(content)
    assert tell(file) is format
    found = parts(file, format, Budget(Limits(**limits)))
    return [part.problem if part.problem is not Reason.NONE else part.text for part in found]


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_file_in_a_tar_is_read(kind):
    content = documents.tar([("a" * 90 + ".csv", CSV), ("é.csv", CSV)], format=kind)
    assert read(content, Format.TAR) == [LINES, LINES]


def test_a_tar_that_is_damaged_half_way_says_so():
    content = bytearray(documents.tar([("a.csv", CSV), ("b.csv", CSV), ("c.csv", CSV)]))
    content[1024:1536] = b"x" * 512
    assert read(bytes(content), Format.TAR) == [LINES, Reason.BROKEN]
    assert read(bytes(content[:700]), Format.TAR) == [Reason.BROKEN]


def test_a_tar_whose_sizes_are_lies_is_refused():
    entry = tarfile.TarInfo("a")
    entry.size = 1 << 40
    assert read(entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024), Format.TAR) == [Reason.LIMIT]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_unpacked(pack):
    assert read(pack(CSV), Format.PACKED) == [LINES]
    assert read(pack(documents.tar([("a.csv", CSV)])), Format.PACKED) == [LINES]
    assert read(pack(CSV[:100]) + pack(CSV[100:]), Format.PACKED) == [LINES]
    assert read(pack(CSV) + b"\0" * 512, Format.PACKED) == [LINES]
    assert read(pack(CSV)[:-20], Format.PACKED) == [Reason.BROKEN]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_in_a_packed_file_stops_at_the_cap(pack):
    content = pack(bytes(8 << 20))
    assert len(content) < 20_000
    assert read(content, Format.PACKED, inflated=1 << 20) == [Reason.LIMIT]
    twice = read(pack(content * 4), Format.PACKED, inflated=20 << 20)
    assert twice == [Reason.LIMIT]


def test_an_xz_that_wants_too_much_memory_is_refused():
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 256 << 20}]
    content = bytearray(lzma.compress(CSV, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]))
    content[12:24] = lzma_block_head(filters)
    assert read(bytes(content), Format.PACKED) == [Reason.LIMIT]


def lzma_block_head(filters):
    """The head of a block with these filters, without spending the memory to write it."""
    import zlib

    size = next(n for n in range(41) if (2 | n & 1) << (n // 2 + 11) >= filters[0]["dict_size"])
    head = bytes([2, 0, 0x21, 1, size, 0, 0, 0])
    return head + zlib.crc32(head).to_bytes(4, "little")


@pytest.mark.parametrize("name", ["lzma2", "lzma", "deflate", "bzip2", "copy", "bcj", "delta"])
def test_seven_zips_of_every_usual_kind_are_read(name):
    listed, nothing = read((SEVEN_ZIPS / f"{name}.7z").read_bytes(), Format.SEVEN_ZIP)
    assert listed.count("\n") == 39
    assert listed.startswith("Leerling 0\t5A\t12-03-2016")
    assert nothing == "niets"


def test_a_seven_zip_that_cannot_be_read_says_why():
    assert read((SEVEN_ZIPS / "aes.7z").read_bytes(), Format.SEVEN_ZIP) == [Reason.ENCRYPTED]
    head = (SEVEN_ZIPS / "aes-with-head.7z").read_bytes()
    assert read(head, Format.SEVEN_ZIP) == [Reason.ENCRYPTED]
    assert read((SEVEN_ZIPS / "ppmd.7z").read_bytes(), Format.SEVEN_ZIP) == [Reason.UNSUPPORTED]
    cut = (SEVEN_ZIPS / "copy.7z").read_bytes()[:-60]
    assert read(cut, Format.SEVEN_ZIP) == [Reason.BROKEN]
    small = read((SEVEN_ZIPS / "lzma2.7z").read_bytes(), Format.SEVEN_ZIP, inflated=500)
    assert small == [Reason.LIMIT]


def test_every_message_of_a_mailbox_is_read_with_its_attachments():
    first = documents.mail("eerste\n>From here", [("a.csv", CSV)])
    box = b"".join(b"From x@example.org Mon\n%b\n\n" % m for m in (first, documents.mail("b")))
    found = read(box, Format.MBOX)
    assert [part.split("\n")[:2] for part in found] == [
        ["Bijlage", "eerste"], LINES.split("\n")[:2], ["Bijlage", "b"],
    ]  # fmt: skip


def test_a_sealed_message_is_encrypted_and_a_signed_one_is_not():
    head = b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: application/"
    body = b"\nContent-Transfer-Encoding: base64\n\nMIIB\n"
    sealed = read(head + b"pkcs7-mime; smime-type=enveloped-data" + body, Format.MAIL)
    assert sealed[1:] == [Reason.ENCRYPTED]
    assert read(head + b"pkcs7-mime; smime-type=signed-data" + body, Format.MAIL)[1:] == []
    within = documents.mail("Hallo\n-----BEGIN PGP MESSAGE-----\n\nabc\n")
    assert read(within, Format.MAIL)[1:] == [Reason.ENCRYPTED]
    attached = documents.mail("x", [("a.asc", b"-----BEGIN PGP MESSAGE-----\n\nabc\n")])
    assert read(attached, Format.MAIL)[1:] == [Reason.ENCRYPTED]


@pytest.mark.parametrize(
    "content",
    [
        b"age-encryption.org/v1\n-> X25519 abc\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\nabc\n",
        b"\n-----BEGIN PGP MESSAGE-----\n\nabc\n",
        b"\x85\x02\x0c\x03" + bytes(range(200)),
        b"\x8c\x0d\x04\x09\x03\x08" + bytes(range(200)),
    ],
)
def test_a_sealed_file_is_encrypted(content):
    assert read(content, Format.CIPHER) == [Reason.ENCRYPTED]


def test_documents_that_are_not_opened_are_not_clean():
    for content in (b"!BDN" + bytes(600), b"\0\1\0\0Standard ACE DB\0" + bytes(600)):
        assert read(content, Format.DOCUMENT) == [Reason.UNSUPPORTED]


def test_a_calendar_is_read_as_people_wrote_it():
    content = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@example.org\r\n"
        "SUMMARY;LANGUAGE=nl:Oudergesprek Sanne\r\n  Vuurbloem\\, groep 5A\r\n"
        'ATTENDEE;ROLE="x:y";CN="Karin Vuurbloem":mailto:a@example.org\r\n'
        f"ATTACH;ENCODING=BASE64;VALUE=BINARY:{base64.b64encode(CSV).decode()}\r\n"
        "DESCRIPTION:Regel 1\\nRegel 2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    found = read(content.encode(), Format.CALENDAR)
    assert found[0].strip().splitlines() == [
        "summary: Oudergesprek Sanne Vuurbloem, groep 5A",
        "attendee: Karin Vuurbloem",
        "description: Regel 1",
        "Regel 2",
    ]
    assert found[1] == LINES


def test_an_address_book_is_read():
    card = "BEGIN:VCARD\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zo=C3=AB=\nTak\nBDAY:2016\n"
    assert "fn: ZoëTak\nbday: 2016" in read(card.encode(), Format.CALENDAR)[0]


def database(*statements, rows=(), path=None):
    connection = sqlite3.connect(path or ":memory:")
    for statement in statements:
        connection.execute(statement)
    if rows:
        places = ",".join("?" * len(rows[0]))
        connection.executemany(f"insert into lijst values ({places})", rows)
    connection.commit()
    content = connection.serialize() if path is None else b""
    connection.close()
    return content or path.read_bytes()


TABLE = 'create table lijst ("Leerling", "Klas", "Geboortedatum", "Ouder 1", "Telefoon")'


def test_the_tables_of_a_database_are_read_as_rows():
    content = database(TABLE, 'create table "leeg "" \'x" (a)', rows=documents.ROWS)
    assert read(content, Format.SQLITE) == [LINES, "a"]


def test_a_database_with_a_log_beside_it_is_read(tmp_path):
    path = tmp_path / "a.db"
    content = database("pragma journal_mode=wal", TABLE, rows=documents.ROWS, path=path)
    assert content[18] == 2
    assert read(content, Format.SQLITE) == [LINES]


def test_a_document_in_a_cell_is_read():
    inside = documents.pdf(documents.LETTER)
    content = database("create table lijst (naam, inhoud)", rows=[("a", inside), ("b", b"x" * 200)])
    found = read(content, Format.SQLITE)
    assert found[0].split() == ["naam", "inhoud", "a", "b"]
    assert "Sanne Vuurbloem" in found[1]
    assert len(found) == 2


def test_views_and_virtual_tables_of_a_database_are_not_run():
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"
    content = database(TABLE, f"create view v as {endless}", rows=documents.ROWS)
    assert read(content, Format.SQLITE) == [LINES]
    content = database(TABLE, "create virtual table f using fts5(a)", rows=documents.ROWS)
    assert LINES in read(content, Format.SQLITE)


def test_a_table_that_takes_too_long_ends_the_reading(monkeypatch):
    monkeypatch.setattr(database_module, "_SECONDS", -1.0)
    monkeypatch.setattr(database_module, "_STEPS", 10)
    content = database(TABLE, rows=documents.ROWS)
    assert read(content, Format.SQLITE) == [Reason.LIMIT]


def test_a_database_beyond_the_limits_is_cut_and_says_so():
    content = database("create table lijst (a)", rows=[("x" * 90,)] * 3000)
    found = read(content, Format.SQLITE, text=50_000)
    assert len(found[0]) <= 50_000
    assert found[1:] == [Reason.LIMIT]


def test_a_damaged_or_encrypted_database_is_not_clean():
    content = database(TABLE, rows=documents.ROWS)
    assert read(content[:4096], Format.SQLITE)[-1] is Reason.BROKEN
    assert read(content[:100] + bytes(len(content) - 100), Format.SQLITE)[-1] is Reason.BROKEN


def test_reports_within_an_exchange_file_are_read():
    inside = base64.encodebytes(documents.word(documents.LETTER)).decode()
    xml = f'<?xml version="1.0"?><a><naam>x</naam><bijlage soort="a">{inside}</bijlage></a>'
    found = read(xml.encode(), Format.XML)
    assert len(found[0]) < 500
    assert "Sanne Vuurbloem" in found[1]
    export = json.dumps({"naam": "x", "bijlage": inside.replace("\n", "")})
    assert "Sanne Vuurbloem" in read(export.replace("/", "\\/").encode(), Format.JSON)[1]


def test_keys_and_portraits_in_base64_are_no_documents():
    chance = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256))).decode()
    assert len(read(f"<a><foto>{chance}</foto></a>".encode(), Format.XML)) == 1

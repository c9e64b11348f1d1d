"""Hostile and damaged documents: every one ends in a verdict with a reason, in bounded space."""

import base64
import io
import random
import signal
import zipfile
import zlib
from datetime import date

import fpdf
import pytest

from collectors.recognise.budget import Limits
from collectors.recognise.judge import judge
from collectors.recognise.plain import strip_html
from collectors.recognise.verdict import Format, Judgement, Reason
from collectors.recognise.worker import CPU_PER_DOCUMENT
from tests import compound, documents

TODAY = date(2026, 11, 1)


def look(content, **limits):
    return judge(io.BytesIO(content), TODAY, Limits(**limits))


def bomb(megabytes, name="word/document.xml"):
    return documents.packed([("[Content_Types].xml", "<x/>"), (name, b"\0" * (megabytes << 20))])


def test_a_bomb_is_refused_by_its_own_claim():
    verdict = look(bomb(20))
    assert (verdict.verdict, verdict.reason) == (Judgement.UNREADABLE, Reason.LIMIT)


def test_a_bomb_whose_claim_is_a_lie_stops_at_the_cap():
    content = documents.packed([("a.txt", b"x" * (3 << 20))])
    assert look(content, inflated=1 << 20).reason is Reason.LIMIT


def test_a_bomb_in_layers_draws_on_one_budget():
    layer = documents.packed([(f"{n}.txt", b"\x00\x01\x02x" * (1 << 18)) for n in range(4)])
    content = documents.packed([(f"{n}.zip", layer) for n in range(4)])
    assert look(content, inflated=6 << 20).reason is Reason.LIMIT
    assert look(content).verdict is Judgement.CLEAN


def test_zips_nested_too_deep_are_not_clean():
    content = documents.roster().encode()
    for _ in range(8):
        content = documents.packed([("in", content)])
    assert look(content).reason is Reason.LIMIT
    assert look(content, depth=9).verdict is Judgement.PUPIL


def test_too_many_members_are_not_clean():
    content = documents.packed([(f"{n}", "x") for n in range(30)])
    assert look(content, members=20).reason is Reason.LIMIT


def test_a_file_that_is_too_large_is_not_read():
    verdict = look(documents.roster().encode() * 50, file=1000)
    assert (verdict.reason, verdict.sha256) == (Reason.LIMIT, "")


def test_of_a_text_beyond_the_limit_the_beginning_is_judged():
    line = b"een regel zonder betekenis\n"
    assert look(line * 9000, text=50_000).reason is Reason.LIMIT
    assert look(documents.roster().encode() + line * 9000, text=50_000).verdict is Judgement.PUPIL


def test_what_was_found_before_the_limit_still_counts():
    content = documents.packed([("a.csv", documents.roster()), ("b", b"x" * (2 << 20))])
    assert look(content, inflated=1 << 20).verdict is Judgement.PUPIL


def test_an_encrypted_zip_is_named_so():
    content = bytearray(documents.packed([("a.csv", documents.roster())]))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    assert look(bytes(content)).reason is Reason.ENCRYPTED


def test_an_encrypted_pdf_is_named_so():
    document = fpdf.FPDF()
    document.set_encryption(owner_password="invented", user_password="invented")
    document.add_page()
    document.set_font("helvetica")
    document.cell(text="x")
    assert look(bytes(document.output())).reason is Reason.ENCRYPTED


def test_an_encrypted_office_document_is_named_so():
    locked = {"EncryptedPackage": b"x" * 5000, "EncryptionInfo": b"x" * 200}
    assert look(compound.container(locked)).reason is Reason.ENCRYPTED


def test_a_container_of_an_unknown_kind_is_not_clean():
    assert look(compound.container({"Quill": b"x" * 50})).reason is Reason.UNSUPPORTED
    assert look(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000).reason is Reason.BROKEN


@pytest.mark.parametrize(
    "content",
    [
        documents.word(documents.LETTER)[:900],
        documents.pdf(documents.LETTER)[:300],
        b"PK\x03\x04" + b"\xff" * 200,
        b"%PDF-1.7\n" + b"\xff" * 200,
    ],
    ids=["docx cut off", "pdf cut off", "no zip at all", "no pdf at all"],
)
def test_a_damaged_document_is_broken_and_never_clean(content):
    verdict = look(content)
    assert (verdict.verdict, verdict.reason) == (Judgement.UNREADABLE, Reason.BROKEN)


def test_an_unknown_archive_says_that_it_was_not_opened():
    assert look(b"Rar!\x1a\x07\x01\x00" + b"\0" * 64).reason is Reason.UNSUPPORTED
    assert look(zlib.compress(b"x") + b"\0" * 64).format is Format.OTHER


def test_deep_json_and_deep_xml_do_no_harm():
    assert look(b"[" * 100_000 + b"]" * 100_000).verdict is not Judgement.PUPIL
    assert look(b"<a>" * 100_000).verdict is Judgement.CLEAN


def test_entities_are_not_followed():
    text = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";" * 1}{("&" + chr(97 + n) + ";") * 9}">'
        for n in range(9)
    )
    assert look((text + "]><x>&j;</x>").encode()).verdict is Judgement.CLEAN


SEEDS = [
    documents.word(documents.LETTER, (documents.HEADS, *documents.ROWS)),
    documents.excel((documents.HEADS, *documents.ROWS)),
    documents.pdf(documents.LETTER),
    documents.mail("x", [("a.csv", documents.roster().encode())]),
    documents.roster().encode("utf-16"),
    b"{\\rtf1 " + b"\\par ".join(line.encode() for line in documents.LETTER) + b"}",
    b'{"a": [{"leerling": "Sanne"}, {"leerling": "Mees"}]}',
]


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_damage_at_random_never_raises(seed):
    dice = random.Random(seed)
    for _ in range(60):
        content = bytearray(SEEDS[seed])
        for _ in range(dice.randrange(1, 20)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        if dice.random() < 0.3:
            del content[dice.randrange(len(content)) :]
        verdict = look(bytes(content))
        assert (verdict.verdict is Judgement.UNREADABLE) == (verdict.reason is not Reason.NONE)


def test_a_document_whose_xml_was_damaged_inside_a_sound_zip_never_raises():
    dice = random.Random(7)
    for content in (SEEDS[0], SEEDS[1]):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(name, bytearray(archive.read(name))) for name in archive.namelist()]
        for _ in range(30):
            for _, body in members:
                body[dice.randrange(len(body))] = dice.randrange(256)
            look(documents.packed([(name, bytes(body)) for name, body in members]))


def test_a_mail_with_broken_encodings_is_read_as_far_as_it_goes():
    letter = base64.b64encode("\n".join(documents.LETTER).encode())
    head = b"From: a@example.org\nSubject: =?nonsense?q?x?=\nMIME-Version: 1.0\n"
    body = b"Content-Type: text/plain; charset=nonsense\nContent-Transfer-Encoding: base64\n\n"
    assert look(head + body + letter).verdict is Judgement.PUPIL


HOSTILE = {
    "names in one line": "Sanne " * 800_000,
    "names a line each": "Sanne\n" * 800_000,
    "names and births in one line": "Sanne 12-03-2016 " * 290_000,
    "fields": "Leerling: Sanne de Vries\n" * 200_000,
    "heads": "Leerling\tKlas\tGeboortedatum\n" * 160_000,
    "heads in one line": "Leerling\tKlas\tGeboortedatum\t" * 160_000,
    "heads without cells": "Naam Klas Geboortedatum Adres\n" * 160_000,
    "cells": "a\tb\n" * 1_250_000,
    "empty cells": "\t" * 5_000_000,
    "numbers": "cpr 120316-4444 " * 310_000,
    "one number": "9" * 5_000_000,
    "one word": "A" * 5_000_000,
    "hyphens": "-" * 5_000_000,
    "apostrophes": " '" * 2_500_000,
    "spaces": " " * 5_000_000,
    "blank lines": "\n \n" * 1_600_000,
    "parents": "ouders van " * 450_000,
    "unusual names": "leerling Xzyp in groep 5 " * 200_000,
    "colons": "naam: " * 830_000,
}


class Over(BaseException):
    """Too long; nothing on the way may take it for damage in the document."""


@pytest.mark.parametrize("name", HOSTILE)
def test_five_million_characters_of_one_kind_fit_in_the_time_of_a_worker(name):
    """The worker's own limit is set: whatever grows with the square of the length hits it."""

    def over(*_):
        raise Over(name)

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, CPU_PER_DOCUMENT)
    try:
        look(HOSTILE[name].encode())
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def mimetype_of(method, body, claimed):
    """A zip whose member mimetype is packed by ``method``, is ``body`` and claims to be packed
    into ``claimed`` bytes."""
    content = bytearray(documents.packed([("mimetype", "x" * 9), ("content.xml", "<a>x</a>")]))
    start = content.index(b"mimetype") + len("mimetype")
    content[start : start + len(body)] = body
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = content.index(mark) + place
        content[at : at + 2] = method.to_bytes(2, "little")
        content[at + 10 : at + 14] = claimed.to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("claimed", [11, 0x7FFFFFFF])
def test_a_mimetype_that_cannot_be_unpacked_makes_a_broken_zip(method, claimed):
    lzma_that_wants_4_gb = b"\x09\x04\x05\x00\x5d\xff\xff\xff\xff"
    for body in (b"\xff" * 9, lzma_that_wants_4_gb):
        verdict = look(mimetype_of(method, body, claimed))
        assert verdict.format is Format.ZIP
        assert verdict.verdict is Judgement.UNREADABLE


def test_a_text_that_was_filled_up_with_zeros_is_a_text():
    roster = documents.roster().encode()
    assert look(roster + bytes(9000)).verdict is Judgement.PUPIL
    assert look(bytes(9000)).format is Format.OTHER
    assert look(roster + bytes(9) + roster).format is Format.OTHER


def test_text_behind_an_element_is_read_too():
    letter = "".join(f"<b>{n}</b>\n{line}" for n, line in enumerate(documents.LETTER))
    assert look(f"<?xml version='1.0'?><a>{letter}</a>".encode()).verdict is Judgement.PUPIL


def test_scripts_and_comments_are_hidden_and_one_that_never_ends_hides_nothing():
    page = "<p>a<script>b</script>c<!-- d --><STYLE>e</style >f</p>\n<!-- g <script>h"
    assert strip_html(page).split() == ["a", "c", "f", "<!--", "g", "h"]

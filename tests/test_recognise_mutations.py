"""Damaged documents of every format, in the sandbox: each gets a verdict, no worker is lost.

The dice are seeded, so that a failure comes back. ``MUTATIONS`` in the environment makes the run
longer; the first lines of a failing document are in the message.
"""

import base64
import bz2
import gzip
import io
import lzma
import os
import random
from datetime import date
from pathlib import Path

import pytest

from collectors.recognise.budget import Limits
from collectors.recognise.judge import judge
from collectors.recognise.recogniser import Recogniser
from collectors.recognise.verdict import Judgement, Reason
from tests import compound, documents, xlsb

TODAY = date(2026, 11, 1)
TIMES = int(os.environ.get("MUTATIONS", "40"))
ROSTER = (documents.HEADS, *documents.ROWS)
LETTER = "\r".join(documents.LETTER)
CSV = documents.roster().encode()
SEVEN_ZIPS = Path(__file__).parent / "data/7z"
FLAT = '<office:document xmlns:office="x"><text:p>{}</text:p><office:annotation a="b"><text:p>x'
RICH = b"{\\rtf1\\ansi %b{\\*\\objdata %b}\\bin5 abcde \\u233?}"
SEEDS = {
    "doc": compound.doc([(LETTER, True), ("a\x07b\x07\x07", False)], rows=(len(LETTER) + 4,)),
    "xls": compound.xls(ROSTER, "x"),
    "xlsb": xlsb.xlsb(ROSTER),
    "ppt": compound.ppt([LETTER, "x"]),
    "msg": compound.msg("x", LETTER, [CSV, {"subject": "x", "body": LETTER}]),
    "rtf": RICH % (LETTER.encode(), documents.packed([("a", "b")]).hex().encode()),
    "tar": documents.tar([("a", CSV), ("b", b"x" * 600)]),
    "gzip": gzip.compress(CSV),
    "bzip2": bz2.compress(CSV),
    "xz": lzma.compress(CSV),
    "7z": (SEVEN_ZIPS / "list.7z").read_bytes(),
    "7z with a password": (SEVEN_ZIPS / "aes.7z").read_bytes(),
    "sqlite": documents.database(ROSTER),
    "pdf": documents.pdf(documents.LETTER),
    "pdf form": documents.pdf_form([("naam", "Sanne"), ("groep", "5A")]),
    "calendar": f"BEGIN:VCALENDAR\nDESCRIPTION:{LETTER}\nATTACH;ENCODING=BASE64:QUFB\n".encode(),
    "mailbox": (b"From x\n" + documents.mail(LETTER, [("a", CSV)])) * 2,
    "docx": documents.word(documents.LETTER, ROSTER),
    "xlsx": documents.excel(ROSTER),
    "odt": documents.writer(documents.LETTER),
    "flat": FLAT.format(LETTER).encode(),
    "base64": b"<?xml version='1.0'?><a>%b</a>" % base64.b64encode(documents.word(["x"])),
}


def damaged(seed, dice):
    """A copy with bytes changed, left out, put in twice or cut off."""
    content = bytearray(seed)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        kind, place = dice.random(), dice.randrange(len(content))
        if kind < 0.4:
            content[place] = dice.randrange(256)
        elif kind < 0.6:
            content[place : place + 4] = dice.choice((b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f"))
        elif kind < 0.75:
            del content[place : place + dice.randrange(1, 64)]
        elif kind < 0.9:
            start = dice.randrange(len(content))
            content[place:place] = content[start : start + dice.randrange(1, 200)]
        else:
            del content[max(1, place) :]
        content = content or bytearray(b"x")
    return bytes(content)


@pytest.fixture(scope="module")
def recogniser():
    made = Recogniser()
    yield made
    made.close()


@pytest.mark.parametrize("name", SEEDS)
def test_no_damage_costs_a_worker(name, recogniser):
    dice = random.Random(name)
    for number in range(TIMES):
        content = damaged(SEEDS[name], dice)
        descriptor = os.memfd_create("damaged")
        os.write(descriptor, content)
        verdict = recogniser.judge(descriptor, TODAY)
        os.close(descriptor)
        assert verdict.reason is not Reason.WORKER_FAULT, (number, content[:200])
        assert (verdict.verdict is Judgement.UNREADABLE) == (verdict.reason is not Reason.NONE)


TEXTS = ("rtf", "calendar", "flat", "mailbox", "base64")
"""A text that was cut off is a text."""


@pytest.mark.parametrize("name", [name for name in SEEDS if name not in TEXTS])
def test_a_document_that_was_cut_off_is_never_clean(name):
    whole = SEEDS[name]
    for share in (0.3, 0.6, 0.9):
        verdict = judge(io.BytesIO(whole[: int(len(whole) * share)]), TODAY)
        assert verdict.verdict is not Judgement.CLEAN, share


def test_pieces_that_overlap_do_not_multiply_a_word_document():
    word = compound.doc([("x" * 100_000, False)])
    content = compound.doc([("x" * 100_000, False)], again=500)
    assert len(content) < len(word) + 20_000
    assert look(content, text=200_000).reason is Reason.LIMIT


def test_one_long_string_in_many_cells_does_not_multiply_a_workbook():
    content = compound.xls([], shared="x" * 8000, cells=5000)
    assert len(content) < 200_000
    assert look(content, text=200_000).reason is Reason.LIMIT


def test_streams_that_share_their_bytes_do_not_multiply_a_message():
    content = bytearray(compound.msg("x", "y", [b"niets\n" * 800] * 20))
    first = content.index("__substg1.0_37010102".encode("utf-16-le")) + 116
    place = first
    while (place := content.find("__substg1.0_37010102".encode("utf-16-le"), place)) > 0:
        content[place + 116 : place + 120] = content[first : first + 4]
        place += 128
    assert look(bytes(content), inflated=20_000).reason is Reason.LIMIT


def look(content, **limits):
    return judge(io.BytesIO(content), TODAY, Limits(**limits))

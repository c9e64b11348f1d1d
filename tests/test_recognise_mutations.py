"""Documents that were cut off, and ones whose parts overlap: none is clean, none multiplies.

Damage at random is in ``test_fuzz``.
"""

import io
from datetime import date

import pytest

from collectors.recognise.budget import Limits
from collectors.recognise.judge import judge
from collectors.recognise.verdict import Judgement, Reason
from tests import compound
from tests.fuzz_seeds import seeds

TODAY = date(2026, 11, 1)
TEXTS = ("text", "mail", "bytes")
"""A text that was cut off is a text; of a picture only the head is read."""
WHOLE = {seed.name: seed.content for seed in seeds() if seed.kind not in TEXTS}


@pytest.mark.parametrize("name", WHOLE)
def test_a_document_that_was_cut_off_is_never_clean(name):
    for share in (0.3, 0.6, 0.9):
        content = WHOLE[name][: int(len(WHOLE[name]) * share)]
        assert judge(io.BytesIO(content), TODAY).verdict is not Judgement.CLEAN, share


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

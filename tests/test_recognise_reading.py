"""A text, prepared once: what is tidied, which words are kept, which lines are handed out."""

import pytest

from collectors.recognise.reading import LONG_LINE, read
from collectors.recognise.words import all_words, encoded, find_word, spaced


def lines(reading, spans):
    return [reading.text[start:end] for start, end in spans]


def test_places_in_the_text_and_in_its_words_are_the_same():
    reading = read(
        "Sanne\u2019s mor h\u00e6lder \u4e2d\u6587 te \U0001f600 og \u0130stanbul b\u00f8rn."
    )
    assert len(reading.text) == len(reading.low) == len(reading.plain)
    place = reading.text.index("b\u00f8rn")
    assert reading.low.find("b\u00f8rn".encode("latin-1")) == place


def test_line_ends_spaces_hyphens_and_apostrophes_become_one_kind():
    assert read("a\r\nb\rc\x0cd\u2028e").text == "a\nb\nc\nd\ne"
    assert read("kind\u2019s 070314\u20114285\u00a0x").text == "kind's 070314-4285 x"
    assert read("hand\u00adelings\u200bplan").text == "handelingsplan"


def test_blank_lines_are_dropped():
    assert read("\n\na\n \t\n\n  \nb\n\n").text == "a\nb"


def test_a_long_line_is_parted_behind_a_sentence_or_at_a_space():
    sentence = "een zin van enkele woorden. "
    parts = read(sentence * 200).text.split("\n")
    assert all(len(part) <= LONG_LINE for part in parts)
    assert all(part.rstrip().endswith(".") for part in parts)
    assert max(map(len, read("woord " * 900).text.split("\n"))) <= LONG_LINE


@pytest.mark.parametrize("line", ["a" * 9000, "a\tb" * 3000], ids=["no space", "cells"])
def test_a_line_without_spaces_or_with_cells_stays_whole(line):
    assert read(line).text == line


def test_only_words_that_a_rule_knows_are_kept():
    reading = read("Het zorgdossier van de 'leerling', een -kind- en een fietspomp")
    assert {b"zorgdossier", b"leerling", b"kind"} <= reading.words
    assert b"fietspomp" not in reading.words


def test_no_word_ends_at_a_letter_of_another_script():
    assert b"kind" not in read("kind\u015f").words
    assert b"kind" in read("\u201ckind\u201d").words


def test_words_are_found_across_the_seams_of_a_large_text():
    for shift in range(8):
        assert (
            b"leerling" in read("x" * shift + " ab" * 30_000 + " leerling " + "ab " * 30_000).words
        )


def test_the_lines_with_a_word_come_in_order_and_once():
    reading = read("naam x naam\nniets\nvolledige naam\nbijnaam")
    assert lines(reading, reading.lines_with([b"volledige", b"naam"])) == [
        "naam x naam",
        "volledige naam",
    ]


def test_names_are_handed_out_by_line():
    reading = read("Sanne de Vries en Mees\nniemand\nxSanne\nFreja")
    found = {
        reading.text[slice(*span)]: [name.text for name in reading.names_at(span, places)]
        for span, places in reading.name_lines().items()
    }
    assert found["Sanne de Vries en Mees"] == ["Sanne de Vries", "Mees"]
    assert found["Freja"] == ["Freja"]
    assert found.get("xSanne", []) == []


def test_lines_beside_a_line_are_known_at_both_ends():
    reading = read("a\nb\nc")
    assert lines(reading, [reading.line_before((2, 3)), reading.line_after((2, 3))]) == ["a", "c"]
    assert lines(reading, [reading.line_before((0, 1)), reading.line_after((4, 5))]) == ["", ""]


def test_a_word_is_not_found_in_the_middle_of_another():
    assert find_word(b"bijnaam naam", b"naam") == 8
    assert find_word(b"bijnaam", b"naam") == -1


def test_hyphens_and_apostrophes_belong_to_a_word_inside_it_only():
    assert spaced(encoded("IB'er 'klas' school- 3b")).split() == [
        b"ib'er",
        b"klas",
        b"school",
        b"b",
    ]
    assert all_words("naam van het kind") == (b"naam", b"van", b"het", b"kind")

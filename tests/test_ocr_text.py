"""From words with places to lines of text: no engine is needed for that."""

import random

import pytest

from collectors.recognise.ocr_columns import Word, columns
from collectors.recognise.ocr_text import certain, legible, text_of

HIGH = 20


def row(text, y, starts=None, block=1, certainty=95.0):
    """The words of a line, at given places or one after another."""
    words, left = [], 100
    for number, word in enumerate(text.split(" ")):
        left = starts[number] if starts else left
        place = (block, 1, y)
        words.append(Word(place, left, y, 12 * len(word), HIGH, certainty, word))
        left += 12 * len(word) + 8
    return words


def page(*rows):
    return [word for line in rows for word in line]


def test_words_become_lines_from_the_top_of_the_page_down():
    assert text_of(page(row("onder aan", 400), row("boven aan", 100))) == "boven aan\nonder aan"


def test_cells_that_stand_beneath_each_other_are_parted_by_tabs():
    starts = [100, 180, 400, 640]
    names = ("Jan Bos", "Piet Jansma", "Kim Os", "Noor Vis", "Els Wit", "Bo Ek", "Ad Pol")
    table = [row(f"{name} 5A 2016", 100 + 40 * n, starts) for n, name in enumerate(names)]
    lines = text_of(page(*table)).split("\n")
    assert [line.count("\t") for line in lines] == [3] * len(names)
    assert lines[1] == "Piet\tJansma\t5A\t2016"


def test_running_text_has_no_columns():
    dice = random.Random(3)
    for _ in range(50):
        lines = [
            " ".join("x" * dice.choice((2, 3, 4, 5, 6, 8, 11)) for _ in range(12))
            for _ in range(dice.randrange(3, 30))
        ]
        text = text_of(page(*(row(line, 100 + 30 * n) for n, line in enumerate(lines))))
        assert text.count("\t") <= 1


def test_parts_of_a_line_that_were_taken_for_blocks_come_together_again():
    names = [row("Sanne Vos", 100, block=1), row("Mees Bot", 140, block=1)]
    days = [row("12-03-2016", 102, [500], block=2), row("30-08-2015", 141, [500], block=2)]
    assert text_of(page(*names, *days)) == "Sanne Vos 12-03-2016\nMees Bot 30-08-2015"


def test_lines_over_each_other_stay_apart():
    over = [row("een twee", 100, block=1), row("drie vier", 103, block=2)]
    assert text_of(page(*over)) == "een twee\ndrie vier"


def test_lines_around_cells_are_no_letters():
    assert text_of(row("| Sanne|5A [12-03-2016 |", 100)) == "Sanne 5A 12-03-2016"
    assert text_of(row("| ___ [", 100)) == ""


@pytest.mark.parametrize(
    ("sure", "unsure", "read"), [(5, 0, True), (4, 0, False), (6, 4, True), (5, 4, False)]
)
def test_a_page_is_read_if_there_are_words_and_most_are_certain(sure, unsure, read):
    words = page(
        *(row("woord", 100 + 40 * n) for n in range(sure)),
        *(row("krabbel", 900 + 40 * n, certainty=40.0) for n in range(unsure)),
    )
    assert legible(words) == read
    assert certain(words) == sure


def test_signs_and_single_letters_are_no_words():
    assert certain(row("a . - 7 b", 100)) == 0


def test_nothing_is_nothing():
    assert text_of([]) == ""
    assert list(columns([])) == []
    assert not legible([])

"""The last look: shapes of people's numbers, addresses and paths are found, plain words pass."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.nl import bsn as oracle

from agent.wire import event as wire
from agent.wire.shapes import forbidden_shape, passes_elfproef, shape_of
from tests.test_wire import make_event


def invented_bsn(seed: int) -> str:
    """A number that passes the elfproef, made by chance; it is nobody's on purpose."""
    dice = random.Random(seed)
    while True:
        digits = f"{dice.randrange(10**9):09d}"
        if passes_elfproef(digits):
            return digits


@given(st.integers(min_value=1, max_value=999_999_999))
def test_the_elfproef_agrees_with_an_independent_library(number: int) -> None:
    digits = f"{number:09d}"
    assert passes_elfproef(digits) == oracle.is_valid(digits)


@pytest.mark.parametrize("written", ["{}", "x{}", "bsn-{}", "({})", "a {} b"])
def test_a_bsn_is_found_however_it_is_written(written: str) -> None:
    for seed in range(20):
        digits = invented_bsn(seed)
        assert shape_of(written.format(digits)) == "bsn"
        spaced = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
        assert shape_of(written.format(spaced)) == "bsn"
        dotted = f"{digits[:4]}.{digits[4:6]}.{digits[6:]}"
        assert shape_of(written.format(dotted)) == "bsn"


@pytest.mark.parametrize("text", ["070314-4285", "0703144285", "670314 4285", "x-010100-1234-y"])
def test_a_cpr_number_is_found_also_a_replacement_number(text: str) -> None:
    assert shape_of(text) == "cpr"


@pytest.mark.parametrize("text", ["a@b.example", "mail: jan.jansen@school.example", "x@y"])
def test_an_e_mail_address_is_found(text: str) -> None:
    assert shape_of(text) == "e-mail"


@pytest.mark.parametrize(
    "text",
    ["/home/jan", "~/x", "C:\\Users", "\\\\server\\share", "see /etc/x", "a/b/c/d", "file:x"],
)
def test_a_path_is_found(text: str) -> None:
    assert shape_of(text) == "path"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pupil-file-found",
        "and/or",
        "2026-11-23",
        "123456789",
        "12345678",
        "1.2.3",
        "b32:" + "2" * 26,
        "28",
    ],
)
def test_plain_words_and_numbers_pass(text: str) -> None:
    assert shape_of(text) is None


@pytest.mark.parametrize("number", ["99130012345", "4512"])
def test_longer_or_shorter_numbers_are_no_cpr(number: str) -> None:
    assert shape_of(number) is None


def test_every_text_of_the_readable_part_is_looked_at() -> None:
    bad = "x" + invented_bsn(1)
    decision = wire.DecisionPart(action="report", rule=bad, enforced=False)
    outcome = wire.OutcomePart(result="done", reason=bad)
    for changes in (
        {"kind": bad},
        {"facts": {bad: True}},
        {"facts": {"a": bad}},
        {"facts": {"a": ["fine", bad]}},
        {"decision": decision},
        {"outcome": outcome},
    ):
        assert forbidden_shape(make_event(**changes)) == "bsn", changes


def test_a_digest_may_hold_any_digits() -> None:
    digits = "".join(invented_bsn(seed).translate(str.maketrans("0189", "2345")) for seed in (1, 2))
    assert forbidden_shape(make_event(facts={"file": "b32:" + (digits + "a" * 26)[:26]})) is None


PIECES = st.sampled_from(
    [
        "12345678",
        "9",
        "-",
        " ",
        ".",
        "/",
        "a",
        "@",
        "\\",
        "file:",
        "C:",
        "~",
        "\n",
        "0703144285",
        "b32:",
    ]
)
TEXTS = st.lists(PIECES, max_size=6).map("".join)


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
def test_looking_at_all_texts_at_once_passes_over_nothing(facts: list[str], rule: str) -> None:
    decision = wire.DecisionPart(action="report", rule=rule, enforced=False)
    event = make_event(facts={"a": facts}, decision=decision, outcome=None)
    expected = {shape for text in (*facts, rule) if (shape := shape_of(text))}
    found = forbidden_shape(event)
    assert found in expected if expected else found is None

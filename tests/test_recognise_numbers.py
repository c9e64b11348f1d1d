"""Numbers that identify a person, against python-stdnum as the oracle. All numbers are made up."""

import random
from datetime import date

import pytest
from stdnum.dk import cpr as oracle_cpr
from stdnum.nl import bsn as oracle_bsn
from stdnum.nl import onderwijsnummer as oracle_onderwijsnummer

from collectors.recognise.numbers import (
    born,
    cell_bsn,
    cell_cpr,
    passes_elfproef,
    passes_mod_11,
)
from collectors.recognise.numbers import find_bsn as find_bsn_in
from collectors.recognise.numbers import find_cpr as find_cpr_in
from collectors.recognise.reading import read

TODAY = date(2026, 11, 1)


def find_bsn(text):
    return find_bsn_in(read(text))


def find_cpr(text, today):
    return find_cpr_in(read(text), today)


def invented(count, digits, seed):
    dice = random.Random(seed)
    return ["".join(dice.choices("0123456789", k=digits)) for _ in range(count)]


def invented_bsn(seed=1):
    return next(n for n in invented(1000, 9, seed) if passes_elfproef(n) and n[:2] != "10")


def invented_cpr(day=date(2014, 3, 12), seed=2):
    dice = random.Random(seed)
    while True:
        digits = f"{day:%d%m%y}{dice.randrange(4000, 10000)}"
        if passes_mod_11(digits) and born(digits) == day:
            return digits


def test_the_elfproef_agrees_with_the_oracle():
    for number in invented(4000, 9, 3):
        wanted = oracle_bsn.is_valid(number) or oracle_onderwijsnummer.is_valid(number)
        assert passes_elfproef(number) == (wanted and len(set(number)) > 1), number


def test_the_birth_date_in_a_cpr_number_agrees_with_the_oracle():
    for number in invented(6000, 10, 4):
        try:
            wanted = oracle_cpr.get_birth_date(number)
        except oracle_cpr.InvalidComponent:
            continue
        if int(number[:2]) <= 31:
            assert born(number) == wanted, number


def test_a_replacement_number_counts_from_the_day_without_sixty():
    assert born("6710144285") == date(2014, 10, 7)


def test_a_bsn_needs_a_word_that_names_it():
    number = invented_bsn()
    assert [n.digits for n in find_bsn(f"BSN: {number}")] == [number]
    assert [
        n.digits for n in find_bsn(f"Burgerservicenummer {number[:4]}.{number[4:6]}.{number[6:]}")
    ]
    assert not list(find_bsn(f"Nummer {number}"))


@pytest.mark.parametrize("before", ["BSN onbekend, factuur ", "bsn nvt. Telefoon ", "absn"])
def test_a_number_that_something_else_claims_is_no_bsn(before):
    assert not list(find_bsn(f"{before}{invented_bsn()}"))


def test_a_vat_number_is_no_bsn():
    assert not list(find_bsn(f"bsn/btw NL{invented_bsn()}B01"))


def test_a_written_cpr_number_beside_a_name_counts_if_its_check_digit_agrees():
    number = invented_cpr()
    written = f"{number[:6]}-{number[6:]}"
    for text in (f"Freja Mosgrøn {written}", f"Freja\n{written}"):
        assert [(n.digits, n.young) for n in find_cpr(text, TODAY)] == [(number, True)]
    wrong = f"{written[:-1]}{(int(written[-1]) + 1) % 10}"
    assert not list(find_cpr(f"Freja {wrong}", TODAY))
    assert not list(find_cpr(f"meter {written}", TODAY))
    assert [n.young for n in find_cpr(f"CPR-nr. {wrong}", TODAY)] == [True]


def test_the_cpr_number_of_an_adult_is_no_childs():
    grown = invented_cpr(date(1975, 5, 5), seed=5)
    assert [n.young for n in find_cpr(f"cpr {grown[:6]}-{grown[6:]}", TODAY)] == [False]


def test_bare_digits_in_a_row_of_numbers_are_no_cpr_number():
    assert not list(find_cpr(f"ordre {invented_cpr()}", TODAY))


def test_a_lost_leading_zero_is_put_back_in_a_column():
    number = next(n for n in invented(20_000, 9, 6) if n[0] == "0" and passes_elfproef(n))
    assert cell_bsn(number[1:]) == number
    assert cell_cpr("70314-4285") == "0703144285"


def test_numbers_behind_one_word_are_found_until_the_next_sentence_is_too_far():
    first, second = invented_bsn(1), invented_bsn(8)
    assert [n.digits for n in find_bsn(f"bsn {first} en {second}")] == [first, second]
    assert not list(find_bsn(f"bsn onbekend{' ' * 60}{first}"))


def test_a_hyphen_that_does_not_break_is_a_hyphen():
    number = invented_cpr()
    assert list(find_cpr(f"Freja {number[:6]}\u2011{number[6:]}", TODAY))

"""Kinds of data: which a pupil file holds, told from its fields, tables and words."""

import io
from datetime import date
from pathlib import Path

import pytest

from collectors.recognise.category import SENSITIVE, Category, is_sensitive
from collectors.recognise.contacts import contact_kinds
from collectors.recognise.judge import judge
from collectors.recognise.rules import data_kinds
from collectors.recognise.rules.data_kinds import kinds_of_data, load
from collectors.recognise.verdict import Judgement
from collectors.recognise.vocabulary import distinct_words, vocabulary
from tests import documents, rule_mistakes

TODAY = date(2026, 11, 1)
FILE = Path(data_kinds.__file__).with_name("data-kinds.toml")


def kinds(*lines: str) -> set[str]:
    """The kinds of data of a letter about an invented pupil with these lines in it."""
    text = "\n".join(("Naam leerling: Sanne Vuurbloem", "Geboortedatum: 12-03-2016", *lines))
    verdict = judge(io.BytesIO(text.encode()), TODAY)
    assert verdict.verdict is Judgement.PUPIL
    return set(map(str, verdict.categories)) - {"name", "birth-date"}


def table(heads, *rows):
    return judge(io.BytesIO(documents.table_text((heads, *rows)).encode()), TODAY)


def test_a_class_list_holds_what_its_columns_hold():
    verdict = judge(io.BytesIO(documents.roster().encode()), TODAY)
    assert verdict.categories == (Category.NAME, Category.PHONE, Category.BIRTH_DATE)
    assert not verdict.sensitive


def test_a_support_plan_is_sensitive():
    verdict = judge(io.BytesIO("\n".join(documents.LETTER).encode()), TODAY)
    assert {Category.HEALTH, Category.CARE} <= set(verdict.categories)
    assert verdict.sensitive


def test_a_file_that_is_no_pupil_file_has_no_kinds_of_data():
    assert judge(io.BytesIO(documents.POLICY.encode()), TODAY).categories == ()
    assert judge(io.BytesIO(documents.table_text(documents.STAFF).encode()), TODAY).categories == ()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Adres: Denkweg 12, 1234 AB Verzonnen", "address"),
        ("Hij woont op de Verzonnen Lindelaan 3a.", "address"),
        ("Bopæl: Opdigtetvej 7, 2. tv.", "address"),
        ("Telefoon: 06-00000001", "phone"),
        ("Bel moeder op +31 6 00 00 00 01.", "phone"),
        ("Ring på +45 20 00 00 01.", "phone"),
        ("tlf. 20000001", "phone"),
        ("Mail: ouder@example.org", "e-mail"),
        ("Geslacht: m", "sex"),
        ("Foto: sanne.jpg", "photo"),
        ("Stamnummer: 100234", "pupil-number"),
        ("Wachtwoord: Zonnetje12", "access-data"),
        ("Uni-Login: sann0001", "access-data"),
        ("Vaardigheidsscore 210, niveau III.", "grades-and-progress"),
        ("Zij heeft 14 dagen fravær.", "absence"),
        ("Er is sprake van pestgedrag in de pauze.", "behaviour"),
        ("Zij heeft de diagnose ADHD.", "health"),
        ("Allergie: noten", "health"),
        ("Der er ansøgt om støttetimer.", "care"),
        ("Forældrene er skilt.", "family-situation"),
        ("Er is een gezinsvoogd bij betrokken.", "youth-protection"),
        ("Nationaliteit: Verzonnen", "religion-or-origin"),
        ("Het gezin heeft schulden.", "financial"),
    ],
)
def test_each_kind_is_seen_in_the_languages_of_the_schools(line, kind):
    assert kind in kinds(line)


@pytest.mark.parametrize(
    "line",
    [
        "Allergie:",
        "Allergie: nee",
        "Medicatie: n.v.t.",
        "Medicatie: ............",
        "Allergi: ingen",
        "Telefoon: ",
        "Nationaliteit: onbekend",
        "Gesprek op 12-03-2026 om 10 uur, lokaal 14.",
        "Zie bladzijde 12 13 14 15 16.",
        "Blok 3, week 41, 2026.",
    ],
)
def test_what_is_not_told_is_no_kind_of_data(line):
    assert kinds(line) == set()


def test_a_column_without_a_value_tells_of_nothing():
    heads = ("Leerling", "Klas", "Geboortedatum", "Allergie", "Telefoon")
    rows = [(name, group, born, "", "") for name, group, born, *_ in documents.ROWS]
    empty = table(heads, *rows)
    assert empty.verdict is Judgement.PUPIL
    assert not {Category.HEALTH, Category.PHONE} & set(empty.categories)
    filled = table(heads, *((*row[:3], "noten", "06-00000001") for row in rows))
    assert {Category.HEALTH, Category.PHONE} <= set(filled.categories)
    denied = table(heads, *((*row[:3], "nee", "-") for row in rows))
    assert Category.HEALTH not in denied.categories


def test_names_beside_numbers_are_names_whoever_bears_them():
    rows = [(f"Xq{n} Zzz", "12345678" + "2") for n in range(6)]
    assert Category.NAME in table(("Naam", "BSN"), *rows).categories


def test_a_citizen_number_is_no_telephone_number():
    assert list(contact_kinds("CPR: 010203-1234")) == []
    assert list(contact_kinds("BSN 123456782 en 0102031234")) == []


def test_what_is_sensitive_is_a_closed_list():
    assert is_sensitive([Category.NAME, Category.HEALTH])
    assert not is_sensitive(set(Category) - SENSITIVE)


def test_every_kind_but_those_seen_by_their_form_has_a_rule():
    kinds = kinds_of_data()
    ruled = {*kinds.columns.values(), *kinds.fields.values()}
    ruled |= {one for one, told in kinds.evidence.items() if told}
    assert ruled | {one for one, listed in kinds.words.items() if listed.words} == set(Category)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[health]", "[healthy]", "unknown key 'healthy'"),
        (
            'evidence = ["bsn", "cpr", "skola24"]',
            'evidence = ["ssn"]',
            "'ssn' is no kind of evidence",
        ),
        ('columns = ["gender"]', 'column = ["gender"]', "unknown key 'column'"),
        ('"geslacht"', '"telefoon"', "'telefoon' is both phone and sex"),
        ('"tlf."', '"TLF"', "small letters"),
        ("nothing = [", "nothing = 7\nx = [", "unknown key 'x'"),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path, old, new, said):
    rule_mistakes.expect(load, FILE, tmp_path, old, new, said)


def test_a_vocabulary_knows_words_beginnings_and_phrases():
    listed = vocabulary(["adhd", "diagnos*", "veilig thuis"])
    low = b"een diagnosetraject; veilig thuisgebracht; geen adhdx"
    assert list(listed.found(distinct_words(low), low)) == [b"diagnosetraject;", b"veilig thuis"]
    assert list(listed.found(distinct_words(b"adhd"), b"adhd")) == [b"adhd"]

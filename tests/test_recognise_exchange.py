"""Exports of pupil systems are found by their structure and named; their schemas are clean."""

import io
from datetime import date
from pathlib import Path

import pytest

from collectors.recognise.category import Category
from collectors.recognise.judge import judge
from collectors.recognise.rules import exchange_formats
from collectors.recognise.rules.exchange_formats import FORMATS, load
from collectors.recognise.verdict import Evidence, Judgement, Kind
from tests import exchange_files as files
from tests import rule_mistakes

TODAY = date(2026, 11, 1)
FILE = Path(exchange_formats.__file__).with_name("exchange.toml")
FIELDS = ("bsn", "achternaam", "roepnaam", "geboortedatum", "geslacht", "diagnose", "leerlingid")


def look(content):
    raw = content.encode() if isinstance(content, str) else content
    return judge(io.BytesIO(raw), TODAY)


FOUND = {
    "edexml": (files.edexml(), Evidence.EDEXML),
    "edexml with a namespace": (files.edexml(namespace=' xmlns="urn:edexml:2.1"'), Evidence.EDEXML),
    "edexml of one pupil": (files.edexml(files.PEOPLE[:1]), Evidence.EDEXML),
    "oso of one year": (files.oso(2022), Evidence.OSO),
    "oso of another year": (files.oso("2025/1"), Evidence.OSO),
    "oso with a prefix": (files.oso(2024, "ns2:"), Evidence.OSO),
    "uwlr results": (files.uwlr(), Evidence.UWLR),
    "uwlr results in soap": (files.uwlr(soap=True), Evidence.UWLR),
    "parnassys": (files.parnassys(), Evidence.PARNASSYS),
    "parnassys as a table": (files.parnassys_table(), Evidence.PARNASSYS),
    "magister with a mark": (files.magister().encode("utf-8-sig"), Evidence.MAGISTER),
    "magister with semicolons": (files.magister(";"), Evidence.MAGISTER),
    "magister for a directory": (files.decibel().encode("cp1252"), Evidence.MAGISTER),
    "amn": (files.amn(), Evidence.AMN),
    "uni-login": (files.uni_login().encode("cp1252"), Evidence.UNI_LOGIN),
    "uni-login in other words": (
        files.uni_login("Brugernavn;Fornavn;Efternavn;Klasse;Kodeord", split=True),
        Evidence.UNI_LOGIN,
    ),
    "skola24 without heads": (files.skola24().encode("cp1252"), Evidence.SKOLA24),
}


@pytest.mark.parametrize("name", FOUND)
def test_an_export_is_a_pupil_file_and_its_format_is_named(name):
    content, evidence = FOUND[name]
    verdict = look(content)
    assert verdict.verdict is Judgement.PUPIL
    assert {Evidence.EXCHANGE_FORMAT, evidence} <= set(verdict.evidence)
    assert len({*FORMATS} & set(verdict.evidence)) == 1
    one = "one" in name or "oso" in name
    assert verdict.persons_min == (1 if one else len(files.PEOPLE))


def test_a_document_within_a_transfer_file_is_read():
    verdict = look(files.oso_with_attachment())
    assert verdict.verdict is Judgement.PUPIL
    assert verdict.kind is Kind.CARE
    assert Category.HEALTH in verdict.categories


def test_results_of_pupils_who_have_no_name_are_still_theirs():
    verdict = look(files.uwlr())
    assert verdict.kind is Kind.PROGRESS
    assert {Category.PUPIL_NUMBER, Category.GRADES_AND_PROGRESS} == set(verdict.categories)


def test_logins_of_pupils_are_access_data():
    assert Category.ACCESS_DATA in look(files.uni_login()).categories


@pytest.mark.parametrize(
    "space",
    [
        f"{files.BRON}/oso_gegevensset/2024",
        f"{files.BRON}/leerresultaten/2/leerresultaten",
        f"{files.BRON}/leerlinggegevens/2",
        "http://www.topicus.nl/parnassys",
        "http://www.edustandaard.nl/edexml",
    ],
)
def test_a_schema_of_such_a_format_is_clean(space):
    assert look(files.schema(space, *FIELDS)).verdict is Judgement.CLEAN


@pytest.mark.parametrize(
    "content",
    [
        files.edexml(()),
        files.uwlr(pupils=0),
        files.oso(2024, inside="<achternaam></achternaam><roepnaam/>"),
        files.magister().splitlines()[0] + "\r\n",
        "id;klas;stamnummer;roepnaam;achternaam\r\n1;1A;1000;n.v.t.;-\r\n2;1A;1001;n.v.t.;-\r\n",
        "a;b;20160312-2380;d;e;f\n" * 4,
    ],
)
def test_a_format_without_a_record_is_clean(content):
    assert look(content).verdict is Judgement.CLEAN


def test_a_table_without_heads_needs_numbers_that_prove_themselves():
    wrong = files.skola24().replace("-23", "-24")
    assert look(wrong).verdict is Judgement.CLEAN
    old = files.skola24().replace(";2016", ";1966").replace(";2015", ";1965")
    assert look(old).verdict is Judgement.CLEAN


def test_words_about_a_format_are_no_export():
    text = (
        "Handleiding EDEXML: het element <leerlingen> bevat per <leerling> een roepnaam en een "
        "achternaam; de namespace van OSO begint met edustandaard.nl/oso_gegevensset/."
    )
    assert look(text).verdict is Judgement.CLEAN


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[edexml]", "[edex]", "unknown key 'edex'"),
        ('marks = [["<edex>"', 'mark = [["<edex>"', "unknown key 'mark'"),
        ('[["<edex>", "<leerlingen>"]]', "[]", "says nothing to know it by"),
        ('[["<edex>", "<leerlingen>"]]', '"<edex>"', "list of lists"),
        ('[["<edex>", "<leerlingen>"]]', '[["<EDEX>"]]', "small letters"),
        ("number = 2", "number = 9", "whole numbers"),
        ("bare = {", "names = ['navn']\n#", "says nothing to know it by"),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path, old, new, said):
    rule_mistakes.expect(load, FILE, tmp_path, old, new, said)

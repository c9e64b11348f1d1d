"""Closed dossiers: a day that has passed closes one; rules and plans about closing do not."""

import io
from datetime import date
from pathlib import Path

import pytest

from collectors.recognise.category import Category
from collectors.recognise.judge import judge
from collectors.recognise.rules import closing
from collectors.recognise.rules.closing import load
from collectors.recognise.verdict import Judgement, Kind
from tests import documents, rule_mistakes

TODAY = date(2026, 11, 1)
FILE = Path(closing.__file__).with_name("closed.toml")
ABOUT = ("Naam leerling: Sanne Vuurbloem", "Geboortedatum: 12-03-2016", "Zij heeft dyslexie.")


def look(*lines):
    return judge(io.BytesIO("\n".join(lines).encode()), TODAY)


@pytest.mark.parametrize(
    "line",
    [
        "Dossier gesloten op 31-07-2025.",
        "Het dossier is afgesloten per 1 juli 2024.",
        "Zaak afgesloten: 2024-11-30",
        "Uitgeschreven per 31-07-2025",
        "Datum uitschrijving: 31-07-2025",
        "Datum uitschrijving:\n31-07-2025",
        "Sagen er afsluttet den 30. juni 2025.",
        "Sag lukket 30-06-2025",
        "Udmeldt den 30-06-2025",
        "Case closed on 30 June 2025.",
    ],
)
def test_a_day_that_has_passed_closes_a_dossier(line):
    verdict = look(*ABOUT, line)
    assert (verdict.verdict, verdict.kind) == (Judgement.PUPIL, Kind.CLOSED_DOSSIER)
    assert Category.HEALTH in verdict.categories


@pytest.mark.parametrize("title", ["AFGESLOTEN DOSSIER", "Archiefdossier 2019/14", "Afsluttet sag"])
def test_a_title_closes_a_dossier(title):
    assert look(title, *ABOUT).kind is Kind.CLOSED_DOSSIER


@pytest.mark.parametrize(
    "line",
    [
        "Dossier gesloten op 31-07-2030.",
        "Het dossier wordt gesloten na twee jaar.",
        "Een dossier is gesloten zodra de leerling is uitgeschreven.",
        "Het dossier is nog open sinds 01-02-2024.",
        "Sagen lukkes, når barnet er udmeldt.",
        "Wat in een afgesloten dossier staat, bewaren wij in het archief.",
        "De case is closed-ended; see 2024-01-01.",
        "Datum uitschrijving:\nGeboortedatum broer: 12-03-2012",
    ],
)
def test_words_about_closing_close_nothing(line):
    verdict = look(*ABOUT, line)
    assert verdict.verdict is Judgement.PUPIL
    assert verdict.kind is not Kind.CLOSED_DOSSIER


def test_a_policy_about_closed_dossiers_is_no_pupil_file():
    policy = "Afgesloten dossiers\nDossier gesloten op 31-07-2025: naar het archief. "
    assert look(policy + documents.POLICY).verdict is Judgement.CLEAN


def test_a_list_is_not_closed_because_one_pupil_left():
    heads = (*documents.HEADS, "Opmerking")
    rows = [(*row, "uitgeschreven per 31-07-2025" if n == 0 else "") for n, row in
            enumerate(documents.ROWS)]  # fmt: skip
    listed = documents.table_text((heads, *rows))
    assert judge(io.BytesIO(listed.encode()), TODAY).kind is Kind.PUPIL_LIST
    titled = f"Archiefdossier\n{listed}"
    assert judge(io.BytesIO(titled.encode()), TODAY).kind is Kind.CLOSED_DOSSIER


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("titles = [", "title = [", "unknown key 'title'"),
        ('"archiefdossier"', '"Archiefdossier"', "small letters"),
        ('"dossier gesloten",', '"dossier gesloten", "dossier gesloten",', "stands there twice"),
        ('"udmeldt",', "5,", "5 is no word"),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path, old, new, said):
    rule_mistakes.expect(load, FILE, tmp_path, old, new, said)

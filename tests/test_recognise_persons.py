"""How many persons a file names, and letters in which one is spoken of. Everybody is invented."""

import io
from datetime import date

import pytest

from collectors.recognise.judge import judge
from collectors.recognise.names import looks_like_name, name_at
from collectors.recognise.reading import read
from collectors.recognise.unusual import unusual_names
from collectors.recognise.verdict import Evidence, Judgement
from tests import documents

TODAY = date(2026, 11, 1)
NAMES = [row[0] for row in documents.ROWS]


def look(text):
    return judge(io.BytesIO(text.encode()), TODAY)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Sanne de Vries Bilal Demir", "Sanne de Vries"),
        ("Sanne Vuurbloem Mees Zandloper Yara", "Sanne Vuurbloem"),
        ("Anna Maria Sofie Jansen", "Anna Maria Sofie Jansen"),
        ("Freja Martina", "Freja Martina"),
        ("Sanne op AVI-M5", "Sanne"),
        ("Sanne op den Dijk. Groep", "Sanne op den Dijk"),
        ("Mees 5A", "Mees"),
    ],
)
def test_a_name_ends_where_the_next_person_begins_and_holds_no_digits(text, name):
    assert name_at(text, 0).text == name


def test_an_apostrophe_may_open_a_part_of_a_name():
    assert looks_like_name("Willem van 't Zand")
    assert not looks_like_name("' '")


def test_each_record_of_an_exchange_file_is_a_person_also_when_first_names_repeat():
    record = "<leerling><roepnaam>Sanne</roepnaam><achternaam>{}</achternaam></leerling>"
    text = "".join(record.format(name.split()[1]) for name in NAMES)
    verdict = look(f"<?xml version='1.0'?><EDEX><leerlingen>{text}</leerlingen></EDEX>")
    assert (verdict.persons_min, verdict.persons_max) == (len(NAMES), len(NAMES))


def test_a_row_with_an_odd_name_counts_and_one_that_adds_up_does_not():
    rows = [("Leerling", "Geboortedatum", "Groep")]
    rows += [(row[0], row[2], "5A") for row in documents.ROWS]
    rows += [("?ahin Wolkenveld", "01-02-2016", "5A"), ("Totaal:", "", ""), ("Gemiddelde", "", "")]
    assert look(documents.table_text(rows)).persons_max == len(NAMES) + 1


def test_the_lines_of_a_table_without_columns_count_also_with_unusual_names():
    lines = ["Leerling Niveau Aanpak Ondersteuning"]
    lines += [f"{name} III basis verlengde instructie" for name in (*NAMES, "Xzyp Vuurbloem")]
    lines += ["Yxzy Regenhout plus"]
    assert look("\n".join(["Groepsplan groep 5", *lines])).persons_min == len(NAMES) + 2


def test_parents_in_a_table_without_columns_are_not_counted_where_each_row_has_a_birth_date():
    lines = ["Kind Geboortedatum Groep Ophalen door Noodnummer"]
    for row in documents.ROWS:
        lines += [f"{row[0]} {row[2]} Beertjes", row[3], "06 00000001"]
    verdict = look("\n".join(["Groepslijst", *lines]))
    assert (verdict.persons_min, verdict.persons_max) == (len(NAMES), len(NAMES))


def test_two_children_of_one_report_are_two():
    text = (
        "Hændelsesrapport\nBarn: Freja Mosgrøn, født 09-02-2016\nAndet barn: Otto Sommereng\n"
        "Freja slog Otto, og de græd begge. Far er bekymret."
    )
    verdict = look(text)
    assert (verdict.persons_min, verdict.persons_max) == (2, 2)


LETTERS = {
    "a couple": "Kære Hans Mosgrøn og Petra Duinpan",
    "a family": "Aan de ouders van Petra Duinpan",
    "the same surname": "Dear Petra Mosgrøn,",
}
BODY = "\n\nOda Mosgrøn har haft meget fravær de seneste uger. Hun er ordblind.\n\n"
SMALL_TALK = "\n\nOda er syg i dag og kommer på fredag.\n\n"
SIGNED = "Venlig hilsen\nKarin Zandloper\nklasselærer i 3.A"


@pytest.mark.parametrize("greeting", LETTERS.values(), ids=LETTERS)
def test_a_letter_from_school_to_parents_is_about_the_child_it_speaks_of(greeting):
    verdict = look(greeting + BODY + SIGNED)
    assert verdict.verdict is Judgement.PUPIL
    assert Evidence.MENTION in verdict.evidence


@pytest.mark.parametrize(
    "text",
    [
        "Dear Petra Duinpan," + SMALL_TALK + SIGNED,
        "Dear all," + SMALL_TALK + SIGNED,
        LETTERS["a couple"] + SMALL_TALK + "Venlig hilsen\nKarin Zandloper\nsælger",
        LETTERS["a couple"] + "\n\nOda kommer forbi på fredag.\n\n" + SIGNED,
    ],
    ids=["a colleague", "everybody", "not from a school", "nothing personal"],
)
def test_another_letter_that_names_somebody_is_not(text):
    assert look(text.replace("Oda Mosgrøn", "Oda")).verdict is Judgement.CLEAN


def test_a_label_inside_a_longer_word_calls_no_date_a_birth():
    text = "De handleiding staat op het net.\nSanne Vuurbloem <sanne@gebouw.example>, 2017-04-20\n"
    assert look(text).verdict is Judgement.CLEAN
    assert Evidence.BIRTH_DATE in look("Sanne Vuurbloem, geb. 2017-04-20\n").evidence


FILLER = (
    "Het project heeft een bestuur dat bij elke uitgave stemt, en wij schrijven voor wie dat "
    "niet kent. Deze handleiding wordt ook naar andere talen vertaald. "
)
TOLD = "Sanne Vuurbloem heeft veel verdriet; haar moeder is ziek en de huisarts helpt. "


def test_a_sentence_about_somebody_in_a_long_text_on_something_else_is_no_file_about_her():
    assert look(TOLD).verdict is Judgement.PUPIL
    assert look(FILLER * 80 + TOLD + FILLER * 80).verdict is Judgement.CLEAN


def test_a_text_in_another_language_is_not_judged_by_single_words():
    other = "La lingvo estas facila kaj bela. " * 20
    assert look(f"{TOLD}\n{other}").verdict is Judgement.CLEAN


def test_a_table_without_columns_ends_where_nobody_is_named_for_a_while():
    head = "Naam Leeftijd Land\n"
    rest = "\n".join(
        ["Een regel over iets anders."] * 40 + [f"{name} 3 May 2016" for name in NAMES]
    )
    assert Evidence.ROSTER not in look(head + rest).evidence


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("De leerling Xzyp Vuurbloem is ziek.", "Xzyp Vuurbloem"),
        ("De ouders van Xzyp komen morgen.", "Xzyp"),
        ("Xzyp's moeder belde.", "Xzyp"),
        ("Vi talte med Xzyps mor i dag.", "Xzyp"),
        ("Daarna kwamen Xzyp en haar vader.", "Xzyp"),
        ("Møde om Xzyp Mosgren og hans forældre.", "Xzyp Mosgren"),
        ("Zorg: Xzyp uit groep 4 blijft thuis.", "Xzyp"),
        ("Xzyp, 8 jaar, slaapt slecht.", "Xzyp"),
        ("Hendes mor ringede.", None),
        ("Ouders uit groep 4 helpen.", None),
        ("Rekenen in groep 4.", None),
        ("De kat en haar moeder.", None),
    ],
)
def test_a_word_that_stands_where_only_a_name_can_stand_is_one(text, name):
    found = [each.text for names in unusual_names(read(text)).values() for each in names]
    assert found == ([name] if name else [])


NOTES = {
    "a call": "Ff met mw. Zandloper gebeld over Sanne. Ze wil niet meer naar school, slaapt slecht "
    "sinds de scheiding.",
    "a participle": "Mees was er met zijn vader. Mees blowt op school, spijbelt; leerplicht.",
    "a greeting": "Hoi, Sanne is vandaag huilend op school gekomen. Ze zegt dat papa boos was.",
    "handing over": "Lars: dyslexie, RT op di\nNoor: ruzie met Fleur\nYusuf: taal zwak, NT2",
    "medicines": "Medicatie\nFinn - ventolin\nSaar - epipen (pinda)\nSami - melatonine",
}


@pytest.mark.parametrize("text", NOTES.values(), ids=NOTES)
def test_a_note_on_a_child_is_recognised(text):
    assert look(text).verdict is Judgement.PUPIL


@pytest.mark.parametrize(
    "text",
    [
        "Beste collega's, de moeder van Sanne is overleden. Groet, Mees, directeur",
        "Sanne: koffie en taart\nMees: beamer en snoer\nYara: ziek\nBilal: aanmelden bezoekers",
        "Morgen komt Sanne. Zij brengt de bril mee.",
    ],
    ids=["a colleague's loss", "tasks", "words that only begin alike"],
)
def test_a_note_among_adults_is_not(text):
    assert look(text).verdict is Judgement.CLEAN


def test_a_birth_date_with_a_short_year_counts_where_it_is_said_to_be_one():
    rows = [("Naam kind", "Geb.", "Dagen")]
    rows += [(row[0], row[2][:6] + row[2][8:], "ma di") for row in documents.ROWS]
    assert Evidence.BIRTH_DATE in look(documents.table_text(rows)).evidence
    assert Evidence.BIRTH_DATE in look("Sanne Vuurbloem, geb. 12-03-16\n").evidence
    assert Evidence.BIRTH_DATE not in look("Sanne Vuurbloem, 12-03-16\n").evidence


@pytest.mark.parametrize("line", ["{} | {} | 5A", "| {} | {} | 5A |", "{}|{}|5A"])
def test_a_table_drawn_with_bars_is_a_table(line):
    lines = [line.format("Leerling", "Geboortedatum"), line.format("---", "---").replace("5A", "-")]
    lines += [line.format(row[0], row[2]) for row in documents.ROWS]
    text = "\n".join(["Een lijst", *["Een regel"] * 60, *lines])
    assert look(text).persons_max == len(NAMES)


def test_a_family_of_all_ages_is_no_list_of_pupils():
    family = "\n".join(f"{row[0]} geb. {row[2]}" for row in documents.ROWS[:2])
    assert look(family).verdict is Judgement.PUPIL
    assert look(f"{family}\nHans Zandloper geb. 1-2-1980").verdict is Judgement.CLEAN


def test_marks_for_names_are_a_class_where_a_class_or_many_subjects_stand_above():
    rows = [("Naam", "Cijfer"), *((name, "6,5") for name in NAMES)]
    assert look(documents.table_text(rows, "\t")).verdict is Judgement.CLEAN
    assert look("Toets klas 2b\n" + documents.table_text(rows, "\t")).verdict is Judgement.PUPIL
    many = [("Naam", "Rekenen", "Taal", "Lezen"), *((name, "6", "7", "8") for name in NAMES)]
    assert look(documents.table_text(many)).verdict is Judgement.PUPIL

"""A fourth corpus: what really lies on laptops of schools, care teams and municipalities.

Its author saw neither the rules of the recogniser nor the texts of the other sets; only the engine
that fills templates is shared, with the third. Most files are what people write between two
appointments: mails, notes of a call, half a list. Judge by it only what was frozen before it.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Literal

from bench.corpora.sample import Sample
from bench.corpora.third.filling import ages_of, filled, formats_of, size_of
from bench.corpora.third.frames import Decks, Desk, Template
from bench.corpora.third.frames import templates as parsed
from bench.corpora.third.slots import Cast

HERE = Path(__file__).parent
TEXTS, NAMES = HERE / "texts", HERE / "names.txt"
PUPIL = (
    "absence", "care_incident_report", "case_slides", "childcare_list", "classlist",
    "email_inline", "grades_overview", "hard_single_mention", "health_record",
    "html_json_export", "logbook", "oso_dossier", "photo_list", "referral_application",
    "single_child_letter", "sis_export_xml", "support_plan", "youth_protection_letter",
    "youthcare_plan",
)  # fmt: skip
CLEAN = (
    "aggregates", "anonymous_case", "bank_statement", "blank_form", "booklist", "email_neutral",
    "exam_word_problems", "fiction", "genealogy", "history_names", "invoice",
    "job_application_cv", "lesson", "logs", "menu_plan", "minutes_adults", "newsletter", "orders",
    "parents_council_minutes", "policy", "private_letter", "research", "sensor_numbers",
    "serial_numbers", "slides_neutral", "software_changelog", "source_code",
    "sports_club_members", "staff_roster", "supplier_phones", "timetable",
)  # fmt: skip
"""The same kinds as in the third set, with the same meaning."""

QUOTAS = {"pupil": {"nl": 4, "da": 3, "en": 1}, "clean": {"nl": 3, "da": 2, "en": 1}}
SIGNED = ("docx", "odt", "pdf", "doc", "eml", "msg")
"""Formats of which some end in a line that an office puts under everything."""

WORDY = (1, 1, 2, 3)
"""How many times as long a text may grow where its template lets it."""

NUMBERED = 0.64
"""Of the files whose template has a place for a number: how many have numbers in it."""


def templates() -> Sequence[Template]:
    """All templates of this set."""
    return parsed(TEXTS)


def samples(chance: random.Random) -> Iterator[Sample]:
    """The corpus, in an order that says nothing."""
    decks = Decks(chance=chance, texts=TEXTS)
    chosen = [template for kind in (*PUPIL, *CLEAN) for template in _chosen(kind, chance)]
    chance.shuffle(chosen)
    for template in chosen:
        yield _sample(template, decks, chance)


def _label(kind: str) -> Literal["pupil", "clean"]:
    return "pupil" if kind in PUPIL else "clean"


def _chosen(kind: str, chance: random.Random) -> Iterator[Template]:
    """Templates of a kind, as many as its language asks for, none twice before all were used."""
    for language, quota in QUOTAS[_label(kind)].items():
        spoken = [each for each in templates() if (each.kind, each.language) == (kind, language)]
        chance.shuffle(spoken)
        yield from islice(cycle(spoken), quota)


def _sample(template: Template, decks: Decks, chance: random.Random) -> Sample:
    desk = _desk(template, decks, chance)
    lines = _signed(template, formats_of(template), chance)
    return filled(template, lines, desk, _label(template.kind), chance)


def _desk(template: Template, decks: Decks, chance: random.Random) -> Desk:
    cast = Cast(
        language=template.language,
        ages=ages_of(template, "12-17|12-17|4-11", chance),
        chance=chance,
        alias=template.settings.get("alias", ""),
        names=NAMES,
    )
    size = size_of(template, chance)
    numbered, wordy = chance.random() < NUMBERED, chance.choice(WORDY)
    return Desk(cast=cast, decks=decks, size=size, numbered=numbered, wordy=wordy)


def _signed(template: Template, formats: Sequence[str], chance: random.Random) -> Sequence[str]:
    below = formats[0] in SIGNED and chance.random() < 0.4
    return [*template.lines, "{@foot}"] if below else template.lines

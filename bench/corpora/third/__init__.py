"""A third corpus: files written by somebody who has not seen how the recogniser decides.

They are longer and messier than examples are, and what is no pupil file shares words and shapes
with what is. A label belongs to a kind and a count to a template; neither looks at the text.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Literal

from bench.corpora.sample import Sample
from bench.corpora.third.filling import ages_of, filled, formats_of, size_of
from bench.corpora.third.frames import Decks, Desk, Template, templates
from bench.corpora.third.slots import Cast

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
BARE = (
    "bank_statement", "booklist", "fiction", "genealogy", "hard_single_mention",
    "history_names", "invoice", "job_application_cv", "logs", "menu_plan", "newsletter",
    "private_letter", "sensor_numbers", "software_changelog", "source_code",
)  # fmt: skip
"""Kinds that nobody writes on the paper of an office."""
QUOTAS = {
    "pupil": {"nl": 6, "da": 4, "en": 1},
    "clean": {"nl": 3, "da": 2, "en": 1},
}
WORDY = {
    "hard_single_mention": (1, 1, 2),
    **dict.fromkeys(("policy", "fiction", "private_letter", "source_code"), (1, 1, 2)),
    "pupil": (1, 2, 4, 6),
    "clean": (1, 2, 3, 5),
}
"""How many times as long a text may grow where its template lets it."""
PAPER = ("docx", "odt", "pdf")
NUMBERED = 0.64
"""Of the files whose template has a place for a number: how many have numbers in it."""


def samples(chance: random.Random) -> Iterator[Sample]:
    """The corpus, in an order that says nothing."""
    decks = Decks(chance=chance)
    chosen = [template for kind in (*PUPIL, *CLEAN) for template in _chosen(kind, chance)]
    chance.shuffle(chosen)
    for template in chosen:
        yield _sample(template, decks, chance)


def _chosen(kind: str, chance: random.Random) -> Iterator[Template]:
    """Templates of a kind, each as often as its language asks for, none twice before its time."""
    ours = [template for template in templates() if template.kind == kind]
    for language, quota in QUOTAS[_label(kind)].items():
        spoken = [template for template in ours if template.language == language]
        amount = max(quota + (1 < quota <= len(spoken)), len(spoken)) if spoken else 0
        chance.shuffle(spoken)
        yield from islice(cycle(spoken), amount)


def _label(kind: str) -> Literal["pupil", "clean"]:
    return "pupil" if kind in PUPIL else "clean"


def _sample(template: Template, decks: Decks, chance: random.Random) -> Sample:
    desk = _desk(template, decks, chance)
    lines = _framed(template, formats_of(template), chance)
    return filled(template, lines, desk, _label(template.kind), chance)


def _desk(template: Template, decks: Decks, chance: random.Random) -> Desk:
    cast = Cast(
        language=template.language,
        ages=ages_of(template, "5-12", chance),
        chance=chance,
        alias=template.settings.get("alias", ""),
    )
    size = size_of(template, chance)
    numbered = chance.random() < NUMBERED
    wordy = chance.choice(WORDY.get(template.kind) or WORDY[_label(template.kind)])
    return Desk(cast=cast, decks=decks, size=size, numbered=numbered, wordy=wordy)


def _framed(template: Template, formats: Sequence[str], chance: random.Random) -> Sequence[str]:
    """The lines with what offices put above and below them, whatever the text is about."""
    if formats[0].startswith("raw.") or template.kind in BARE:
        return template.lines
    above, below = ("note", "note") if formats[0] in {"xlsx", "csv"} else ("front", "tail")
    if formats[0] in {"eml", "txt", "pptx", "md"}:
        above = ""
    top = [f"{{@{above}}}"] * chance.choice([0, 0, 1, 2]) if above else []
    annexes = chance.choice([0, 0, 1, 3]) if below == "tail" and formats[0] in PAPER else 0
    bottom = [f"{{@{below}}}"] * chance.choice([0, 1, 1, 2, 3])
    return [*top, *template.lines, *["{@annex}"] * annexes, *bottom]

"""The second set: files as staff of schools, child care and youth care write them, and their like.

It was written without sight of the recogniser's rules or of any earlier set, from knowledge of the
work alone, and may be judged only once the rules are frozen: after that it is no longer blind.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.corpora.sample import Sample
from bench.corpora.second.kinds import BORROWED, CLEAN, CLEAN_FILES, PUPIL, PUPIL_FILES, SHARES
from bench.corpora.second.templates import Template, everything
from bench.corpora.second.wording import fill


def samples(chance: random.Random) -> Iterator[Sample]:
    """All files, in an order that says nothing."""
    made = [each for kind in (*PUPIL, *CLEAN) for each in _of_kind(kind, chance)]
    chance.shuffle(made)
    yield from made


def _of_kind(kind: str, chance: random.Random) -> Iterator[Sample]:
    by_language = defaultdict(list)
    for template in usable(kind):
        by_language[template.language].append(template)
    for language, amount in _shared(kind, sorted(by_language), chance).items():
        order = by_language[language]
        chance.shuffle(order)
        for number in range(amount):
            yield _sample(kind, order[number % len(order)], chance)


def usable(kind: str) -> list[Template]:
    """The templates of a class, or those it borrows."""
    templates, _ = everything()
    if kind not in BORROWED:
        return [each for each in templates if each.kind == kind]
    wanted = BORROWED[kind]
    return [
        each
        for each in templates
        if each.kind in wanted.kinds
        and not each.raw
        and (wanted.only or each.formats[0]) in each.formats
    ]


def _shared(kind: str, languages: Sequence[str], chance: random.Random) -> dict[str, int]:
    """How many files in each language; what does not divide falls by dice."""
    amount = PUPIL_FILES if kind in PUPIL else CLEAN_FILES
    whole = sum(SHARES[each] for each in languages)
    wanted = {each: amount * SHARES[each] / whole for each in languages}
    shared = {each: int(wanted[each]) for each in languages}
    while sum(shared.values()) < amount:
        left = [wanted[each] - shared[each] for each in languages]
        shared[chance.choices(languages, [max(each, 0) for each in left])[0]] += 1
    return shared


def _sample(kind: str, template: Template, chance: random.Random) -> Sample:
    _, banks = everything()
    filled = fill(template, banks, chance)
    borrowed = BORROWED.get(kind)
    return Sample(
        stem=filled.stem,
        label="pupil" if kind in PUPIL else "clean",
        kind=kind,
        language=template.language,  # type: ignore[arg-type]
        persons=filled.persons,
        rows=filled.rows,
        formats=tuple(borrowed.formats) if borrowed else template.formats,
    )

"""One sample out of a template, for every set whose texts are written as the third's are."""

import random
import re
from collections.abc import Sequence
from typing import Literal, cast

from bench._writers import Rows
from bench.corpora.sample import Sample
from bench.corpora.third.frames import Desk, Template, bounds, lines_of, said
from bench.corpora.third.mess import blurred


def formats_of(template: Template) -> tuple[str, ...]:
    """The formats that a template may be written in, the first one first."""
    return tuple(template.settings["to"].split())


def ages_of(template: Template, usual: str, chance: random.Random) -> tuple[int, int]:
    """The youngest and the oldest child; ``usual`` are the choices where a template has none."""
    return bounds(chance.choice(template.settings.get("age", usual).split("|")))


def size_of(template: Template, chance: random.Random) -> int:
    """How many children a list has."""
    return chance.randint(*bounds(template.settings.get("n", "0")))


def filled(
    template: Template,
    lines: Sequence[str],
    desk: Desk,
    label: Literal["pupil", "clean"],
    chance: random.Random,
) -> Sample:
    """The sample that these lines of a template become at this desk."""
    formats = formats_of(template)
    written = list(lines_of(lines, desk))
    stem = said(chance.choice(template.settings["stem"].split("|")), desk)
    return Sample(
        stem=re.sub(r'[/\\:*?"<>|]', "-", stem),
        label=label,
        kind=template.kind,
        language=cast(Literal["nl", "da", "en"], template.language),
        persons=_persons(template, desk.size),
        rows=_rows(written, formats, template.language, chance),
        formats=formats,
    )


def _persons(template: Template, size: int) -> tuple[int, int]:
    """From ``n n+2`` or ``1 3``: a sum of numbers and the length of the list."""
    fewest, most = (
        sum(size if part == "n" else int(part) for part in words.split("+"))
        for words in template.settings.get("persons", "0 0").split()
    )
    return fewest, most


def _rows(
    lines: Sequence[str], formats: Sequence[str], language: str, chance: random.Random
) -> Rows:
    lines = [line.replace("\u200b", "") for line in lines]
    if formats[0].startswith("raw."):
        return [[re.sub(r",(\n\s*[\]}])", r"\1", "\n".join(lines))]]
    return [line.split("¦") for line in blurred(lines, language, chance)]

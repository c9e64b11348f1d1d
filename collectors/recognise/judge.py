"""The verdict: from a file, by way of text and evidence, to pupil, clean or unreadable.

Three weights decide. P is the evidence about persons, S the topic (care, safety, progress,
school), N what speaks against (a blank form, a policy, a lesson, an invoice). A file is a pupil
file when P + 0.6 S - N reaches the threshold *and* P alone reaches its own: vocabulary never
convicts by itself. Strong person evidence halves N, since a list of pupils stays one when an
invoice stands above it; and minutes or a newsletter speak less against what they tell of one child.
``score`` is the sum on a logistic curve: 0.5 at the threshold.

Nothing here reads a clock or a disk: the same bytes on the same day give the same verdict.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import BinaryIO

from collectors.recognise.budget import Budget, Limits, PageReader, Part
from collectors.recognise.category import Category
from collectors.recognise.exchange import read_exchange
from collectors.recognise.explanation import (
    LEAST_PERSON,
    THRESHOLD,
    Column,
    Excerpt,
    Explanation,
    Mark,
)
from collectors.recognise.extract import EXTRACTORS, parts
from collectors.recognise.fields import read_fields
from collectors.recognise.findings import MOST_SPOTS, Findings
from collectors.recognise.formats import tell
from collectors.recognise.numbers import count_isbn, find_bsn, find_cpr, tells_of_the_past
from collectors.recognise.opinion import Opinion, also_of, completed
from collectors.recognise.origin import read_origin
from collectors.recognise.own_numbers import read_own_numbers
from collectors.recognise.prose import read_prose
from collectors.recognise.reading import Reading, read
from collectors.recognise.rules import rules
from collectors.recognise.tables import read_tables
from collectors.recognise.topics import Topics, weigh
from collectors.recognise.verdict import (
    MOST_PERSONS,
    Evidence,
    Format,
    Judgement,
    Kind,
    Reason,
    Verdict,
    unreadable,
)

STRONG_PERSON = 8.0
_TOPIC_SHARE = 0.6
_MOST_TOPIC = 10.0
_MOST_COUNTER = 9.0
_TOLD, _OVERHEARD = 4.5, 0.4
_AROUND = ("news", "policy", "staff", "finance")
"""Texts in which something about a child may be told among other things."""
_ISBN = 3
"""Numbers of books from which on a text is a list of books."""
_SPREAD = 1.5
_TOPIC_SHOWN = 1.5
_COUNTER_SHOWN = 2.0
_BLOCK = 1 << 20

_TOPIC_WORDS = {
    "care": Evidence.CARE_WORDS,
    "safety": Evidence.SAFETY_WORDS,
    "progress": Evidence.PROGRESS_WORDS,
    "school": Evidence.SCHOOL_WORDS,
}
_GRAVITY = (
    Reason.ENCRYPTED,
    Reason.LIMIT,
    Reason.NEEDS_OCR,
    Reason.UNSUPPORTED,
    Reason.BROKEN,
)
_ORDER = tuple(Category)
_LISTS = (Evidence.ROSTER, Evidence.NAME_LIST)


def judge(file: BinaryIO, today: date, limits: Limits | None = None) -> Verdict:
    """The verdict on a seekable binary file, as of ``today`` (ages are counted from it)."""
    return examine(file, today, limits)[0]


def examine(
    file: BinaryIO, today: date, limits: Limits | None = None, reader: PageReader | None = None
) -> tuple[Verdict, Explanation]:
    """The verdict on a file, and why; with a reader, pictures of pages are read too.

    An action relies on the digest being that of what was judged. So what is found is judged anew
    behind its digest: if the file changes meanwhile, the digest is that of something else.
    """
    limits = limits or Limits()
    said = _examine(file, today, limits, reader, "")
    if said[0].verdict is not Judgement.PUPIL and not said[0].also:
        return said
    return _examine(file, today, limits, reader, _digest(file))


def _examine(
    file: BinaryIO, today: date, limits: Limits, reader: PageReader | None, digest: str
) -> tuple[Verdict, Explanation]:
    size = file.seek(0, 2)
    format = tell(file)
    if format not in EXTRACTORS:
        return Verdict(verdict=Judgement.CLEAN, format=format, size=size), Explanation()
    if size > limits.file:
        return unreadable(Reason.LIMIT, size, format), Explanation()
    opinions, problems, shown = [], set[Reason](), format
    for part in parts(file, format, Budget(limits, reader)):
        if part.problem is not Reason.NONE:
            problems.add(part.problem)
        else:
            shown = Format.CSV if part.format is Format.CSV and format is Format.TEXT else shown
            opinions.append(weigh_text(part, today))
    best = max(opinions, key=lambda opinion: (opinion.convicts, opinion.total), default=None)
    verdict = _verdict(opinions, best, problems, shown, digest, size)
    return replace(verdict, also=also_of(opinions)), _explanation(opinions, best)


def _explanation(opinions: list[Opinion], best: Opinion | None) -> Explanation:
    if best is None:
        return Explanation()
    return Explanation(
        parts=len(opinions),
        telling=sum(opinion.convicts for opinion in opinions),
        person=best.person,
        total=best.total,
        marks=best.marks,
        columns=best.columns,
        excerpts=best.excerpts,
    )


def weigh_text(part: Part, today: date) -> Opinion:
    """Weigh the text of one part."""
    findings = Findings()
    reading = read(part.text)
    weights = weigh(reading)
    read_tables(reading, today, findings)
    blank = read_fields(reading, today, findings)
    read_prose(reading, today, math.fsum(weights.topics.values()), findings)
    _read_numbers(reading, today, findings)
    read_own_numbers(reading, findings)
    read_exchange(reading, today, findings)
    read_origin(reading, part.made_by, findings)
    counter = dict(weights.counter)
    counter["sample"] = max(counter["sample"], counter.pop("anonymous"))
    counter["blank-form"] = max(counter["blank-form"], blank)
    counter["staff"] = max(counter["staff"], findings.adults)
    if findings.points:
        _read_kind(reading, counter)
    opinion = _opinion(findings, weights, counter)
    return completed(opinion, reading, today, findings, weights.topics)


def _read_kind(reading: Reading, counter: dict[str, float]) -> None:
    """What the numbers of a text say against it: of books, or of a time long gone."""
    if tells_of_the_past(reading):
        counter["sample"] = max(counter["sample"], rules().counter["sample"].weight)
    if count_isbn(reading) >= _ISBN:
        counter["goods"] = rules().counter["goods"].weight


def _read_numbers(reading: Reading, today: date, findings: Findings) -> None:
    bsn = list(find_bsn(reading))
    cpr = [number for number in find_cpr(reading, today) if number.young]
    for evidence, least, numbers in ((Evidence.BSN, 3.0, bsn), (Evidence.CPR, 4.0, cpr)):
        different = {number.digits for number in numbers}
        if different:
            points = min(12.0, least + 2.0 * len(different))
            spots = (reading.around(number.start) for number in numbers[:MOST_SPOTS])
            findings.add(evidence, points, *different, times=len(numbers), spots=spots)


def _opinion(findings: Findings, weights: Topics, counter: Mapping[str, float]) -> Opinion:
    person = findings.weight()
    counter = _held_against(findings, counter)
    against = min(_MOST_COUNTER, sum(counter.values()))
    topic = min(_MOST_TOPIC, sum(weights.topics.values()))
    shown = [name for name, weight in weights.topics.items() if weight >= _TOPIC_SHOWN]
    spoken = [name for name, weight in counter.items() if weight >= _COUNTER_SHOWN]
    found = sorted(findings.points.items())
    marks = [
        *(_mark(kind, findings.times[kind], points) for kind, points in found),
        *(_mark(_TOPIC_WORDS[name], weights.terms[name], weights.topics[name]) for name in shown),
        *(_mark(Evidence(name), weights.terms[name], -counter[name]) for name in spoken),
    ]
    return Opinion(
        total=person + _TOPIC_SHARE * topic - against,
        person=person,
        evidence=tuple(mark.evidence for mark in marks),
        kind=_kind(findings, weights.topics),
        persons=findings.persons(),
        marks=tuple(marks),
        columns=tuple(map(Column, sorted(findings.columns))),
        excerpts=tuple(
            Excerpt(evidence=kind, text=spot)
            for kind, spots in sorted(findings.spots.items())
            for spot in spots
        ),
    )


def _held_against(findings: Findings, counter: Mapping[str, float]) -> dict[str, float]:
    """What speaks against, as far as it may. Strong evidence about persons halves it; and what is
    told of one child stays told in minutes, a newsletter or under a page of rules."""
    mention = findings.points.get(Evidence.MENTION, 0.0)
    half = 0.5 if findings.weight() - mention >= STRONG_PERSON else 1.0
    told = mention >= _TOLD
    return {
        name: weight * (min(half, _OVERHEARD) if told and name in _AROUND else half)
        for name, weight in counter.items()
    }


def _mark(evidence: Evidence, times: int, points: float) -> Mark:
    share = _TOPIC_SHARE if evidence in _TOPIC_WORDS.values() else 1.0
    return Mark(evidence=evidence, times=times, points=share * points)


def _kind(findings: Findings, topics: Mapping[str, float]) -> Kind:
    if topics["safety"] >= 3 and topics["safety"] >= topics["care"]:
        return Kind.SAFETY
    if topics["care"] >= 3:
        return Kind.CARE
    if topics["progress"] >= 2:
        return Kind.PROGRESS
    many = max(findings.persons()) > 2
    lists = many and any(evidence in findings.points for evidence in _LISTS)
    return Kind.PUPIL_LIST if lists or many else Kind.PERSON_RECORD


def _verdict(
    opinions: list[Opinion],
    best: Opinion | None,
    problems: set[Reason],
    format: Format,
    digest: str,
    size: int,
) -> Verdict:
    guilty = [opinion for opinion in opinions if opinion.convicts]
    score = _score(best)
    if guilty and best is not None:
        return Verdict(
            verdict=Judgement.PUPIL,
            persons_min=min(MOST_PERSONS, max(1, *(op.persons[0] for op in guilty), 1)),
            persons_max=min(MOST_PERSONS, max(1, sum(op.persons[1] for op in guilty))),
            score=score,
            kind=best.kind,
            evidence=tuple(dict.fromkeys(e for op in guilty for e in op.evidence)),
            categories=tuple(sorted({c for op in guilty for c in op.categories}, key=_ORDER.index)),
            format=format,
            sha256=digest,
            size=size,
        )
    reason = next((reason for reason in _GRAVITY if reason in problems), Reason.NONE)
    return Verdict(
        verdict=Judgement.UNREADABLE if problems else Judgement.CLEAN,
        score=score,
        evidence=best.evidence if best else (),
        reason=reason,
        format=format,
        sha256=digest,
        size=size,
    )


def _score(best: Opinion | None) -> float:
    if best is None:
        return 0.0
    total = best.total if best.person >= LEAST_PERSON else min(best.total, THRESHOLD - 2 * _SPREAD)
    return round(1 / (1 + math.exp(-(total - THRESHOLD) / _SPREAD)), 3)


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()

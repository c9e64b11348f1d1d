"""``dossierwacht scan --explain``: says to a person why a file is, or is not, a pupil file.

The sandboxed worker that judges also explains, in words of a list and numbers. What stands in the
file is printed only with ``--show``, and nothing of it is kept or sent.
"""

import os
from collections.abc import Iterator, Sequence

from agent.errors import AgentError
from agent.texts import FALLBACK, language_of, say
from collectors.base import utc_now
from collectors.folders.walk import Tally, open_folder, open_plain
from collectors.recognise.explanation import (
    LEAST_PERSON,
    THRESHOLD,
    Column,
    Explanation,
    Mark,
    printable,
)
from collectors.recognise.recogniser import Recogniser, recogniser_for
from collectors.recognise.rules.own import NONE, OwnRules
from collectors.recognise.verdict import Evidence, Judgement, Reason, Verdict

EVIDENCE = {
    Evidence.BSN: "numbers named as BSN that pass the check",
    Evidence.CPR: "CPR numbers of somebody young",
    Evidence.BIRTH_DATE: "birth dates of somebody young",
    Evidence.ROSTER: "rows of a table that only a list of pupils or clients has",
    Evidence.PUPIL_NUMBER: "pupil or client numbers",
    Evidence.NAME_LABEL: "filled-in fields for a pupil's or client's name",
    Evidence.NAME_LIST: "names in a list, under a word that says whose they are",
    Evidence.MENTION: "names said to be a child's, or of whom something personal is told",
    Evidence.RECORD: "records of a pupil exchange format",
    Evidence.EXCHANGE_FORMAT: "the structure of an export of a pupil system",
    Evidence.EDEXML: "it is EDEXML",
    Evidence.OSO: "it is an OSO transfer file",
    Evidence.UWLR: "it is UWLR",
    Evidence.PARNASSYS: "it is an export of ParnasSys",
    Evidence.MAGISTER: "it is an export of Magister",
    Evidence.AMN: "it is a list for AMN",
    Evidence.UNI_LOGIN: "it is a list of UNI-Login",
    Evidence.SKOLA24: "it is a list for Skola24",
    Evidence.KINDKANS_EXPORT: "it says that it comes out of Kindkans",
    Evidence.CARE_WORDS: "different terms of care",
    Evidence.SAFETY_WORDS: "different terms of a child's safety",
    Evidence.PROGRESS_WORDS: "different terms of marks and attendance",
    Evidence.SCHOOL_WORDS: "different terms of school",
    Evidence.BLANK_FORM: "a form that is not filled in",
    Evidence.POLICY: "terms of policies and rules",
    Evidence.TEACHING: "terms of lessons and exercises",
    Evidence.RESEARCH: "terms of research",
    Evidence.FINANCE: "terms of invoices and money",
    Evidence.GOODS: "terms of goods, books and licences",
    Evidence.STAFF: "staff, members or customers",
    Evidence.SAMPLE: "terms of invented or anonymous cases",
    Evidence.CODE: "program code or a log",
    Evidence.NEWS: "a newsletter, minutes or a calendar for everybody",
}
COLUMNS = {
    Column.CHILD: "child",
    Column.NAME: "name",
    Column.BIRTH: "birth date or age",
    Column.NATIONAL_ID: "BSN or CPR number",
    Column.PUPIL_NO: "pupil number",
    Column.CLASS: "class or group",
    Column.GUARDIAN: "parent or guardian",
    Column.ADDRESS: "address",
    Column.CONTACT: "phone or mail",
    Column.GENDER: "gender",
    Column.MENTOR: "mentor",
    Column.SCORES: "marks or levels",
    Column.ATTENDANCE: "absence",
    Column.CARE: "care or health",
    Column.BABY: "sleep and feeding",
    Column.ORIGIN: "nationality or origin",
    Column.STAFF: "staff",
    Column.GOODS: "goods or money",
    Column.MEMBER: "membership",
}
REASONS = {
    Reason.NONE: "it could be read",
    Reason.ENCRYPTED: "it is encrypted",
    Reason.NEEDS_OCR: "a page is a picture of text",
    Reason.BROKEN: "it is damaged",
    Reason.LIMIT: "it is larger, deeper or slower than the limits allow",
    Reason.UNSUPPORTED: "its format is not opened",
    Reason.NO_ACCESS: "it may not be opened",
    Reason.WORKER_FAULT: "the process that read it failed",
}


def explain(paths: Sequence[str], show: bool, own: OwnRules = NONE) -> int:
    """Print why each file got its verdict; exit code 0, or 1 if one could not be opened.

    Raises WorkerError if no worker can be started.
    """
    recogniser = recogniser_for(own)
    missed = 0
    try:
        for path in paths:
            try:
                lines = list(_explained(recogniser, path, show))
            except (AgentError, OSError) as error:
                missed, lines = 1, [f"{printable(path)}: cannot be explained: {error}"]
            print("\n".join(lines))
    finally:
        recogniser.close()
    return missed


def _explained(recogniser: Recogniser, path: str, show: bool) -> Iterator[str]:
    real = os.path.realpath(path)
    root = open_folder(os.path.dirname(real))
    try:
        opened = open_plain(root, os.path.basename(real), Tally())
    finally:
        root.close()
    if opened is None:
        raise AgentError("it is no plain file, or may not be opened")
    try:
        verdict, why = recogniser.explain(opened[0], utc_now().date(), show)
    finally:
        os.close(opened[0])
    yield from as_lines(path, verdict, why)


def as_lines(path: str, verdict: Verdict, why: Explanation | None) -> Iterator[str]:
    """An explanation for a person, line by line."""
    name = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path)
    yield f"{name}: {_headline(verdict)}"
    if verdict.reason is not Reason.NONE:
        yield f"  Not read to the end: {REASONS[verdict.reason]}."
    language = language_of(os.environ) or FALLBACK
    for also in verdict.also:
        yield f"  {say(language, f'also-{also.finding}', count=also.count)}"
    if verdict.categories:
        yield f"  {_holds(verdict, language)}"
    if why is None or not why.marks:
        if verdict.reason is Reason.NONE:
            yield "  Nothing in it speaks for or against."
        return
    if why.parts > 1:
        yield f"  It holds {why.parts} texts; {why.telling} of them decide. The strongest:"
    yield from _sums(why)
    for mark in sorted(why.marks, key=lambda mark: -abs(mark.points)):
        yield _line(mark)
    if why.columns:
        yield f"  Columns: {', '.join(COLUMNS[column] for column in why.columns)}"
    for excerpt in why.excerpts:
        yield f"  [{excerpt.evidence}] {excerpt.text}"


def _headline(verdict: Verdict) -> str:
    if verdict.verdict is not Judgement.PUPIL:
        return f"{verdict.verdict}, score {verdict.score:.2f}"
    low, high = verdict.persons_min, verdict.persons_max
    persons = f"{low}" if low == high else f"{low} to {high}"
    return f"pupil file ({verdict.kind}), {persons} person(s), score {verdict.score:.2f}"


def _holds(verdict: Verdict, language: str) -> str:
    """Which kinds of data are in a file, in the language a person works in."""
    listed = ", ".join(say(language, f"category-{one}") for one in verdict.categories)
    key = "holds-sensitive" if verdict.sensitive else "holds"
    return say(language, key, categories=listed)


def _sums(why: Explanation) -> Iterator[str]:
    yield (
        f"  Evidence about persons: {why.person:.1f} points, of which {LEAST_PERSON:.0f} are "
        f"needed. In all: {why.total:.1f}, of which {THRESHOLD:.0f} are needed."
    )


def _line(mark: Mark) -> str:
    count = f"{mark.times} x " if mark.times else ""
    return f"  {mark.points:+6.1f}  {count}{EVIDENCE[mark.evidence]}"

"""An entry written out in a form: for the authority, a client, the people, or the record; pure.

A paper is what was asked with what is known, in one language. Where a form needs an answer that is
not there the paper says so, and lists what is missing: it can be made at any time, since the law
lets a notification be given in steps.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server_stub.breaches.dossier_questions import QUESTIONS
from server_stub.breaches.forms import Form, FormPart
from server_stub.wording import Wording


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What is asked, and the answer; empty where there is none."""

    item: str
    label: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A heading with its lines."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """A form that was filled in."""

    form: str
    language: str
    title: str
    note: str
    plain: bool
    parts: tuple[Part, ...]
    missing: tuple[str, ...]
    """What the form needs and nobody has written yet, by its name."""


Told = Callable[[str], str]
"""The text of an item, by its name; empty where there is none."""


def fill_in(name: str, form: Form, wording: Wording, told: Told) -> Paper:
    """A form with what is known."""
    language = wording.language
    parts = tuple(_part(part, wording, told, form.plain) for part in form.parts)
    needed = [need for part in form.parts for need in part.needs]
    return Paper(
        form=name,
        language=language,
        title=form.title[language],
        note=form.note.get(language, ""),
        plain=form.plain,
        parts=parts,
        missing=tuple(need for need in needed if not told(need)),
    )


def as_text(paper: Paper, wording: Wording) -> str:
    """A paper as plain text, for a mail or a form on the web."""
    lines = [paper.title, "=" * len(paper.title), ""]
    lines += [paper.note, ""] if paper.note else []
    for part in paper.parts:
        lines += [part.heading, "-" * len(part.heading)]
        for line in part.lines:
            said = line.text or wording.text("paper.nothing")
            lines.append(said if paper.plain else f"{line.label}: {said}")
        lines.append("")
    return "\n".join(lines)


def as_data(paper: Paper) -> dict[str, object]:
    """A paper for programs."""
    return {
        "form": paper.form,
        "language": paper.language,
        "title": paper.title,
        "missing": list(paper.missing),
        "parts": [
            {
                "heading": part.heading,
                "answers": [
                    {"item": line.item, "asked": line.label, "answer": line.text}
                    for line in part.lines
                ],
            }
            for part in paper.parts
        ],
    }


def digest(content: bytes) -> str:
    """By which the history says exactly which paper left."""
    return hashlib.sha256(content).hexdigest()


def label(wording: Wording, item: str) -> str:
    """What is asked, for people."""
    return wording.text(f"fact.{item[1:]}" if item.startswith("@") else f"question.{item}")


def _part(part: FormPart, wording: Wording, told: Told, plain: bool) -> Part:
    lines = (Line(item=item, label=label(wording, item), text=told(item)) for item in part.items)
    # A letter has no empty lines; a form shows what nobody has answered.
    return Part(
        heading=part.heading[wording.language],
        lines=tuple(line for line in lines if line.text or not plain),
    )


def texts_of(
    answers: Mapping[str, str], facts: Mapping[str, str], said: Callable[[str, str], str]
) -> Told:
    """How items are told: facts as they are, answers as ``said`` puts them."""

    def told(item: str) -> str:
        if item.startswith("@"):
            return facts.get(item, "")
        answer = answers.get(item, "")
        return said(item, answer) if answer and item in QUESTIONS else ""

    return told

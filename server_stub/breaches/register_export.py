"""The whole register as a file: CSV to read, JSON with its history for programs, PDF to hand over.

A spreadsheet takes a cell that begins with ``=`` for a formula, and the register holds words that
somebody else may have written: such cells get an apostrophe before them.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from server_stub.breaches import duties, paper_pdf, processors, profiles
from server_stub.breaches import entry as entries
from server_stub.breaches.dossier_questions import QUESTIONS
from server_stub.breaches.duties import Duty, Mark
from server_stub.breaches.entry import Entry
from server_stub.breaches.paper_facts import Teller
from server_stub.breaches.processors import Processor
from server_stub.storage import (
    store_dossier,
    store_duties,
    store_history,
    store_plan,
    store_processors,
    store_register,
    store_routing,
)

AT_ONCE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_IN_PDF = ("title", "types", "persons-max", "severity")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One entry as the register is handed on."""

    entry: Entry
    marks: list[Mark]

    def mark(self, duty: Duty) -> Mark | None:
        """What counts of a duty."""
        return duties.last_of_each(self.marks).get(duty)


def rows(connection: Connection) -> Iterator[Row]:
    """Every entry, the oldest first; read some at a time, so that ten thousand are no burden."""
    every = store_register.all_breaches(connection)[::-1]
    profile = profiles.profile_now(connection)
    for begin in range(0, len(every), AT_ONCE):
        some = every[begin : begin + AT_ONCE]
        written = store_dossier.answers_of(connection, some)
        marks = store_duties.of_all(connection, some)
        for breach in some:
            entry = entries.with_answers(breach, written.get(breach.id, {}), profile)
            yield Row(entry=entry, marks=marks.get(breach.id, []))


def to_csv(connection: Connection, teller: Teller, now: datetime) -> bytes:
    """For a spreadsheet, in the words of one language."""
    wording = teller.wording
    heads = [wording.text(f"register.{name}") for name in ("number", "kind", "detected", "aware")]
    heads += [wording.text(f"question.{name}") for name in QUESTIONS]
    heads += [wording.text(f"fact.told-{duty}") for duty in Duty]
    cells = ([_safe(cell) for cell in _cells(row, teller, now)] for row in rows(connection))
    return _table([heads, *cells], wording.language)


def to_json(connection: Connection, teller: Teller, now: datetime) -> bytes:
    """For programs: closed words as they are kept, and each entry's history with its chain."""
    found = [_data(connection, row) for row in rows(connection)]
    known = [_processor(one, now) for one in store_processors.all_processors(connection)]
    content = {"made_at": now, "entries": found, "processors": known}
    return msgspec.json.format(msgspec.json.encode(content))


def to_pdf(connection: Connection, teller: Teller, now: datetime) -> bytes:
    """To hand over: a line for each entry, tagged for screen readers. Raises Refused."""
    found = [
        {
            "number": row.entry.breach.number,
            "detected": teller.moment(row.entry.breach.draft.detected_at),
            "answers": [_told(row, teller, name) for name in _IN_PDF],
            "told": [_when(row.mark(duty), teller) for duty in (Duty.AUTHORITY, Duty.SUBJECTS)],
            "closed": row.entry.breach.closed_at is not None,
        }
        for row in rows(connection)
    ]
    values: Mapping[str, object] = {
        "rows": found,
        "w": teller.wording,
        "questions": _IN_PDF,
        "made_at": teller.moment(now),
    }
    return paper_pdf.pdf("register.html", values)


def to_processors(connection: Connection, teller: Teller, now: datetime) -> bytes:
    """The list of processors for a spreadsheet, with how each agreement stands today."""
    found, wording = store_processors.all_processors(connection), teller.wording
    fields = (*processors.FIELDS, "standing")
    rows = [[wording.text(f"processor.{name}") for name in fields]]
    for one in found:
        told = one.fields | {
            "agreement": wording.text(f"processor.agreement.{one.agreement}"),
            "sub_processors": ", ".join(one.subs),
            "standing": wording.text(f"processor.{one.standing(f'{now:%Y-%m-%d}')}"),
        }
        rows.append([_safe(told[name]) for name in fields])
    return _table(rows, wording.language)


Maker = Callable[[Connection, Teller, datetime], bytes]
FORMATS: Mapping[str, tuple[str, Maker]] = {
    "csv": ("text/csv; charset=utf-8", to_csv),
    "json": ("application/json", to_json),
    "pdf": ("application/pdf", to_pdf),
    "processors": ("text/csv; charset=utf-8", to_processors),
}
"""The media type of each format, and what makes it."""


def _cells(row: Row, teller: Teller, now: datetime) -> list[str]:
    breach = row.entry.breach
    aware = teller.moment(breach.aware_at) if breach.aware_at else ""
    kind = teller.wording.title(breach.draft.kind)
    cells = [breach.number, kind, teller.moment(breach.draft.detected_at), aware]
    cells += [_told(row, teller, name) for name in QUESTIONS]
    return cells + [_when(row.mark(duty), teller) for duty in Duty]


def _told(row: Row, teller: Teller, name: str) -> str:
    answer = row.entry.answers.get(name, "")
    return teller.answer(name, answer) if answer else ""


def _when(mark: Mark | None, teller: Teller) -> str:
    """A mark with its reason; that of what is not needed stands in it already."""
    late = mark is not None and mark.at is not None and mark.reason
    return teller.mark(mark) + (f" ({late})" if late else "")


def _data(connection: Connection, row: Row) -> dict[str, Any]:
    breach = row.entry.breach
    return {
        "number": breach.number,
        "kind": breach.draft.kind,
        "device": breach.draft.device or None,
        "event": None if breach.draft.by_hand else breach.draft.seq,
        "detected_at": breach.draft.detected_at,
        "aware_at": breach.aware_at,
        "phase": breach.phase,
        "closed_at": breach.closed_at,
        "answers": dict(row.entry.answers),
        "told": [asdict(mark) for mark in row.marks],
        "routed": [asdict(mark) for mark in store_routing.marks(connection, breach)],
        "steps": [asdict(mark) for mark in store_plan.marks(connection, breach)],
        "tasks": [asdict(task) for task in store_plan.tasks(connection, breach)],
        "history": [_line(line) for line in store_history.history(connection, breach.id)],
    }


def _line(line: store_history.Entry) -> dict[str, Any]:
    kept = ("at", "who", "act", "detail", "previous", "head")
    return {name: getattr(line, name) for name in kept}


def _processor(one: Processor, now: datetime) -> dict[str, Any]:
    kept = one.fields | {"changed_at": one.changed_at, "changed_by": one.changed_by}
    return kept | {"sub_processors": one.subs, "standing": one.standing(f"{now:%Y-%m-%d}")}


def _table(rows: Iterable[Sequence[str]], language: str) -> bytes:
    written = io.StringIO()
    # Spreadsheets in Dutch and in Danish take a comma for part of a number.
    csv.writer(written, delimiter="," if language == "en" else ";").writerows(rows)
    # They take a file for UTF-8 if it begins with this mark.
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

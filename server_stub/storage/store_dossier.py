"""Rows of what is written down about a breach: one per question, and each change in the history."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from server_stub.breaches.dossier import moment_of
from server_stub.breaches.register import Breach
from server_stub.storage import store_history
from server_stub.storage.tables_register import breach_answers, breaches

ANSWERED = "answered"


def answers(connection: Connection, breach: Breach) -> dict[str, str]:
    """What is written about an entry; an empty answer was taken away."""
    return answers_of(connection, [breach]).get(breach.id, {})


def answers_of(
    connection: Connection,
    among: Iterable[Breach] | None = None,
    questions: Iterable[str] | None = None,
) -> dict[int, dict[str, str]]:
    """The answers of every entry, or of these, to all questions or to some, by the entry's id."""
    rows = select(breach_answers)
    if among is not None:
        rows = rows.where(breach_answers.c.breach.in_([breach.id for breach in among]))
    if questions is not None:
        rows = rows.where(breach_answers.c.question.in_(list(questions)))
    found: dict[int, dict[str, str]] = {}
    for row in connection.execute(rows):
        found.setdefault(row.breach, {})[row.question] = row.answer
    return found


def written_at(
    connection: Connection, question: str, among: Iterable[Breach]
) -> dict[int, datetime]:
    """When the answer to a question was last written, by the id of each of these entries."""
    rows = select(breach_answers.c.breach, breach_answers.c.noted_at).where(
        breach_answers.c.question == question,
        breach_answers.c.answer != "",
        breach_answers.c.breach.in_([breach.id for breach in among]),
    )
    return {row.breach: row.noted_at for row in connection.execute(rows)}


def write(
    connection: Connection, breach: Breach, changed: Mapping[str, str], who: str, now: datetime
) -> None:
    """Note answers; those from before stay in the history."""
    _begin_earlier(connection, breach, changed.get("noticed-at", ""))
    for question, answer in changed.items():
        here = (breach_answers.c.breach == breach.id, breach_answers.c.question == question)
        connection.execute(delete(breach_answers).where(*here))
        connection.execute(
            insert(breach_answers).values(
                breach=breach.id, question=question, answer=answer, who=who, noted_at=now
            )
        )
        told = json.dumps({"answer": answer, "question": question}, sort_keys=True)
        store_history.add_history(connection, breach.id, who, ANSWERED, told, now)


def _begin_earlier(connection: Connection, breach: Breach, noticed: str) -> None:
    """What turns out to have been noticed earlier begins its clock earlier; never later."""
    moment = moment_of(noticed)
    if moment is not None and moment < breach.draft.detected_at:
        row = update(breaches).where(breaches.c.id == breach.id)
        connection.execute(row.values(detected_at=moment))

"""Rows about letters to laptops, and about the answers to questions."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)

from agent.wire.event import Event
from server_stub import letters as pure
from server_stub.letters import Answer, Letter, What
from server_stub.storage.store_events import StoredEvent
from server_stub.storage.tables import events
from server_stub.storage.tables_letters import letter_answers, letters
from server_stub.storage.tables_register import breaches

MOST = 100
"""Letters or requests that a page lists."""
MOST_ANSWERS = 50
"""Answers to one question that are kept in mind; the events of more are there all the same."""


def add(connection: Connection, letter: Letter) -> bool:
    """Keep a letter until its laptop has it; False if the newest of its kind about this event says
    the same, such as one that was sent twice."""
    if letter.what != What.OPENED:
        for one in of_event(connection, letter.device, letter.seq, (What(letter.what),))[:1]:
            if (one.text, one.until) == (letter.text, letter.until):
                return False
    connection.execute(insert(letters).values(**asdict(letter)))
    return True


def to_bring(connection: Connection, device: str, now: datetime, most: int) -> list[Letter]:
    """The oldest letters that a laptop has still to be brought."""
    rows = select(letters).where(letters.c.device == device, letters.c.heard_at.is_(None))
    rows = rows.where(letters.c.due_at <= now).order_by(letters.c.at, letters.c.number)
    return _letters(connection.execute(rows.limit(most)))


def heard(
    connection: Connection, device: str, numbers: Sequence[str], now: datetime, *, placed: bool
) -> None:
    """A laptop says that these of its letters need not be brought again. One that was not to be
    brought yet cannot have been."""
    row = update(letters).where(letters.c.device == device, letters.c.number.in_(numbers))
    row = row.where(letters.c.heard_at.is_(None), letters.c.due_at <= now)
    connection.execute(row.values(heard_at=now, placed=placed))


def note_answers(
    connection: Connection, device: str, told: Iterable[tuple[int, Event]], now: datetime
) -> None:
    """Join events that answer a question with it. A laptop answers its own questions alone: what it
    says of another's, or of none, stays an event without a question."""
    for seq, event in told:
        if event.kind != pure.ANSWERED:
            continue
        number = pure.number_in(event.facts.get("letter"))
        here = (letters.c.device == device, letters.c.what == What.QUESTION)
        asked = select(letters.c.number).where(letters.c.number == number, *here)
        if connection.scalar(asked) is None:
            continue
        known = select(func.count()).where(letter_answers.c.letter == number)
        if (connection.scalar(known) or 0) < MOST_ANSWERS:
            connection.execute(insert(letter_answers).values(letter=number, seq=seq, at=now))


def of_event(
    connection: Connection, device: str, seq: int, whats: Sequence[What] = tuple(What)
) -> list[Letter]:
    """The letters about one event, the newest first."""
    rows = select(letters).where(letters.c.device == device, letters.c.seq == seq)
    rows = rows.where(letters.c.what.in_(whats))
    return _letters(connection.execute(rows.order_by(letters.c.at.desc(), letters.c.number)))


def numbered(connection: Connection, numbers: Iterable[str]) -> dict[str, Letter]:
    """Letters by their number."""
    rows = select(letters).where(letters.c.number.in_([one for one in numbers if one]))
    return {one.number: one for one in _letters(connection.execute(rows))}


def answers_to(connection: Connection, asked: Iterable[Letter]) -> dict[str, list[Answer]]:
    """The answers to these questions by the question's number, the newest first."""
    found: dict[str, list[Answer]] = {one.number: [] for one in asked}
    rows = select(letter_answers).where(letter_answers.c.letter.in_(list(found)))
    for row in connection.execute(rows.order_by(letter_answers.c.seq.desc())):
        answer = Answer(**row._mapping)
        found[answer.letter].append(answer)
    return found


def questions(connection: Connection, *, answered: bool) -> list[Letter]:
    """Questions that wait for an answer, the oldest first; or those that have one, newest first."""
    rows = select(letters).where(letters.c.what == What.QUESTION)
    rows = rows.where(_is_answered if answered else ~_is_answered).limit(MOST)
    return _letters(connection.execute(rows.order_by(*_by_age(newest=answered))))


def open_requests(connection: Connection) -> list[StoredEvent]:
    """What was asked and not answered, the oldest first."""
    answered = and_(
        letters.c.device == events.c.device,
        letters.c.seq == events.c.seq,
        letters.c.what.in_(pure.ANSWERS),
    )
    rows = select(events).where(events.c.kind == pure.ASKED, ~exists().where(answered))
    found = connection.execute(rows.order_by(events.c.id).limit(MOST))
    return [StoredEvent(**row._mapping) for row in found]


def answered_requests(connection: Connection) -> list[tuple[Letter, StoredEvent | None]]:
    """The answers to requests, the newest first, each with what was asked if it is still kept."""
    rows = select(letters).where(letters.c.what.in_(pure.ANSWERS))
    given = _letters(connection.execute(rows.order_by(*_by_age(newest=True)).limit(MOST)))
    places = [(one.device, one.seq) for one in given]
    asked = select(events).where(tuple_(events.c.device, events.c.seq).in_(places))
    found = [StoredEvent(**row._mapping) for row in connection.execute(asked)]
    by_place = {(one.device, one.seq): one for one in found}
    return [(one, by_place.get((one.device, one.seq))) for one in given]


def purge(connection: Connection, before: datetime) -> None:
    """Delete letters from before a moment with their answers, but not those about what an entry of
    the register was made from, nor those that are to be brought later."""
    old = and_(letters.c.at < before, letters.c.due_at < before, ~_is_in_register)
    numbers = list(connection.scalars(select(letters.c.number).where(old).limit(1000)))
    connection.execute(delete(letter_answers).where(letter_answers.c.letter.in_(numbers)))
    connection.execute(delete(letters).where(letters.c.number.in_(numbers)))


def answers_for_register(device: ColumnElement[str], seq: ColumnElement[int]) -> Any:
    """Whether an event answers a question about what an entry of the register was made from."""
    joined = letter_answers.join(letters, letters.c.number == letter_answers.c.letter)
    here = and_(letters.c.device == device, letter_answers.c.seq == seq, _is_in_register)
    return exists().select_from(joined).where(here)


_is_answered = exists().where(letter_answers.c.letter == letters.c.number)
_is_in_register = exists().where(
    and_(breaches.c.device == letters.c.device, breaches.c.seq == letters.c.seq)
)


def _by_age(*, newest: bool) -> tuple[ColumnElement[Any], ...]:
    order = (letters.c.at, letters.c.number)
    return tuple(one.desc() for one in order) if newest else order


def _letters(rows: Iterable[Row[Any]]) -> list[Letter]:
    return [Letter(**row._mapping) for row in rows]

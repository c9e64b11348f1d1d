"""Rows about the crisis team: who is in it, when it was called, and who said that they come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select

from server_stub.breaches.register import Breach
from server_stub.storage import store_history
from server_stub.storage.tables_register import breach_calls, breaches, call_answers, team_members


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One time the team was called. ``number`` is that of the entry it is about."""

    id: int
    number: str
    called_at: datetime
    called_by: str
    answers: tuple[tuple[str, datetime], ...] = ()
    """Who said that they come, and when."""

    def answered_by(self, who: str) -> bool:
        """Whether somebody said that they come."""
        return any(name == who for name, _ in self.answers)


def team(connection: Connection) -> list[str]:
    """The names of those in the team."""
    return list(connection.scalars(select(team_members.c.name).order_by(team_members.c.name)))


def set_in_team(connection: Connection, name: str, inside: bool) -> None:
    """Take somebody into the team, or out of it."""
    connection.execute(delete(team_members).where(team_members.c.name == name))
    if inside:
        connection.execute(insert(team_members).values(name=name))


def call(connection: Connection, breach: Breach, who: str, now: datetime) -> None:
    """Call the team for an entry."""
    row = insert(breach_calls).values(breach=breach.id, called_at=now, called_by=who)
    connection.execute(row)
    store_history.add_history(connection, breach.id, who, "team-called", "{}", now)


def answer(connection: Connection, number: int, who: str, now: datetime) -> None:
    """Note that somebody comes; said twice is said once."""
    found = call_numbered(connection, number)
    if found is None or found.answered_by(who):
        return
    connection.execute(insert(call_answers).values(call=number, who=who, at=now))
    breach = connection.scalar(select(breach_calls.c.breach).where(breach_calls.c.id == number))
    assert breach is not None  # the call was found five lines up, in this transaction
    store_history.add_history(connection, breach, who, "call-answered", "{}", now)


def call_numbered(connection: Connection, number: int) -> Call | None:
    """The call with this number."""
    found = connection.execute(_calls().where(breach_calls.c.id == number)).first()
    return _call(connection, found) if found else None


def calls_of(connection: Connection, breach: Breach) -> list[Call]:
    """The calls for an entry, the newest first."""
    rows = _calls().where(breach_calls.c.breach == breach.id).order_by(breach_calls.c.id.desc())
    return [_call(connection, row) for row in connection.execute(rows).all()]


def calls_since(connection: Connection, moment: datetime) -> list[Call]:
    """The calls since a moment, for whichever entry."""
    rows = _calls().where(breach_calls.c.called_at >= moment).order_by(breach_calls.c.id)
    return [_call(connection, row) for row in connection.execute(rows).all()]


def _calls() -> Select[Any]:
    columns = (breach_calls.c.id, breaches.c.number)
    both = select(*columns, breach_calls.c.called_at, breach_calls.c.called_by)
    return both.join(breaches, breaches.c.id == breach_calls.c.breach)


def _call(connection: Connection, row: Row[Any]) -> Call:
    came = select(call_answers.c.who, call_answers.c.at).where(call_answers.c.call == row.id)
    answers = connection.execute(came.order_by(call_answers.c.at))
    return Call(**row._mapping, answers=tuple((one.who, one.at) for one in answers))

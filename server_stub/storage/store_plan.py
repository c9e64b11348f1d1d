"""Rows of the plan of action: what was noted of its steps, its phase, and the tasks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from server_stub.breaches.plan import State, StepMark
from server_stub.breaches.register import Breach
from server_stub.storage import store_history
from server_stub.storage.tables_register import breach_steps, breach_tasks, breaches


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Something that somebody does until a day."""

    id: int
    task: str
    owner: str
    due: datetime
    who: str
    noted_at: datetime
    done_at: datetime | None
    done_by: str | None


def note(connection: Connection, breach: Breach, mark: StepMark) -> None:
    """Note what was said of a step."""
    row = {name: getattr(mark, name) for name in ("step", "state", "reason", "who", "noted_at")}
    connection.execute(insert(breach_steps).values(breach=breach.id, **row))
    told = {"reason": mark.reason, "state": mark.state, "step": mark.step}
    _add_history(connection, breach, mark.who, "step-noted", told, mark.noted_at)


def marks(connection: Connection, breach: Breach) -> list[StepMark]:
    """What was noted of an entry's steps, the oldest first."""
    rows = select(breach_steps).where(breach_steps.c.breach == breach.id)
    return [_mark(row) for row in connection.execute(rows.order_by(breach_steps.c.id))]


def close_phase(
    connection: Connection, breach: Breach, name: str, last: bool, who: str, now: datetime
) -> None:
    """Close the phase an entry is in, and with the last one the entry."""
    values = {"closed_at": now} if last else {"phase": breach.phase + 1}
    connection.execute(update(breaches).where(breaches.c.id == breach.id).values(**values))
    _add_history(connection, breach, who, "phase-closed", {"phase": name}, now)
    if last:
        _add_history(connection, breach, who, "entry-closed", {}, now)


def reopen(connection: Connection, breach: Breach, reason: str, who: str, now: datetime) -> None:
    """Open a closed entry again, in its last phase."""
    row = update(breaches).where(breaches.c.id == breach.id)
    connection.execute(row.values(closed_at=None))
    _add_history(connection, breach, who, "entry-reopened", {"reason": reason}, now)


def add_task(
    connection: Connection,
    breach: Breach,
    task: str,
    owner: str,
    due: datetime,
    who: str,
    now: datetime,
) -> None:
    """Give somebody a task."""
    row = insert(breach_tasks).values(
        breach=breach.id, task=task, owner=owner, due=due, who=who, noted_at=now
    )
    connection.execute(row)
    told = {"due": due.isoformat(), "owner": owner, "task": task}
    _add_history(connection, breach, who, "task-given", told, now)


def end_task(connection: Connection, breach: Breach, number: int, who: str, now: datetime) -> bool:
    """Note that a task is done; False if this entry has no such task that is open."""
    here = (breach_tasks.c.id == number, breach_tasks.c.breach == breach.id)
    row = update(breach_tasks).where(*here, breach_tasks.c.done_at.is_(None))
    if connection.execute(row.values(done_at=now, done_by=who)).rowcount == 0:
        return False
    task = connection.scalar(select(breach_tasks.c.task).where(*here))
    _add_history(connection, breach, who, "task-done", {"task": str(task)}, now)
    return True


def tasks(connection: Connection, breach: Breach) -> list[Task]:
    """The tasks of an entry, by the day they are due."""
    rows = select(*(breach_tasks.c[name] for name in Task.__slots__))
    rows = rows.where(breach_tasks.c.breach == breach.id)
    found = connection.execute(rows.order_by(breach_tasks.c.due, breach_tasks.c.id))
    return [Task(**row._mapping) for row in found]


def _add_history(
    connection: Connection, breach: Breach, who: str, act: str, told: dict[str, str], now: datetime
) -> None:
    detail = json.dumps(told, sort_keys=True)
    store_history.add_history(connection, breach.id, who, act, detail, now)


def _mark(row: Row[Sequence[object]]) -> StepMark:
    return StepMark(
        step=row.step,
        state=State(row.state),
        reason=row.reason,
        who=row.who,
        noted_at=row.noted_at,
    )

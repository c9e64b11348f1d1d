"""The page on which the officer goes through the plan of action, phase by phase."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from starlette.responses import Response

from server_stub.breaches import duties, plan
from server_stub.breaches import entry as entries
from server_stub.breaches.dossier_questions import SECTION_OF
from server_stub.breaches.duties import Duty, Mark
from server_stub.breaches.entry import Entry
from server_stub.breaches.plan import Phase, Standing, State, StepMark
from server_stub.breaches.register import Breach
from server_stub.console import pages_entry
from server_stub.console.page import Visit
from server_stub.storage import store_calls, store_duties, store_plan

LONGEST_TASK = 300
"""Characters."""
LONGEST_OWNER = 64
_PART = "plan"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A phase as its page shows it."""

    number: int
    phase: Phase
    steps: list[Standing]
    is_now: bool
    is_closed: bool

    @property
    def can_be_closed(self) -> bool:
        """Whether it is the one that is worked on, and nothing is open in it."""
        return self.is_now and plan.is_settled(self.steps)


def show(visit: Visit) -> Response:
    """``/register/{number}/plan``: the phases, their steps, and the tasks."""
    return _page(visit, pages_entry.looked_at(visit))


def note_step(visit: Visit) -> Response:
    """``POST /register/{number}/plan/step``: a step is done, not needed, or open again."""
    found, form = pages_entry.asked_open(visit), visit.form
    step, state, reason = form.get("step", ""), form.get("state", ""), _text(visit, "reason")
    with visit.collector.store.read() as connection:
        phase = _now(entries.entry_of(connection, found))
    wrong = plan.why_not(phase, step, state, reason)
    if wrong:
        return _page(visit, found, wrong, {"step": step, "reason": reason})
    mark = StepMark(step=step, state=State(state), reason=reason, who=visit.who, noted_at=visit.now)
    visit.collector.store.write(lambda c: store_plan.note(c, found, mark))
    return pages_entry.back_to(found, _PART)


def close_phase(visit: Visit) -> Response:
    """``POST /register/{number}/plan/close``: the phase is over, if nothing is open in it."""
    found = pages_entry.asked_open(visit)

    def work(connection: Connection) -> str | None:
        entry = entries.entry_of(connection, found)
        stage = next(one for one in stages(connection, entry, visit.now) if one.is_now)
        if visit.form.get("phase") != stage.phase.name or not stage.can_be_closed:
            return "still-open"
        last = stage.number == len(entry.profile.plan.phases)
        store_plan.close_phase(connection, found, stage.phase.name, last, visit.who, visit.now)
        return None

    wrong = visit.collector.store.write(work)
    return _page(visit, found, wrong) if wrong else pages_entry.back_to(found, _PART)


def reopen(visit: Visit) -> Response:
    """``POST /register/{number}/plan/reopen``: a closed entry is worked on again, for a reason."""
    found, reason = pages_entry.asked(visit), _text(visit, "reason")
    wrong = plan.wrong_reason(reason) or ("" if reason else "why-reopened")
    if found.closed_at is None:
        return pages_entry.back_to(found, _PART)
    if wrong:
        return _page(visit, found, wrong, {"reason": reason})
    visit.collector.store.write(lambda c: store_plan.reopen(c, found, reason, visit.who, visit.now))
    return pages_entry.back_to(found, _PART)


def give_task(visit: Visit) -> Response:
    """``POST /register/{number}/plan/task``: somebody is to do something until a day."""
    found = pages_entry.asked_open(visit)
    task, owner = _text(visit, "task"), _text(visit, "owner")
    due = visit.moment_in(visit.form.get("due", "") + "T23:59")
    wrong = _wrong_task(task, owner, due, visit.now)
    if wrong or due is None:
        given = {"task": task, "owner": owner, "due": visit.form.get("due", "")}
        return _page(visit, found, wrong, given)
    visit.collector.store.write(
        lambda c: store_plan.add_task(c, found, task, owner, due, visit.who, visit.now)
    )
    return pages_entry.back_to(found, _PART)


def end_task(visit: Visit) -> Response:
    """``POST /register/{number}/plan/task-done``: a task is done."""
    found, given = pages_entry.asked_open(visit), visit.form.get("task", "")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
    visit.collector.store.write(
        lambda c: store_plan.end_task(c, found, number, visit.who, visit.now)
    )
    return pages_entry.back_to(found, _PART)


def stages(connection: Connection, entry: Entry, now: datetime) -> list[Stage]:
    """The phases of an entry's plan, each with how its steps stand."""
    told, found = _told(connection, entry, now), entry.breach
    marks, at = store_plan.marks(connection, found), _number_now(entry)
    return [
        Stage(
            number=number,
            phase=phase,
            steps=plan.standings(phase, entry.answers, told, marks),
            is_now=number == at and found.closed_at is None,
            is_closed=number < at or found.closed_at is not None,
        )
        for number, phase in enumerate(entry.profile.plan.phases, 1)
    ]


def _told(connection: Connection, entry: Entry, now: datetime) -> dict[Duty, Mark | None]:
    marks = store_duties.of(connection, entry.breach)
    found = duties.dues(entry.breach, entry.profile.times, marks, now)
    return {due.duty: due.mark for due in found}


def _number_now(entry: Entry) -> int:
    """The phase that is worked on; a policy may have changed to a plan with fewer of them."""
    return min(entry.breach.phase, len(entry.profile.plan.phases))


def _now(entry: Entry) -> Phase:
    return entry.profile.plan.phases[_number_now(entry) - 1]


def _page(
    visit: Visit, found: Breach, wrong: str | None = None, given: Mapping[str, str] | None = None
) -> Response:
    with visit.collector.store.read() as connection:
        entry = entries.entry_of(connection, found)
        stages_found = stages(connection, entry, visit.now)
        tasks = store_plan.tasks(connection, found)
        calls, team = store_calls.calls_of(connection, found), store_calls.team(connection)
    return pages_entry.show(
        visit,
        entry,
        _PART,
        422 if wrong else 200,
        stages=stages_found,
        tasks=tasks,
        calls=calls,
        team=team,
        sections=SECTION_OF,
        wrong=wrong,
        given=given or {},
    )


def _wrong_task(task: str, owner: str, due: datetime | None, now: datetime) -> str | None:
    if not task or not owner:
        return "empty-task"
    if len(task) > LONGEST_TASK or len(owner) > LONGEST_OWNER:
        return "too-long"
    if wrong := plan.wrong_reason(task) or plan.wrong_reason(owner):
        return wrong
    if due is None:
        return "not-a-day"
    return "a-day-gone-by" if due < now else None


def _text(visit: Visit, name: str) -> str:
    return visit.form.get(name, "").strip()

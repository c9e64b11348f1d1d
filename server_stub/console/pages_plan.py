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
from server_stub.console.asked import whole
from server_stub.console.page import Visit
from server_stub.post import mail_settings
from server_stub.storage import store_calls, store_duties, store_people, store_plan, store_register

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
    form = visit.form
    step, state, reason = form.get("step", ""), form.get("state", ""), _text(visit, "reason")

    def work(connection: Connection, found: Breach) -> tuple[Breach, str | None]:
        entry = entries.entry_of(connection, found)
        told = _told(connection, entry)
        wrong = plan.why_not(_now(entry), step, state, reason, told)
        if not wrong:
            mark = StepMark(
                step=step, state=State(state), reason=reason, who=visit.who, noted_at=visit.now
            )
            store_plan.note(connection, found, mark)
        return found, wrong

    found, wrong = pages_entry.change(visit, work)
    return _done(visit, found, wrong, {"step": step, "reason": reason})


def close_phase(visit: Visit) -> Response:
    """``POST /register/{number}/plan/close``: the phase is over, if nothing is open in it; with
    the last one nothing may be open in any."""

    def work(connection: Connection, found: Breach) -> tuple[Breach, str | None]:
        entry = entries.entry_of(connection, found)
        every = stages(connection, entry)
        stage = next(one for one in every if one.is_now)
        last = stage.number == len(every)
        if visit.form.get("phase") != stage.phase.name or not stage.can_be_closed:
            return found, "still-open"
        if last and not all(plan.is_settled(one.steps) for one in every):
            return found, "open-again"
        store_plan.close_phase(connection, found, stage.phase.name, last, visit.who, visit.now)
        return found, None

    return _done(visit, *pages_entry.change(visit, work))


def reopen(visit: Visit) -> Response:
    """``POST /register/{number}/plan/reopen``: a closed entry is worked on again, for a reason."""
    found, reason = pages_entry.asked(visit), _text(visit, "reason")
    wrong = duties.wrong_reason(reason) or (None if reason else "why-reopened")

    def work(connection: Connection) -> None:
        fresh = store_register.breach_numbered(connection, found.number)
        if fresh is not None and fresh.closed_at is not None:
            store_plan.reopen(connection, fresh, reason, visit.who, visit.now)

    if found.closed_at is not None and not wrong:
        visit.collector.store.write(work)
    return _done(visit, found, wrong if found.closed_at else None, {"reason": reason})


def give_task(visit: Visit) -> Response:
    """``POST /register/{number}/plan/task``: somebody is to do something until a day."""
    task, owner = _text(visit, "task"), _text(visit, "owner")
    due = visit.moment_in(visit.form.get("due", "") + "T23:59")
    wrong = _wrong_task(task, owner, due, visit.now)

    def work(connection: Connection, found: Breach) -> Breach:
        if not wrong and due is not None:
            store_plan.add_task(connection, found, task, owner, due, visit.who, visit.now)
        return found

    given = {"task": task, "owner": owner, "due": visit.form.get("due", "")}
    return _done(visit, pages_entry.change(visit, work), wrong, given)


def end_task(visit: Visit) -> Response:
    """``POST /register/{number}/plan/task-done``: a task is done."""
    given = visit.form.get("task", "")
    number = whole(given, digits=9)

    def work(connection: Connection, found: Breach) -> Breach:
        store_plan.end_task(connection, found, number, visit.who, visit.now)
        return found

    return _done(visit, pages_entry.change(visit, work))


def stages(connection: Connection, entry: Entry) -> list[Stage]:
    """The phases of an entry's plan, each with how its steps stand."""
    told, found = _told(connection, entry), entry.breach
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


def _told(connection: Connection, entry: Entry) -> dict[Duty, Mark | None]:
    last = duties.last_of_each(store_duties.of(connection, entry.breach))
    return {duty: last.get(duty) for duty in entry.profile.times}


def _number_now(entry: Entry) -> int:
    """The phase that is worked on; a policy may have changed to a plan with fewer of them."""
    return min(entry.breach.phase, len(entry.profile.plan.phases))


def _now(entry: Entry) -> Phase:
    return entry.profile.plan.phases[_number_now(entry) - 1]


def _done(
    visit: Visit, found: Breach, wrong: str | None = None, given: Mapping[str, str] | None = None
) -> Response:
    return _page(visit, found, wrong, given) if wrong else pages_entry.back_to(found, _PART)


def _page(
    visit: Visit, found: Breach, wrong: str | None = None, given: Mapping[str, str] | None = None
) -> Response:
    with visit.collector.store.read() as connection:
        entry = entries.entry_of(connection, found)
        stages_found = stages(connection, entry)
        tasks = store_plan.tasks(connection, found)
        calls, team = store_calls.calls_of(connection, found), store_calls.team(connection)
        reached = {one.name for one in store_people.all_users(connection) if one.mail}
    return pages_entry.show(
        visit,
        entry,
        _PART,
        422 if wrong else 200,
        stages=stages_found,
        tasks=tasks,
        calls=calls,
        team=team,
        unreached=[name for name in team if name not in reached],
        mail_is_on=mail_settings.read_if_good(visit.collector.config.state) is not None,
        sections=SECTION_OF,
        wrong=wrong,
        given=given or {},
    )


def _wrong_task(task: str, owner: str, due: datetime | None, now: datetime) -> str | None:
    if not task or not owner:
        return "empty-task"
    if len(task) > LONGEST_TASK or len(owner) > LONGEST_OWNER:
        return "too-long"
    if wrong := duties.wrong_reason(task) or duties.wrong_reason(owner):
        return wrong
    if due is None:
        return "not-a-day"
    return "a-day-gone-by" if due < now else None


def _text(visit: Visit, name: str) -> str:
    return visit.form.get(name, "").strip()

"""The plan of action: phases that close when nothing is open in them, and tasks with an owner."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from server_stub import wording
from server_stub.breaches import plan
from server_stub.breaches.dossier_questions import QUESTIONS
from server_stub.breaches.duties import Duty, Mark
from server_stub.breaches.plan import State, StepMark
from tests.console_officer import Officer
from tests.console_visit import Console, console
from tests.databases import Databases

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENGLISH = wording.load()["en"]
IDENTIFY = plan.plan_named("three-phases").phases[0]


def mark(step: str, state: State, reason: str = "") -> StepMark:
    return StepMark(step=step, state=state, reason=reason, who="olaf", noted_at=NOON)


def told(*duties: Duty, still: tuple[Duty, ...] = ()) -> dict[Duty, Mark | None]:
    done = {duty: Mark(duty=duty, at=NOON, reason="", who="olaf", noted_at=NOON) for duty in duties}
    return done | dict.fromkeys(still)


# --- plans as data --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(plan.plans()))
def test_each_step_needs_what_there_is(name: str) -> None:
    phases = plan.plans()[name].phases
    steps = [step for phase in phases for step in phase.steps]
    assert len({step.name for step in steps}) == len(steps)
    for step in steps:
        for need in step.needs:
            duty = need.removeprefix("duty:")
            assert need in QUESTIONS or (need != duty and duty in tuple(Duty)), need
    for told_in in wording.load().values():
        assert {f"step.{step.name}" for step in steps} <= set(told_in.texts)
        assert {f"phase.{phase.name}" for phase in phases} <= set(told_in.texts)


def test_every_duty_is_a_step_of_every_plan() -> None:
    for found in plan.plans().values():
        needs = {need for phase in found.phases for step in phase.steps for need in step.needs}
        assert {f"duty:{duty}" for duty in Duty} <= needs


def test_an_unknown_plan_is_the_one_in_three_phases() -> None:
    assert plan.plan_named("nonsense") == plan.plan_named("three-phases")
    assert len(plan.plan_named("six-steps").phases) == 6


# --- how steps stand ------------------------------------------------------------------------------


def standing(step: str, **given: object) -> plan.Standing:
    values: dict[str, object] = {"answers": {}, "told": {}, "marks": []} | given
    found = plan.standings(IDENTIFY, **values)  # type: ignore[arg-type]
    return next(one for one in found if one.step.name == step)


def test_a_step_is_done_when_what_it_needs_is_there() -> None:
    assert standing("severity").state is State.OPEN
    assert standing("severity", answers={"severity": "4"}).state is State.DONE
    half = standing("what-happened", answers={"types": "availability"})
    assert half.missing == ("happened", "summary")


def test_a_step_without_needs_is_noted_by_hand_and_can_be_taken_back() -> None:
    done = [mark("manager-told", State.DONE)]
    assert standing("manager-told").state is State.OPEN
    assert standing("manager-told", marks=done).state is State.DONE
    back = [*done, mark("manager-told", State.OPEN)]
    assert standing("manager-told", marks=back).state is State.OPEN


def test_a_step_that_is_not_needed_is_settled() -> None:
    found = standing("assets", marks=[mark("assets", State.NOT_NEEDED, "paper only")])
    assert found.state is State.NOT_NEEDED
    assert plan.is_settled([found])


def test_whom_nobody_here_has_to_tell_is_no_step() -> None:
    names = [one.step.name for one in plan.standings(IDENTIFY, {}, {}, [])]
    assert "board-told" not in names
    assert "temporary-measure" in names, "it needs an answer as well"
    open_one = standing("board-told", told=told(still=(Duty.BOARD,)))
    assert open_one.state is State.OPEN
    assert standing("board-told", told=told(Duty.BOARD)).state is State.DONE


@pytest.mark.parametrize(
    ("step", "state", "reason", "wrong"),
    [
        ("manager-told", "done", "", None),
        ("manager-told", "not-needed", "", "why-not-needed"),
        ("manager-told", "not-needed", "there is none", None),
        ("severity", "done", "", "by-itself"),
        ("severity", "not-needed", "no breach", None),
        ("authority-told", "not-needed", "no risk", "by-clock"),
        ("board-told", "not-needed", "there is none", None),
        ("nonsense", "done", "", "which"),
        ("manager-told", "nonsense", "", "which"),
        ("manager-told", "done", "parent@home.example", "a-person"),
        ("manager-told", "done", "x" * 1001, "too-long"),
    ],
)
def test_what_may_be_noted_of_a_step(step: str, state: str, reason: str, wrong: str | None) -> None:
    assert plan.why_not(IDENTIFY, step, state, reason, told(still=(Duty.AUTHORITY,))) == wrong


# --- at the console -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("plan") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


def settle(officer: Officer, steps: list[str]) -> None:
    """Say of each step that it is not needed; of one that tells somebody, as a duty."""
    for step in steps:
        duty = {"authority-told": "authority", "people-told": "subjects"}.get(step)
        refused = officer.note(step, "not-needed", "an exercise")
        assert refused.status_code == (422 if duty else 303), step
        if duty:
            made = officer.tell(duty=duty, how="not-needed", at="", reason="an exercise")
            assert made.status_code == 303, step


def names(phase: int) -> list[str]:
    """Steps of a phase as they stand here, where the law alone says whom to tell."""
    here = told(Duty.AUTHORITY, Duty.SUBJECTS)
    found = plan.standings(plan.plan_named("").phases[phase], {}, here, [])
    return [one.step.name for one in found]


def test_a_phase_closes_when_nothing_is_open_in_it_and_the_entry_with_the_last(at: Console) -> None:
    officer = Officer.by_hand(at)
    assert ENGLISH.text("plan.not-yet") in officer.page("/plan")
    refused = officer.close("identify")
    assert refused.status_code == 422
    assert ENGLISH.text("wrong.still-open") in refused.text
    for number, phase in enumerate(("identify", "contain", "normalise")):
        settle(officer, names(number))
        assert officer.close("nonsense").status_code == 422
        assert officer.close(phase).status_code == 303
    assert ENGLISH.text("plan.closed") in officer.page()
    assert ENGLISH.word("entry-closed") in officer.page("/history")
    for path in ("/plan/step", "/plan/close", "/plan/task", "/aware", "/told", "/dossier/nature"):
        assert officer.post(path).status_code == 409, path
    assert officer.at.get(officer.session, f"{officer.entry}/dossier/nature").status_code == 409
    assert officer.post("/plan/reopen", reason="").status_code == 422
    again = officer.post("/plan/reopen", reason="the stick was found")
    assert again.status_code == 303
    assert "the stick was found" in officer.page("/history")
    assert officer.note("repaired").status_code == 303


def test_an_entry_does_not_close_over_a_step_that_is_open_again(at: Console) -> None:
    officer = Officer.by_hand(at, "account-shared")
    every = plan.plan_named("").phases
    officer.fill("severity", severity="4", severity_reason="few people")
    for number, phase in enumerate(every):
        settle(officer, [name for name in names(number) if name != "severity"])
        if phase is not every[-1]:
            assert officer.close(phase.name).status_code == 303
    officer.fill("severity", severity="", severity_reason="")
    refused = officer.close(every[-1].name)
    assert refused.status_code == 422
    assert ENGLISH.text("wrong.open-again") in refused.text
    officer.fill("severity", severity="5", severity_reason="more people")
    assert officer.close(every[-1].name).status_code == 303


def test_the_page_says_what_is_missing_and_leads_there(at: Console) -> None:
    officer = Officer.by_hand(at)
    assert f'{officer.entry}/dossier/nature#q-summary"' in officer.page("/plan")
    officer.fill("nature", summary="A stick was lost.")
    assert f'{officer.entry}/dossier/nature#q-summary"' not in officer.page("/plan")
    assert officer.note("what-happened").status_code == 422, "it still needs two answers"
    assert officer.note("prevention", "not-needed", "x").status_code == 422, "of another phase"


def test_tasks_have_an_owner_and_a_day(at: Console) -> None:
    officer = Officer.by_hand(at)
    tomorrow = datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(days=1)
    form = {"task": "Train the team <b>", "owner": "ICT coordinator", "due": f"{tomorrow:%Y-%m-%d}"}
    for wrong, answer in (
        ({"task": ""}, "empty-task"),
        ({"due": "soon"}, "not-a-day"),
        ({"due": "2026-01-01"}, "a-day-gone-by"),
        ({"owner": "jan@school.example"}, "a-person"),
        ({"task": "x" * 301}, "too-long"),
    ):
        refused = officer.post("/plan/task", **(form | wrong))
        assert refused.status_code == 422
        assert ENGLISH.text(f"wrong.{answer}") in unescape(refused.text)
    assert officer.post("/plan/task", **form).status_code == 303
    page = officer.page("/plan")
    assert "Train the team &lt;b&gt;" in page
    number = page.partition('name="task" value="')[2].partition('"')[0]
    other = Officer.by_hand(at)
    other.post("/plan/task-done", task=number)
    assert ENGLISH.text("task.done") in officer.page("/plan"), (
        "another entry's form does not end it"
    )
    officer.post("/plan/task-done", task=number)
    officer.post("/plan/task-done", task=number)
    assert officer.page("/history").count(ENGLISH.word("task-done")) == 1
    officer.post("/plan/task-done", task="-1")

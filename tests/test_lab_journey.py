"""The journey's own book-keeping: what a step came to, and what follows from one that failed.

The journey itself takes long, and a virtual machine: ``./dev lab journey``.
"""

import contextlib
import json
from pathlib import Path
from typing import cast

import pytest

from tests.vm import journey
from tests.vm.laptop.machine import GuestError, Laptop
from tests.vm.mission import readme
from tests.vm.mission.ledger import Ledger, Step
from tests.vm.mission.road import Road


def broken() -> str:
    raise GuestError("the laptop does not answer")


def nowhere(folder: Path) -> Road:
    """A road on which nothing can be done, since there is no laptop."""
    return Road(cast(Laptop, None), folder, folder, folder / "log", contextlib.ExitStack())


def test_what_follows_from_a_failure_does_not_run_and_is_named(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "out.json")
    journey.note(ledger, "first", "it holds", broken)
    second = Step(name="second", expected="-", work=lambda _: "done", needs=("first",))
    third = Step(name="third", expected="-", work=lambda _: "done")
    for step in (second, third):
        journey.one(ledger, nowhere(tmp_path), step)
    told = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [(case["name"], case["passed"], case["ran"]) for case in told["cases"]] == [
        ("first", False, True),
        ("second", False, False),
        ("third", True, True),
    ]
    assert "does not answer" in told["cases"][0]["got"]
    assert told["cases"][1]["got"] == "did not run: needs first"
    assert "second" in (tmp_path / "log").read_text("utf-8")


def test_the_journey_fails_if_a_step_failed_or_nothing_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert journey.end(Ledger(tmp_path / "none.json")) == 1
    good, bad = Ledger(tmp_path / "good.json"), Ledger(tmp_path / "bad.json")
    for ledger in (good, bad):
        journey.note(ledger, "first", "it holds", lambda: "done")
    journey.note(bad, "second", "it holds", broken)
    assert (journey.end(good), journey.end(bad)) == (0, 1)
    assert "2 steps, 1 not as they should be" in capsys.readouterr().out


def test_each_step_needs_only_steps_before_it_and_has_a_name_of_its_own() -> None:
    before: list[str] = []
    for step in journey.STEPS:
        assert set(step.needs) <= set(before), step.name
        assert step.name not in before
        before.append(step.name)


def test_the_lines_of_the_readme_are_found() -> None:
    for begin in ("apt install ./dossierwacht-collector_", "dossierwacht enrol --server "):
        assert readme.line(begin).startswith(begin)
    with pytest.raises(ValueError, match="2 lines"):
        readme.line("apt install")

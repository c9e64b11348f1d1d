"""How the laptop stands: told once a day, after a whole sweep, in numbers and closed words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.own_lost import LaptopStanding
from agent.standing import Standing
from collectors.base import Observation
from collectors.checks.told import State

NOW = datetime(2026, 11, 26, 23, 50, tzinfo=UTC)


class Laptop:
    def __init__(self, state: Path, *plain: bool | None) -> None:
        self.now, self.open, self.told = NOW, None, list[Observation]()
        self.rounds = 0
        self.standing = Standing(
            state=state,
            roots=[Path(f"/home/{number}") for number in range(len(plain))],
            plain=lambda path: plain[int(path[-1])],
            open_files=lambda: self.open,
            record=self.told.append,
            now=lambda: self.now,
        )

    def is_set(self) -> bool:
        self.rounds -= 1
        return self.rounds < 0

    def wait(self, _: float) -> None:
        self.now += timedelta(minutes=15)  # whichever of the two it waits for

    def goes(self, rounds: int) -> None:
        self.rounds = rounds
        self.standing.keep(self)  # type: ignore[arg-type]


def test_it_waits_for_a_whole_sweep_and_then_tells_once_a_day(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, False)
    laptop.goes(3)
    assert laptop.told == []
    laptop.open = 4  # type: ignore[assignment]
    laptop.goes(90)
    assert [type(one) for one in laptop.told] == [LaptopStanding]
    laptop.goes(5)
    assert len(laptop.told) == 2
    assert laptop.told[0].facts() == {"disk": State.GOOD, "open-files": 4, "sealed-files": 0}


@pytest.mark.parametrize(
    ("plain", "disk"),
    [
        ((False, False), State.GOOD),
        ((False, True), State.BAD),
        ((None, True), State.BAD),
        ((False, None), State.UNKNOWN),
        ((), State.UNKNOWN),
    ],
)
def test_the_worst_disk_counts(tmp_path: Path, plain: tuple[bool, ...], disk: State) -> None:
    assert Laptop(tmp_path, *plain).standing.look().disk is disk


def test_sealed_files_are_counted_and_unknown_is_said(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    for number in range(3):
        (tmp_path / "vault" / f"{number}.json").write_text("{}")
    told = Laptop(tmp_path, True).standing.look()
    assert told.facts() == {"disk": State.BAD, "open-files": -1, "sealed-files": 3}

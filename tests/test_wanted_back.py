"""A sealed file is asked for: the officer hears which and why, and nobody else does."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.control_server import Caller, Refused
from agent.own_files import FileWantedBack
from agent.wanted_back import LONGEST_REASON, PER_HOUR, WantedBack

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
ID = "00000000-0000-4000-8000-000000000001"
TEACHER, OTHER = Caller(uid=1000, pid=1), Caller(uid=1001, pid=2)


class Laptop:
    def __init__(self, state: Path) -> None:
        (state / "vault").mkdir()
        (state / "vault" / f"{ID}.age").touch()
        self.told: list[FileWantedBack] = []
        self.now = NOW
        self.back = WantedBack(state=state, record=self._record, now=lambda: self.now)

    def _record(self, one: object) -> str:
        assert isinstance(one, FileWantedBack)
        self.told.append(one)
        return "event"

    def ask(self, caller: Caller = TEACHER, **given: object) -> dict[str, str]:
        return self.back.take(caller, {"number": ID, "reason": "the meeting is today", **given})


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


def test_the_number_and_the_reason_go_sealed(laptop: Laptop) -> None:
    assert laptop.ask() == {"event": "event"}
    (told,) = laptop.told
    assert told.details() == {"sealed": ID, "reason": "the meeting is today"}
    assert told.facts()["can-release"] is False


def test_the_return_key_goes_along_where_there_is_one(laptop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "vault" / f"{ID}.return.age").write_bytes(b"sealed")
    laptop.ask()
    (told,) = laptop.told
    assert told.details()["return"] == base64.b64encode(b"sealed").decode()
    assert told.facts()["can-release"] is True


def test_a_return_key_beyond_measure_stays(laptop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "vault" / f"{ID}.return.age").write_bytes(b"x" * 9000)
    laptop.ask()
    assert laptop.told[0].facts()["can-release"] is False


@pytest.mark.parametrize("number", ["", "x", "../vault/x", "/etc/passwd", "\0", 3, None])
def test_what_is_not_sealed_is_not_asked_for(laptop: Laptop, number: object) -> None:
    with pytest.raises(Refused, match="nothing is sealed"):
        laptop.ask(number=number)
    assert laptop.told == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * (LONGEST_REASON + 1)])
def test_a_reason_is_needed(laptop: Laptop, reason: str) -> None:
    with pytest.raises(Refused, match="say why"):
        laptop.ask(reason=reason)


def test_one_person_cannot_ask_without_end(laptop: Laptop) -> None:
    for _ in range(PER_HOUR):
        laptop.ask()
    with pytest.raises(Refused, match="please phone"):
        laptop.ask()
    laptop.ask(OTHER)
    laptop.now += timedelta(hours=2)
    laptop.ask()


def test_what_could_not_be_recorded_is_said(laptop: Laptop) -> None:
    laptop.back.record = lambda one: None
    with pytest.raises(Refused, match="disk is full"):
        laptop.ask()

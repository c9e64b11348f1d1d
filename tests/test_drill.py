"""The drill: a canary goes the whole way with real parts; a failure tells how far it came."""

import threading
from pathlib import Path

import pyrage
import pytest

from agent import drill as drill_module
from agent.drill import Drill
from agent.own_files import DrillStep, RestoreDrill
from agent.restore import SealedError
from collectors.base import Observation, utc_now
from enforcement.base import Reason, Recipient, Result
from enforcement.vault import Vault


def recipients(*proven: bool) -> list[Recipient]:
    keys = [str(pyrage.x25519.Identity.generate().to_public()) for _ in proven]
    return [
        Recipient(name=f"r{number}", key=key, proven=is_proven)
        for number, (key, is_proven) in enumerate(zip(keys, proven, strict=True))
    ]


def drill(state: Path, *proven: bool) -> Drill:
    told: list[Observation] = []
    return Drill(state=state, recipients=recipients(*proven), record=told.append, now=utc_now)


def test_it_goes_all_the_way_and_leaves_nothing_behind(tmp_path: Path) -> None:
    told = drill(tmp_path, True, True).hold()
    assert told.facts() == {"result": Result.DONE, "reason": Reason.NONE, "step": DrillStep.ALL}
    assert [path.name for path in tmp_path.iterdir()] == ["drill.last"]


def test_fewer_than_two_recipients_who_could_open_is_a_failure(tmp_path: Path) -> None:
    told = drill(tmp_path, True, False).hold()
    assert (told.result, told.reason) == (Result.FAILED, Reason.NO_RECIPIENTS)
    assert (told.step, list(tmp_path.iterdir())) == (DrillStep.SEAL, [])


def test_a_copy_that_does_not_open_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise SealedError("does not open")

    monkeypatch.setattr(drill_module, "give_back", refuse)
    told = drill(tmp_path, True, True).hold()
    assert (told.step, told.reason) == (DrillStep.OPEN, Reason.FAULT)


def test_a_file_that_comes_back_otherwise_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = drill_module.give_back

    def other(*given: object) -> object:
        back = real(*given)  # type: ignore[arg-type]
        Path(back.path).chmod(0o600)
        return back

    monkeypatch.setattr(drill_module, "give_back", other)
    told = drill(tmp_path, True, True).hold()
    assert (told.step, told.reason) == (DrillStep.COMPARE, Reason.CHANGED)


def test_a_full_disk_is_a_failure_and_not_the_end_of_the_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(Vault, "seal", full)
    told = drill(tmp_path, True, True).hold()
    assert (told.step, told.reason) == (DrillStep.SEAL, Reason.NO_SPACE)


class Rounds:
    """A stop that lets so many rounds pass."""

    def __init__(self, most: int) -> None:
        self.left = most

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, timeout: float | None = None) -> bool:
        return False


def held(given: Drill, rounds: int) -> list[Observation]:
    given.keep(Rounds(rounds))  # type: ignore[arg-type]
    return given.record.__self__  # type: ignore[attr-defined,no-any-return]


def test_it_is_held_once_a_week_and_again_at_once_if_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = drill(tmp_path, True, True)
    assert len(held(given, 5)) == 1
    now = drill_module.time.time()
    monkeypatch.setattr(drill_module.time, "time", lambda: now + 8 * 86400)
    assert len(held(given, 1)) == 2


def test_where_nothing_can_be_sealed_no_drill_is_held(tmp_path: Path) -> None:
    assert held(drill(tmp_path), 3) == []
    assert held(drill(tmp_path, False, False), 3) == []


def test_it_ends_when_told_to(tmp_path: Path) -> None:
    stop = threading.Event()
    given = drill(tmp_path, True, True)
    thread = threading.Thread(target=given.keep, args=(stop,))
    thread.start()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert all(isinstance(one, RestoreDrill) for one in given.record.__self__)  # type: ignore[attr-defined]

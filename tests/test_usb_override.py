"""``dossierwacht usb override``: what is asked of the agent, and what the person is told."""

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from agent.control_server import Caller, ControlServer

WHY = "The photographs of the school trip are on it."


class Agent:
    """Answers as the agent does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.devices = ["1-2"]
        self.access = "read-only"
        self.asked: list[Mapping[str, Any]] = []

    def status(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"override": {"minutes": 30, "devices": self.devices}}

    def override(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(given)
        told = {"device": given["device"], "access": self.access, "minutes": 30}
        return {"receipt": "DW-1234-5678", **told}


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    made = Agent()
    table = {"status": made.status, "usb-override": made.override}
    server = ControlServer(tmp_path / "s", table, lambda caller: table)
    server.start()
    yield made
    server.close()


def override(tmp_path: Path, *words: str) -> int:
    return main(["usb", "override", *words, "--socket", str(tmp_path / "s")])


@pytest.mark.parametrize(
    ("access", "says"), [("read-only", "write nothing to it"), ("read-write", "and write to it")]
)
def test_the_person_is_told_how_long_and_what_for(
    agent: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str], access: str, says: str
) -> None:
    agent.access = access
    assert override(tmp_path, "1-3", "--reason", WHY) == 0
    assert agent.asked == [{"device": "1-3", "reason": WHY}]
    said = capsys.readouterr().out
    assert f"{says} for 30 minutes" in said
    assert "DW-1234-5678" in said


def test_the_only_stick_that_can_be_had_need_not_be_named(
    agent: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert override(tmp_path, "--reason", WHY, "--json") == 0
    assert agent.asked[0]["device"] == "1-2"
    assert json.loads(capsys.readouterr().out)["minutes"] == 30


@pytest.mark.parametrize(
    ("devices", "says"),
    [([], "no stick is blocked now"), (["1-2", "1-3"], "give DEVICE and --reason")],
)
def test_where_none_or_several_could_be_meant_nothing_is_asked_for(
    agent: Agent,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    devices: list[str],
    says: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    agent.devices = devices
    assert override(tmp_path, "--reason", WHY) == 1
    assert says in capsys.readouterr().err
    assert agent.asked == []


def test_the_reason_can_be_read_where_no_other_user_sees_it(
    agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(WHY))
    assert override(tmp_path, "--reason", "-") == 0
    assert agent.asked[0]["reason"] == WHY

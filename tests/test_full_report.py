"""A laptop's own report: complete without a network, and proof of where it comes from."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import config
from agent.cli import main
from agent.commands import enrol
from agent.demo import stage
from agent.errors import AgentError
from agent.full_report import signed
from agent.policy import Policy
from agent.wire import signed as documents
from collectors.base import utc_now
from tests.collector_on_loopback import run
from tests.laptop import Chain, chain, running_agent


@pytest.fixture
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        enrol.enrol(made.server, made.token(), "issued", made.folders.agent, utc_now())
        yield made


def asked(laptop: Chain, *words: str) -> int:
    folders = laptop.folders
    places = ["--config", str(folders.settings), "--state", str(folders.agent)]
    return main(["report", *words, *places])


@pytest.mark.slow
def test_a_report_is_the_laptops_own_and_shows_when_it_was_changed(
    laptop: Chain, capsys: Any
) -> None:
    stopped, running = (laptop.folders.top / name for name in ("stopped.json", "running.json"))
    assert asked(laptop, "--out", str(stopped)) == 0
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: bool(laptop.status()), 30)
        assert asked(laptop, "--out", str(running)) == 0
    for file, state in ((stopped, "stopped"), (running, "")):
        said = run(laptop.folders.collector, "verify", str(file), "--json")
        assert said.returncode == 0, said.stderr
        (row,) = json.loads(said.stdout)
        assert row["state"].startswith(state)
    given = json.loads(running.read_text())
    inner = documents.content(documents.read(running.read_bytes()))
    bent = inner.replace(b'"open_attempts":0', b'"open_attempts":1')
    assert bent != inner
    running.write_text(json.dumps({**given, "document": documents.text_of(bent)}))
    said = run(laptop.folders.collector, "verify", str(running))
    assert said.returncode == 1
    assert "not signed with the key of this laptop" in said.stderr


@pytest.mark.slow
def test_a_stopped_agent_reports_what_waits_and_what_holds(laptop: Chain, capsys: Any) -> None:
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: laptop.status().get("pending") == 0, 60)
    assert asked(laptop, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["state"] == "stopped"
    assert report["policy"]["name"] == "demo"
    assert report["last_receipt"] > 0
    assert report["last_receipt_at"] is not None
    assert {"pending", "open_attempts", "roots", "notice", "last_drill_done"} <= set(report)


def test_a_laptop_without_a_name_signs_nothing(tmp_path: Path) -> None:
    loaded = config.load(tmp_path, tmp_path)
    assert loaded.policy.version == Policy().version
    with pytest.raises(AgentError, match="not enrolled"):
        signed(loaded, {}, utc_now())

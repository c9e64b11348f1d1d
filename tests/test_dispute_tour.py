"""The tour of a dispute: from a teacher's "this is wrong" to a sentence at the collector.

Everything is real: the agent as one starts it, with its worker and its sender, and the collector
behind TLS; the sealed file is disputed by its number and a missed one by its path.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import control, processes
from agent.commands.dispute import kept
from agent.demo import stage
from tests.laptop import Chain, chain, running_agent
from tests.test_life_of_an_event import put_class_list


@pytest.fixture
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        stage.enrol_laptop(made.folders, made.server)
        yield made


def dossierwacht(laptop: Chain, *words: object) -> str:
    places = ("--config", laptop.folders.settings, "--state", laptop.folders.agent)
    return processes.ask("agent", [str(word) for word in (*words, *places)])


def sealings(laptop: Chain) -> list[dict[str, Any]]:
    return [m for m in laptop.status().get("messages", ()) if m["action"] == "seal-file"]


def disputed(laptop: Chain) -> list[dict[str, Any]]:
    return [e["facts"] for e in laptop.events() if e["kind"] == "verdict-disputed"]


@pytest.mark.slow
def test_from_this_is_wrong_to_the_collector_and_the_officer(laptop: Chain) -> None:
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: laptop.status().get("state") is not None, 30)
        saved = put_class_list(laptop)
        plain = saved.read_bytes()
        missed = laptop.folders.home / "zwaluwnest.txt"
        missed.write_text("Over een zwaluwnest, en verder niets.\n")
        # The file goes before its message comes: sealing is done first, told afterwards.
        assert stage.wait_until(lambda: bool(sealings(laptop)), 60)
        assert not saved.exists()
        (message,) = sealings(laptop)
        dossierwacht(laptop, "dispute", "report", message["id"], "--says", "clean")
        dossierwacht(laptop, "dispute", "report", missed, "--says", "pupil", "--text", "zwaluw")
        assert stage.wait_until(lambda: len(disputed(laptop)) == 2, 30)
        assert control.ask(laptop.socket, "report")["open_attempts"] == 0
    told = disputed(laptop)
    (found,) = [e["facts"] for e in laptop.events() if e["kind"] == "pupil-file-found"]
    assert [(one["said"], one["wanted"]) for one in told] == [
        ("pupil", "clean"),
        ("clean", "pupil"),
    ]
    for name in ("class", "evidence", "format", "detector"):
        assert told[0][name] == found[name]
    assert "zwaluw" not in json.dumps(laptop.events())
    assert len(kept(laptop.folders.agent)) == 2
    raw = [path.read_bytes() for path in laptop.folders.agent.rglob("*") if path.is_file()]
    assert not [one for one in raw if b"zwaluw" in one or b"groep 7" in one or plain in one]

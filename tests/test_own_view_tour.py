"""The tour of the own view: a real agent and collector, and two users of one laptop."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import control
from agent.demo import stage
from tests.laptop import Chain, chain, running_agent
from tests.recorded_people import MEES, SANNE
from tests.test_life_of_an_event import put_class_list

AS = """
import encodings.ascii, os, sys
from pathlib import Path
from agent.own_record import exported, whole
os.setgid({0})
os.setuid({0})
print(exported(whole(Path(sys.argv[1]), Path(sys.argv[2]))))
"""
"""Imported before the rights are given up: the interpreter may lie where only root can read."""


@pytest.fixture
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        stage.enrol_laptop(made.folders, made.server)
        yield made


def mine_of(made: Chain, uid: int) -> dict[str, Any]:
    """What a user's own process gets, with their rights and their key."""
    data = made.folders.top / f"data-{uid}"
    if not data.exists():
        data.mkdir()
        os.chown(data, uid, uid)
    words = [sys.executable, "-c", AS.format(uid), str(made.socket), str(data)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.root
def test_each_sees_their_own_file_and_nobody_elses(laptop: Chain) -> None:
    home = laptop.folders.home
    os.chown(home, SANNE, SANNE)
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: bool(laptop.status()), 30)
        assert {one["about"] for one in mine_of(laptop, SANNE)["events"]} <= {"laptop"}
        saved = put_class_list(laptop)
        assert stage.wait_until(lambda: not saved.exists(), 60)
        assert stage.wait_until(lambda: laptop.status().get("pending") == 0, 60)
        theirs = [one for one in mine_of(laptop, SANNE)["events"] if one["about"] == "me"]
        others = [mine_of(laptop, uid)["events"] for uid in (MEES, 0)]
        messages = control.ask(laptop.socket, "status")["messages"]
    (told,) = theirs
    assert told["kept_for_me"]["path"] == str(saved)
    assert told["state"] == "received" and told["sealed_here"]
    assert "demonstration" in told["source"]
    (arrived,) = [one for one in laptop.events() if one["kind"] == "pupil-file-found"]
    assert json.loads(told["left"]) == arrived
    for events in others:
        assert {one["about"] for one in events} == {"laptop"}
        assert told["number"] not in json.dumps(events)
    assert told["number"] not in json.dumps(messages), "root is told nothing of persons"
    raw = b"".join(p.read_bytes() for p in laptop.folders.agent.rglob("*") if p.is_file())
    assert saved.name.encode() not in raw and str(home).encode() not in raw

"""A laptop of a staff member without root's rights, who tries things: the agent runs as root."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from agent import processes
from agent.demo import stage
from tests.documents import roster
from tests.laptop import Chain, chain, running_agent

STAFF = 4711
"""The number of an account that is nobody's."""
PATIENCE = 120.0
"""Seconds that a busy machine may take to look at what was planted."""
PLANT = """
import os, sys
where, text = os.fsencode(sys.argv[1]), sys.stdin.read()
os.makedirs(os.path.dirname(where), exist_ok=True)
with open(where, "w") as file:
    file.write(text)
"""


def as_staff(program: str, *words: str, given: str = "") -> str:
    """Run a program of the staff member's own, to its end; what it printed."""
    done = subprocess.run(_command(program, words), input=given, capture_output=True, **_RIGHTS)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@contextmanager
def meanwhile(program: str, *words: str, given: str = "") -> Iterator[None]:
    """A program of theirs that says when it is ready, and goes on until the block ends."""
    with subprocess.Popen(_command(program, words), stdout=-1, stdin=-1, **_RIGHTS) as child:
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(given)
            child.stdin.close()
            assert child.stdout.readline()
            yield
        finally:
            child.kill()


def _command(program: str, words: tuple[str, ...]) -> list[str]:
    return ["/usr/bin/python3", "-c", program, *words]


_RIGHTS: dict[str, Any] = {"user": STAFF, "group": STAFF, "extra_groups": [], "text": True}


class StaffLaptop:
    """The laptop, and the person's home on it."""

    def __init__(self, made: Chain, agent: processes.Child) -> None:
        self.chain = made
        self.agent = agent
        self.home = made.folders.home
        self._planted = 0

    def plant(self, where: str) -> None:
        """Put another pupil file there, as the person."""
        self._planted += 1
        text = roster() + f"groep {self._planted};;;;;\r\n"
        as_staff(PLANT, os.fspath(self.home / where), given=text)

    def found(self) -> int:
        """How many pupil files the journal tells of."""
        return len(self.events("pupil-file-found"))

    def finds(self, more: int) -> bool:
        """Whether so many pupil files are told of, in good time."""
        return stage.wait_until(lambda: self.found() >= more, PATIENCE)

    def events(self, kind: str) -> list[dict[str, Any]]:
        at = sqlite3.connect(f"file:{self.chain.folders.agent}/journal.db?mode=ro", uri=True)
        try:
            rows = at.execute("SELECT body FROM events ORDER BY seq").fetchall()
        finally:
            at.close()
        told = [json.loads(body) for (body,) in rows]
        return [event for event in told if event["kind"] == kind]

    def processes(self) -> dict[str, int]:
        """The agent and what it started, by module."""
        found = {"agent": self.agent.pid}
        for child in psutil.Process(self.agent.pid).children(recursive=True):
            words = child.cmdline()
            if "-m" in words:
                found[words[words.index("-m") + 1]] = child.pid
        return found


@contextmanager
def staff_laptop(top: Path) -> Iterator[StaffLaptop]:
    """The agent with all its parts, on a home that is the person's own; it only reports."""
    with chain(top) as made:
        top.chmod(0o711)
        policy = made.folders.settings / "policy.toml"
        policy.write_text(policy.read_text().replace('mode = "enforce"', 'mode = "report"'))
        os.chown(made.folders.home, STAFF, STAFF)
        with running_agent(made.folders) as agent:
            assert stage.wait_until(lambda: bool(made.status()), 60)
            yield StaffLaptop(made, agent)

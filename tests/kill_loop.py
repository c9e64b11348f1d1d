"""Kills the agent again and again while it seals, then counts what was lost, doubled or left over.

A real collector runs on loopback the whole time. Every round puts new pupil files and decoys into
the sample home, starts the agent and kills it with SIGKILL at a random moment. At the end the
agent runs undisturbed until all is quiet, and everything is counted from outside.
"""

import hashlib
import json
import random
import shutil
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from agent import control, places, processes, restore
from agent.commands import sealed
from agent.demo import stage
from agent.demo.sample_home import Inventory
from agent.demo.stage import Folders
from agent.journal_sound import unstamped
from tests import unlimited_agent

PUPIL_FILES_A_ROUND = 6
LONGEST_LIFE = 3.0
"""Seconds an agent lives at most before it is killed; it starts in about one."""
BURST = 0.12
"""Seconds in which a round's files are sealed; every second kill falls into it."""


@dataclass(kw_only=True)
class Counted:
    """What was found when all was quiet. Every number but the first three has to be 0."""

    kills: int = 0
    events: int = 0
    sealed: int = 0
    lost: int = 0
    doubled: int = 0
    unsealed: int = 0
    not_restored: int = 0
    decoys_touched: int = 0
    left_in_stage: int = 0
    unlike_the_record: int = 0
    """Bodies that stand on the laptop's record as received and not at the collector, or the
    other way round."""
    orphans: int = 0
    notes: list[str] = field(default_factory=list)

    def faults(self) -> dict[str, int]:
        """The counts that are not 0 and should be."""
        good = {"kills", "events", "sealed", "notes"}
        return {k: v for k, v in vars(self).items() if k not in good and v}


@dataclass
class Laptop:
    """The folders of one test laptop and what was put into its home."""

    folders: Folders
    samples: Path
    inventory: Inventory
    dice: random.Random
    pupil: dict[Path, str] = field(default_factory=dict)
    decoys: dict[Path, str] = field(default_factory=dict)

    def add_files(self, round_number: int) -> None:
        """Put copies of sample files into the home, under names of this round."""
        for file in self.dice.sample(self.inventory.pupil_files, PUPIL_FILES_A_ROUND):
            self._copy(file.path, round_number, self.pupil)
        self._copy(self.dice.choice(self.inventory.decoys).path, round_number, self.decoys)

    def _copy(self, name: str, round_number: int, into: dict[Path, str]) -> None:
        source = self.samples / name
        target = self.folders.home / f"{round_number}" / source.name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
        into[target] = digest(target)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kill_loop(top: Path, kills: int, seed: int = 1) -> Counted:
    """Run the whole loop in an empty folder; what was counted at the end."""
    folders = Folders(top=top)
    folders.make()
    collector, server = stage.start_collector(folders)
    try:
        stage.make_policy(folders)
        stage.enrol_laptop(folders, server)
        samples = top / "samples"
        laptop = Laptop(folders, samples, stage.build(samples, stage.SEED), random.Random(seed))
        counted = Counted()
        for number in range(kills):
            laptop.add_files(number)
            left = _live_and_die(laptop, number)
            counted.orphans += len(left)
            counted.notes += left
            counted.kills += 1
        _settle(laptop)
        _count(laptop, counted)
    finally:
        processes.end(collector)
    return counted


def _live_and_die(laptop: Laptop, round_number: int) -> list[str]:
    """Start the agent, kill it at a random moment; which of its processes outlived it."""
    agent = unlimited_agent.start(laptop.folders)
    if round_number % 2:
        there = [path for path in laptop.pupil if path.exists()]
        while agent.poll() is None and all(path.exists() for path in there):
            time.sleep(0.001)
        time.sleep(laptop.dice.uniform(0.0, BURST))
    else:
        time.sleep(laptop.dice.uniform(0.05, LONGEST_LIFE))
    children = psutil.Process(agent.pid).children(recursive=True)
    agent.kill()
    agent.wait()
    _, alive = psutil.wait_procs(children, timeout=60)
    return [f"outlived its agent: {' '.join(process.cmdline())}" for process in alive]


def _settle(laptop: Laptop) -> None:
    """Let the agent run until every pupil file is gone and every event has its receipt."""
    agent = unlimited_agent.start(laptop.folders)
    socket = places.socket_for(laptop.folders.agent)

    def quiet() -> bool:
        if any(path.exists() for path in laptop.pupil):
            return False
        try:
            answer = control.ask(socket, "report")
        except control.ControlError:
            return False
        return (answer["pending"], answer["open_attempts"]) == (0, 0)

    stage.wait_until(quiet, 180)
    processes.end(agent)


def _count(laptop: Laptop, counted: Counted) -> None:
    events = _events(laptop.folders.collector / "collector.db")
    counted.events = len(events)
    numbers = Counter(seq for seq, _ in events)
    counted.lost = max(numbers, default=0) - len(numbers)
    names = Counter(event["id"] for _, event in events)
    counted.doubled = sum(n - 1 for n in (*numbers.values(), *names.values()))
    sealings = [e for _, e in events if e["outcome"] and e["outcome"]["result"] == "done"]
    files = Counter(event["facts"]["file"] for event in sealings)
    counted.doubled += sum(n - 1 for n in files.values())
    counted.unsealed = sum(path.exists() for path in laptop.pupil)
    counted.unlike_the_record = len(_on_record(laptop) ^ _at_collector(laptop))
    restored = _restore_all(laptop)
    counted.sealed = sum(restored.values())
    counted.lost += abs(counted.sealed - len(sealings))
    wanted = Counter(d for path, d in laptop.pupil.items() if not path.exists())
    counted.not_restored = sum((wanted - restored).values())
    counted.decoys_touched = sum(
        not path.exists() or digest(path) != was for path, was in laptop.decoys.items()
    )
    stages = laptop.folders.top.rglob(".dossierwacht-stage")
    counted.left_in_stage = sum(len(list(folder.iterdir())) for folder in stages)
    failed = Counter(
        event["outcome"]["reason"]
        for _, event in events
        if event["outcome"] and event["outcome"]["result"] == "failed"
    )
    counted.notes += [f"{number} attempts ended {reason}" for reason, number in failed.items()]


def _events(database: Path) -> list[tuple[int, dict]]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    rows = connection.execute("SELECT seq, body FROM events ORDER BY seq").fetchall()
    connection.close()
    return [(seq, json.loads(body)) for seq, body in rows]


def _on_record(laptop: Laptop) -> set[bytes]:
    """What the laptop's record says that the collector has, to the byte."""
    connection = sqlite3.connect(f"file:{laptop.folders.agent}/journal.db?mode=ro", uri=True)
    rows = connection.execute("SELECT id, body FROM record WHERE state='received'").fetchall()
    connection.close()
    return {unstamped(body, number) for number, body in rows}


def _at_collector(laptop: Laptop) -> set[bytes]:
    database = laptop.folders.collector / "collector.db"
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    rows = connection.execute("SELECT body FROM events").fetchall()
    connection.close()
    return {body.encode() for (body,) in rows}


def _restore_all(laptop: Laptop) -> Counter[str]:
    """Restore every sealed file with the officer's key; how often each content came back."""
    (identity,) = laptop.folders.keys.glob("officer*")
    target = laptop.folders.top / "restored"
    target.mkdir()
    found: Counter[str] = Counter()
    for row in sealed.rows(laptop.folders.agent):
        path = target / str(row["id"])
        keys = sealed.identities(identity)
        restore.give_back(laptop.folders.agent, str(row["id"]), keys, path)
        found[digest(path)] += 1
    return found

"""A rule that matches everything: a real agent on a home in which every file is a pupil file.

It must seal no more than the cap allows, trip the breaker and say so, what it sealed must come back
byte for byte, and no name of a file or a child may stand in what agent and collector keep and log.
"""

import hashlib
import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from agent import processes, restore
from agent.commands import sealed
from agent.demo import stage
from agent.demo.stage import Folders
from agent.guard import Caps

PATIENCE = 300.0


@dataclass(kw_only=True)
class Wide:
    """What was found. Seconds are since the agent's start; None if it never tripped."""

    files: int
    sealed: int = 0
    tripped_after: float | None = None
    lost: int = 0
    named: int = 0
    """Planted names that stand where none may."""

    def faults(self) -> int:
        """How many things are not as they should be."""
        over = max(0, self.sealed - Caps().files_per_hour)
        return over + self.lost + self.named + (self.tripped_after is None)


def wide_rule(top: Path, files: int) -> Wide:
    """Run the whole thing in an empty folder."""
    folders = Folders(top=top)
    folders.make()
    collector, server = stage.start_collector(folders)
    try:
        stage.make_policy(folders)
        stage.enrol_laptop(folders, server)
        there = _fill(folders, files)
        return _watched(folders, there)
    finally:
        processes.end(collector)


def _fill(folders: Folders, files: int) -> dict[Path, str]:
    """Lists of made-up pupils, each another."""
    samples = folders.top / "samples"
    lists = [one.path for one in stage.build(samples, stage.SEED).pupil_files]
    text = (samples / next(path for path in lists if path.endswith(".csv"))).read_text("utf-8")
    made = {}
    for number in range(files):
        path = folders.home / f"{number // 100:03}" / f"lijst {number}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("Molenpad", f"Molenpad {number}"), "utf-8")
        made[path] = _digest(path)
    return made


def _watched(folders: Folders, there: dict[Path, str]) -> Wide:
    found, began = Wide(files=len(there)), time.monotonic()
    agent = stage.start_agent(folders)
    try:
        while time.monotonic() - began < PATIENCE and found.tripped_after is None:
            if _told(folders.collector / "collector.db", "breaker-tripped"):
                found.tripped_after = round(time.monotonic() - began, 1)
            time.sleep(0.2)
        time.sleep(5)  # so that whatever goes on in spite of it shows
    finally:
        processes.end(agent)
    (identity,) = folders.keys.glob("officer*")
    keys = sealed.identities(identity)
    for row in sealed.rows(folders.agent):
        restore.give_back(folders.agent, str(row["id"]), keys)
        found.sealed += 1
    found.named = len(_named(folders, there))
    found.lost = sum(not path.exists() or _digest(path) != was for path, was in there.items())
    return found


def _named(folders: Folders, there: dict[Path, str]) -> set[bytes]:
    """Names of files and children that can be read in state, stage and logs when all is at rest."""
    rows = next(iter(there)).read_text("utf-8").splitlines()[1:]
    children = {cell for row in rows for cell in row.split(";")[1:4] if len(cell) > 6}
    planted = [*sorted(children), *(path.name for path in list(there)[:200])]
    kept = [folders.agent, folders.collector, *folders.top.rglob(".dossierwacht-stage")]
    files = [file for folder in kept for file in folder.rglob("*") if file.is_file()]
    texts = [file.read_bytes() for file in (*files, *folders.top.glob("*.log"))]
    words = [name.encode("utf-8") for name in planted]
    return {word for word in words if any(word in text for text in texts)}


def _told(database: Path, kind: str) -> bool:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT body FROM events WHERE kind=?", (kind,)).fetchall()
    finally:
        connection.close()
    return any(json.loads(body)["kind"] == kind for (body,) in rows)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

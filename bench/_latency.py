"""How long after a document was saved its verdict is there: warm, and with no worker running.

A real collector in a process of its own watches a folder by fanotify or, without root, watchdog.
The time runs from the moment the file is closed until the observation is handed on. There is no
peer; beside each figure stands the limit that we set ourselves.
"""

import json
import random
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from agent.demo.people import people
from bench._writers import word

WARM_LIMIT, COLD_LIMIT = 10.0, 200.0
"""Milliseconds."""
WARM, COLD, AGAIN = 40, 10, 5
"""Saves of each kind."""
_PAUSE = 0.05
"""Seconds between two saves, so that each is one of its own."""
_PATIENCE = 60.0
"""Seconds after which no answer is one."""


class Watching:
    """The collector on a folder, and the files that are saved into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chance = random.Random(1)
        self._saved = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench._watching", str(folder)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.way = json.loads(self._line())["watch"]

    def save(self, name: str | None = None) -> float:
        """Save a document about a pupil, new or once more; milliseconds until it was found."""
        self._saved += 1
        path = self._folder / (name or f"plan-{self._saved}.docx")
        content = word(_plan(self._chance), b"")
        with path.open("wb") as file:
            file.write(content)
        closed = time.monotonic()
        found = json.loads(self._line())
        if found["path"] != str(path):
            raise SystemExit(f"{found['path']} was found where {path} was saved")
        return float(found["at"] - closed) * 1000

    def end_worker(self) -> None:
        """End what is warm: the collector's worker, which the next file starts anew."""
        for child in psutil.Process(self._process.pid).children():
            child.kill()
            while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
                time.sleep(_PAUSE)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise SystemExit("the collector says nothing; run `python -m bench._watching` by hand")
        return line


def _plan(chance: random.Random) -> list[tuple[str, ...]]:
    (pupil,) = people(chance, "nl", 1)
    return [("Handelingsplan",), (f"Naam leerling: {pupil.name}",),
            (f"Geboortedatum: {pupil.born:%d-%m-%Y}",), ("Groep: 5A",),
            *[("De leerling heeft dyslexie en krijgt begeleiding.",)] * 40]  # fmt: skip


def latency(
    folder: Path, warm: int = WARM, cold: int = COLD, again: int = AGAIN
) -> list[dict[str, Any]]:
    """Rows: half and nearly all of the saves are judged within so many milliseconds."""
    folder.mkdir(parents=True, exist_ok=True)
    watching = Watching(folder)
    try:
        watching.save()
        quick = [_spaced(watching) for _ in range(warm)]
        slow = []
        for _ in range(cold):
            watching.end_worker()
            slow.append(watching.save())
        settled = [_spaced(watching, "one.docx") for _ in range(again + 1)][1:]
    finally:
        watching.close()
    what = f"save of a docx to verdict, by {watching.way}"
    return [
        *_rows(f"{what}, warm", quick, WARM_LIMIT),
        *_rows(f"{what}, worker not running", slow, COLD_LIMIT),
        *_rows(f"{what}, saved again within a second", settled, None),
    ]


def _spaced(watching: Watching, name: str | None = None) -> float:
    time.sleep(_PAUSE)
    return watching.save(name)


def _rows(what: str, times: Sequence[float], limit: float | None) -> list[dict[str, Any]]:
    ends = statistics.quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    return [
        {"what": f"{what}, {name}", "ours": round(value, 3), "peer": limit,
         "peer_name": "limit" if limit else None, "unit": "ms",
         "ratio": round(value / limit, 3) if limit else None}
        for name, value in (("p50", ends[9]), ("p95", ends[18]))
    ]  # fmt: skip

"""Judges damaged documents by the hundred thousand in real workers and counts what must not be.

The state of a run is a file of counts that is written every few thousand documents; a later run
goes on from it. A state that was made with other rules or other damage is not gone on from.
"""

import hashlib
import json
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psutil

from collectors.recognise.crew import Crew
from collectors.recognise.recogniser import LARGEST_FILE, Recogniser
from collectors.recognise.verdict import Format, Judgement, Reason, Verdict
from tests.fuzz_containers import document

TODAY = date(2026, 11, 1)
ROOT = Path(__file__).resolve().parent.parent
EVERY = 5000
"""Documents between two writings of the state."""
SLOW = 2.0
"""Seconds from which on a document is noted; so small a one takes a few thousandths."""
HEAVY = 200
"""Megabytes of resident memory from which on a document is noted."""
_MEMORY = re.compile(r"^(VmPeak|VmHWM):\s+(\d+) kB$", re.M)


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A document in hand, and what an honest answer about it says."""

    number: int
    seed: str
    size: int
    sha256: str


@dataclass(kw_only=True)
class Counted:
    """What one shard has seen so far. Lists hold numbers of documents and have to be empty."""

    done: int = 0
    seconds: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    worker_faults: list[int] = field(default_factory=list)
    over_time: list[int] = field(default_factory=list)
    untrue_answers: list[int] = field(default_factory=list)
    slow: list[tuple[float, int]] = field(default_factory=list)
    heavy: list[int] = field(default_factory=list)
    canary_touched: int = 0
    processes_left: int = 0
    peak_rss_kb: int = 0
    peak_address_space_kb: int = 0

    def bad(self) -> list[int]:
        """The documents that are kept for a closer look."""
        return [*self.worker_faults, *self.over_time, *self.untrue_answers]


class Watched(Recogniser):
    """A recogniser that notes how long each document took and what its workers held at most."""

    def __init__(self, counted: Counted) -> None:
        super().__init__()
        self._counted = counted

    def judge(self, descriptor: int, today: date, largest: int = LARGEST_FILE) -> Verdict:
        began = time.perf_counter()
        verdict = super().judge(descriptor, today, largest)
        seconds = time.perf_counter() - began
        if seconds > SLOW:
            self._counted.slow.append((round(seconds, 1), _number_of(descriptor)))
        if self._child is not None and self._weigh(self._child.process.pid) > HEAVY << 10:
            self._counted.heavy.append(_number_of(descriptor))
            super()._drop()
        return verdict

    def _drop(self, kill: bool = False) -> None:
        if self._child is not None:
            self._weigh(self._child.process.pid)
        super()._drop(kill)

    def _weigh(self, pid: int) -> int:
        """What a worker has held at most so far, in kB."""
        try:
            found = dict(_MEMORY.findall(Path(f"/proc/{pid}/status").read_text("ascii")))
        except OSError:
            return 0
        seen, held = self._counted, int(found.get("VmHWM", 0))
        seen.peak_rss_kb = max(seen.peak_rss_kb, held)
        seen.peak_address_space_kb = max(seen.peak_address_space_kb, int(found.get("VmPeak", 0)))
        return held


def _number_of(descriptor: int) -> int:
    return int(re.findall(r"\d+", os.readlink(f"/proc/self/fd/{descriptor}"))[0])


class Canary:
    """Files that anybody could change. Nobody may."""

    def __init__(self) -> None:
        self._held = tempfile.TemporaryDirectory(prefix="canary-")
        self.folder = Path(self._held.name)
        self.folder.chmod(0o777)
        for name in ("a.txt", "b.docx", "c.pdf"):
            (self.folder / name).write_text("canary", "ascii")
            (self.folder / name).chmod(0o666)
        self._before = self._look()

    def touched(self) -> int:
        """How many files are new, gone or changed."""
        return len(set(self._look()) ^ set(self._before))

    def close(self) -> None:
        self._held.cleanup()

    def _look(self) -> list[tuple[str, bytes, int, int]]:
        return [
            (path.name, path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
            for path in sorted(self.folder.iterdir())
        ]


def run(
    numbers: Iterator[int],
    counted: Counted,
    *,
    seed: int = 1,
    workers: int = 2,
    save: Callable[[], None] = lambda: None,
) -> None:
    """Judge the documents with these numbers, adding to ``counted``."""
    own = psutil.Process()
    before = {child.pid for child in own.children(recursive=True)}
    crew = Crew(workers, lambda: Watched(counted))
    began, spent = time.monotonic(), counted.seconds
    with closing(Canary()) as canary:
        try:
            for item, verdict in crew.judge(_opened(numbers, seed), TODAY):
                _count(counted, item, verdict)
                counted.seconds = round(spent + time.monotonic() - began, 1)
                if counted.done % EVERY == 0:
                    save()
        finally:
            # A run that is broken off has looked for escapes too.
            crew.close()
            counted.canary_touched += canary.touched()
            left = {child.pid for child in own.children(recursive=True)} - before
            counted.processes_left += len(left)
            save()


def sources() -> str:
    """The digest of everything that a result depends on: the recogniser and the damage."""
    files = [*(ROOT / "collectors/recognise").glob("*.py"), *(ROOT / "tests").glob("fuzz_*.py")]
    whole = b"".join(path.read_bytes() for path in sorted(files))
    return hashlib.sha256(whole).hexdigest()


def read_state(path: Path, made_with: dict[str, object]) -> Counted:
    """What was counted by an earlier run that was the same, or nothing yet."""
    try:
        state = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return Counted()
    if state["made_with"] != made_with:
        return Counted()
    return Counted(**{**state["counted"], "verdicts": Counter(state["counted"]["verdicts"])})


def write_state(path: Path, made_with: dict[str, object], counted: Counted) -> None:
    """Write beside it, then rename: a run that is killed half way leaves a whole state."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"made_with": made_with, "counted": vars(counted)}), "utf-8")
    fresh.replace(path)


def _opened(numbers: Iterator[int], seed: int) -> Iterator[tuple[Item, int]]:
    for number in numbers:
        name, content = document(number, seed)
        descriptor = os.memfd_create(str(number))
        os.write(descriptor, content)
        digest = hashlib.sha256(content).hexdigest()
        yield Item(number=number, seed=name, size=len(content), sha256=digest), descriptor


def _count(counted: Counted, item: Item, verdict: Verdict) -> None:
    counted.done += 1
    counted.verdicts[f"{verdict.format} {verdict.verdict} {verdict.reason}"] += 1
    if verdict.reason is Reason.WORKER_FAULT:
        counted.worker_faults.append(item.number)
    elif verdict.reason is Reason.LIMIT and verdict.format is Format.UNKNOWN:
        counted.over_time.append(item.number)
    elif not _is_true(item, verdict):
        counted.untrue_answers.append(item.number)


def _is_true(item: Item, verdict: Verdict) -> bool:
    """Whether an answer agrees with itself and with the file it is about."""
    unreadable = verdict.verdict is Judgement.UNREADABLE
    return (
        unreadable == (verdict.reason is not Reason.NONE)
        and verdict.sha256 in ("", item.sha256)
        and verdict.size == item.size
    )

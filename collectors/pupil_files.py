"""Pupil files: a file with data about pupils or clients lies in a folder where it may not be.

First every file under the roots is looked at, then each change as it comes; a sweep now and then
makes up for what a watch can miss. The agent opens a file, as root and through no link, and hands
the open descriptor to a worker without rights (``collectors.recognise``); no byte of it is parsed
here. A file that did not change since it was found clean is not read again; a pupil file is judged
anew at each sweep, so that nothing found is ever lost with a process.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from collectors.base import (
    Clock,
    CollectorError,
    Condition,
    CoverageLost,
    CoverageRestored,
    Gap,
    Observation,
    Setting,
    Settings,
    Stop,
    utc_now,
)
from collectors.folders.found import PupilFileFound, UnreadableFileFound, Watched
from collectors.folders.index import discard_index, open_index
from collectors.folders.patrol import Patrol
from collectors.folders.walk import Root, open_folder
from collectors.folders.watch import Changes, Watch
from collectors.recognise.crew import Crew
from collectors.recognise.recogniser import WorkerError

__all__ = ["SETTINGS", "PupilFileFound", "PupilFilesCollector", "UnreadableFileFound", "make"]

SETTINGS: Mapping[str, Setting] = {
    "roots": Setting([], "folders that are looked through and watched, as absolute paths"),
    "exclude": Setting(
        [".git", "node_modules", "__pycache__", ".venv"],
        "folders and files that are passed over: names, or paths from a root; * is anything",
    ),
    "max_bytes": Setting(100 << 20, "larger documents are reported as unreadable, not read"),
    "workers": Setting(1, "how many files are judged at the same time"),
    "rescan_hours": Setting(4, "how often everything is looked at again"),
}

TICK = 0.25
"""Seconds between two looks at what changed."""

LOOK_AGAIN = 30.0
"""Seconds between two looks for a root that is missing."""


class PupilFilesCollector:
    """Looks through folders, then watches them."""

    name = "pupil_files"

    def __init__(
        self,
        *,
        roots: Sequence[str],
        exclude: Sequence[str],
        max_bytes: int,
        workers: int,
        rescan: float,
        state: Path | None = None,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wanted = list(dict.fromkeys(roots))
        self._exclude = tuple(exclude)
        self._max_bytes = max_bytes
        self._workers = workers
        self._rescan = rescan
        self._state = state
        self._now = now
        self._monotonic = monotonic
        self._roots: dict[str, Root] = {}
        self._unwatched: set[str] = set()
        self._watch: Watch | None = None
        self._crew: Crew | None = None

    def condition(self) -> Condition:
        """The layers of the workers' sandbox, as far as a worker has said them."""
        layers = self._crew.layers() if self._crew is not None else None
        return {} if layers is None else asdict(layers)

    def observe(self, stop: Stop) -> Iterator[Observation]:
        """What is there first, then each change. Raises CollectorError if it cannot go on."""
        try:
            with ExitStack() as held:
                yield from self._observe(stop, held)
        except WorkerError as error:
            raise CollectorError(str(error)) from error
        except sqlite3.DatabaseError as error:
            if self._state is not None:
                discard_index(self._state)
            raise CollectorError(
                f"the index of files was damaged and begun anew: {error}"
            ) from error

    def _observe(self, stop: Stop, held: ExitStack) -> Iterator[Observation]:
        changes = Changes(self._monotonic)
        held.callback(self._close)
        patrol = self._patrol(held)
        self._watch = Watch(changes)
        looked = swept = self._monotonic()
        yield from self._attach()
        yield from patrol.sweep(self._roots.values(), stop)
        while not stop.wait(TICK):
            yield from patrol.look_at(changes.take(), self._roots.values(), stop)
            due = self._monotonic() - swept >= self._rescan
            if self._monotonic() - looked >= LOOK_AGAIN:
                looked = self._monotonic()
                before = set(self._roots.values())
                yield from self._attach()
                due = due or bool(set(self._roots.values()) - before)
            if not self._watch.works():
                yield from self._watch_anew(changes)
            if changes.lost():
                yield self._lost(Watched.CHANGES, Gap.OVERFLOW, "changes of files")
                due = True
            if due:
                swept = self._monotonic()
                yield from patrol.sweep(self._roots.values(), stop)

    def _watch_anew(self, changes: Changes) -> Iterator[Observation]:
        """A thread of watchdog died: begin again with all roots, and sweep for what was missed."""
        changes.lose()
        if self._watch is not None:
            self._watch.close()
        self._watch = Watch(changes)
        for wanted, root in self._roots.items():
            yield from self._add(wanted, root)

    def _patrol(self, held: ExitStack) -> Patrol:
        self._crew = crew = Crew(self._workers)
        held.callback(crew.close)
        index = open_index(self._state) if self._state is not None else None
        if index is not None:
            held.callback(index.close)
        passed_over = (str(self._state.resolve()),) if self._state is not None else ()
        return Patrol(
            crew=crew,
            index=index,
            exclude=self._exclude,
            passed_over=passed_over,
            max_bytes=self._max_bytes,
            now=self._now,
        )

    def _attach(self) -> Iterator[Observation]:
        """Open and watch every root that is there; say which are not, and which are back."""
        for wanted in self._wanted:
            root = self._roots.get(wanted)
            if root is not None and root.still_there():
                continue
            if root is not None:
                self._roots.pop(wanted).close()
            try:
                self._roots[wanted] = opened = open_folder(wanted)
            except OSError:
                if wanted not in self._unwatched:
                    yield self._lost(Watched.ROOT, Gap.MISSING, wanted)
                self._unwatched.add(wanted)
                continue
            if wanted in self._unwatched:
                self._unwatched.discard(wanted)
                yield CoverageRestored(observed_at=self._now(), subject=wanted, what=Watched.ROOT)
            yield from self._add(wanted, opened)

    def _add(self, wanted: str, root: Root) -> Iterator[Observation]:
        try:
            if self._watch is not None:
                self._watch.add(root.path)
        except OSError:
            yield self._lost(Watched.CHANGES, Gap.LIMIT, wanted)

    def _lost(self, what: Watched, gap: Gap, subject: str) -> CoverageLost:
        return CoverageLost(observed_at=self._now(), subject=subject, what=what, gap=gap)

    def _close(self) -> None:
        if self._watch is not None:
            self._watch.close()
        for root in self._roots.values():
            root.close()
        self._roots.clear()


def make(settings: Settings) -> PupilFilesCollector:
    """Build the collector from its section of the policy and the agent's ``state`` folder."""
    chosen = {key: settings.get(key, setting.default) for key, setting in SETTINGS.items()}
    relative = [root for root in chosen["roots"] if not str(root).startswith("/")]
    if relative:
        raise CollectorError(f"roots are absolute paths; {relative[0]!r} is none")
    return PupilFilesCollector(
        roots=[str(root) for root in chosen["roots"]],
        exclude=[str(pattern) for pattern in chosen["exclude"]],
        max_bytes=chosen["max_bytes"],
        workers=chosen["workers"],
        rescan=chosen["rescan_hours"] * 3600.0,
        state=settings.get("state"),
    )

"""Pupil files: a file with data about pupils or clients lies in a folder where it may not be.

First every file under the roots is looked at, then each change as it comes; a sweep now and then
makes up for what a watch can miss. The agent opens a file, as root and through no link, and hands
the open descriptor to a worker without rights (``collectors.recognise``); no byte of it is parsed
here. A file that did not change since it was judged is not read again; a pupil file is told anew at
each sweep, so that nothing found is ever lost with a process. Between sweeps, and while nothing
changes, nothing runs.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

from collectors.base import (
    Clock,
    CollectorError,
    Condition,
    CoverageLost,
    Gap,
    Observation,
    Settings,
    Stop,
    utc_now,
)
from collectors.folders.changes import Changes, ending_with
from collectors.folders.found import (
    PasswordListFound,
    PupilFileFound,
    UnreadableFileFound,
    Watched,
)
from collectors.folders.index import discard_index, open_index
from collectors.folders.patrol import Patrol
from collectors.folders.plan import SETTINGS, Plan, plan_of
from collectors.folders.roots import Roots
from collectors.folders.rounds import Rounds, Steps, Sweep
from collectors.folders.scans import Scans
from collectors.folders.watch import Watch
from collectors.recognise.crew import Crew
from collectors.recognise.ocr import ocr_for
from collectors.recognise.recogniser import WorkerError, recogniser_for
from collectors.recognise.rules.fitting import own_faults

__all__ = [
    "SETTINGS",
    "PasswordListFound",
    "Plan",
    "PupilFileFound",
    "PupilFilesCollector",
    "UnreadableFileFound",
    "faults",
    "make",
]

faults = own_faults

LOOK_AGAIN = 30.0
"""Seconds between two looks for a root that is missing, or for mounts that nobody tells of."""

LOOK_ANYWAY = 600.0
"""Seconds between two looks whether the roots are the same folders still."""


class PupilFilesCollector:
    """Looks through folders, then watches them."""

    name = "pupil_files"

    def __init__(
        self,
        plan: Plan,
        *,
        state: Path | None = None,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        watch: Callable[[Changes], Watch] = Watch,
    ) -> None:
        self._plan = plan
        self._state = state
        self._now = now
        self._monotonic = monotonic
        self._make_watch = watch
        self._watch: Watch | None = None
        self._crew: Crew | None = None
        self._rounds: Rounds | None = None
        self._scans: Scans | None = None
        self._patrol_here: Patrol | None = None
        self._changes: Changes | None = None
        self._sought = False

    def condition(self) -> Condition:
        """How files are watched, what a sweep waits for, and what holds the workers, as far as a
        worker has said it."""
        layers = self._crew.layers() if self._crew is not None else None
        found: dict[str, str | int | bool] = {} if layers is None else asdict(layers)
        if self._watch is not None:
            found["watch"] = self._watch.way()
        if self._rounds is not None:
            found |= {"sweeping": self._rounds.sweeping(), "paused": self._rounds.strain}
        if self._patrol_here is not None:
            found["files"] = self._patrol_here.files()
            if self._patrol_here.pupil_files is not None:
                found["pupil-files"] = self._patrol_here.pupil_files
        if self._scans is not None:
            found |= {"ocr": self._scans.state, "scans-waiting": self._scans.waiting()}
        return found

    def seek(self) -> None:
        """Have every file looked at again, now."""
        if self._changes is not None:
            self._sought = True
            self._changes.stir()

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
        self._changes = changes = Changes(self._monotonic)
        roots = self._roots(held)
        self._scans = scans = self._make_scans(held)
        self._patrol_here = patrol = self._patrol(held, scans)
        self._watch = self._make_watch(changes)
        held.callback(self._close)
        self._rounds = rounds = self._round(lambda: self._sweep(patrol, roots, stop))
        held.callback(rounds.close)
        yield from roots.attach(self._watch)
        roots.fresh()
        looked, blocking = self._monotonic(), False
        while not stop.is_set():
            yield from patrol.look_at(changes.take(), roots, stop)
            if changes.stirred() or self._monotonic() - looked >= self._look_again(roots):
                looked = self._monotonic()
                yield from roots.attach(self._watch)
                yield from patrol.look_at(roots.fresh(), roots, stop)
            yield from self._mend(changes, roots)
            if self._sought:
                self._sought = False
                rounds.begin_again()
            if changes.lost():
                yield self._lost(Gap.OVERFLOW, "changes of files")
                rounds.begin_again()
            if rounds.rest() <= 0:
                yield from rounds.step()
                continue
            rest = min(rounds.rest(), looked + self._look_again(roots) - self._monotonic())
            if not rounds.sweeping():
                yield from scans.step(patrol, roots)
                rest = min(rest, scans.rest())
            if not blocking:
                held.enter_context(ending_with(changes, stop))
                blocking = True
            if changes.wait(rest):
                return

    def _look_again(self, roots: Roots) -> float:
        told = self._watch is not None and self._watch.tells_of_mounts()
        return LOOK_ANYWAY if told and not roots.missing() else LOOK_AGAIN

    def _mend(self, changes: Changes, roots: Roots) -> Iterator[Observation]:
        """If a part of the watch died: watch all roots anew, and sweep for what was missed."""
        if self._watch is None or self._watch.works():
            return
        changes.lose()
        self._watch.close()
        self._watch = self._make_watch(changes)
        yield from roots.watch_all(self._watch)

    def _sweep(self, patrol: Patrol, roots: Roots, stop: Stop) -> Steps:
        most = self._watch.most_folders() if self._watch is not None else None
        return patrol.sweep(roots, stop, most)

    def _round(self, sweep: Sweep) -> Rounds:
        return Rounds(
            sweep,
            every=self._plan.rescan,
            longest_pause=self._plan.longest_pause,
            patience=self._plan.patience,
            monotonic=self._monotonic,
        )

    def _roots(self, held: ExitStack) -> Roots:
        plan = self._plan
        roots = Roots(plan.roots, exclude=plan.exclude, admitted=plan.mounts, now=self._now)
        held.callback(roots.close)
        return roots

    def _make_scans(self, held: ExitStack) -> Scans:
        scans = Scans(
            pages_an_hour=self._plan.ocr_pages_an_hour,
            max_bytes=self._plan.max_bytes,
            patience=self._plan.patience,
            now=self._now,
            monotonic=self._monotonic,
            ocr=ocr_for(self._plan.own),
        )
        held.callback(scans.close)
        return scans

    def _patrol(self, held: ExitStack, scans: Scans) -> Patrol:
        own = self._plan.own
        self._crew = crew = Crew(self._plan.workers, partial(recogniser_for, own))
        held.callback(crew.close)
        index = open_index(self._state, own.digest()) if self._state is not None else None
        if index is not None:
            held.callback(index.close)
        passed_over = (str(self._state.resolve()),) if self._state is not None else ()
        return Patrol(
            crew=crew,
            index=index,
            exclude=self._plan.exclude,
            passed_over=passed_over,
            max_bytes=self._plan.max_bytes,
            now=self._now,
            offer=scans.offer,
        )

    def _close(self) -> None:
        if self._watch is not None:
            self._watch.close()

    def _lost(self, gap: Gap, subject: str) -> CoverageLost:
        return CoverageLost(observed_at=self._now(), subject=subject, what=Watched.CHANGES, gap=gap)


def make(settings: Settings) -> PupilFilesCollector:
    """Build the collector from its section of the policy and the agent's ``state`` folder."""
    return PupilFilesCollector(plan_of(settings), state=settings.get("state"))

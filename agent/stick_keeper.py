"""The keeper of sticks: in the mode ``no-personal-data`` no pupil file is copied onto one.

A program that is about to write to a stick waits (``enforcement.stick_writes``) while the files it
has open are judged by the recogniser's worker. If one of them is a pupil file the program is
refused and the person told why. What takes too long to judge is refused too, and judged to its end,
so that a second try has its answer at once. Nothing is held where nothing may be enforced.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field

from agent.guard import Guard
from agent.policy import Policy
from agent.stick_judge import PupilFile, StickJudge
from agent.stick_refused import Refused, StickWriteRefused, Watched
from collectors.base import Clock, CoverageLost, Gap, Observation
from collectors.folders.judged import Judged, pupil_file
from collectors.recognise.recogniser import WorkerError
from collectors.stick import Stick
from enforcement.stick_writes import Opening, StickWrites

log = logging.getLogger(__name__)

MOST_SECONDS = 5.0
"""Longest that a program waits for its answer."""
MOST_WAITING = 64
"""Programs that wait at once; more are refused."""
TURN = 30.0
"""Seconds until it is looked again whether anything may be enforced."""
_SOON = 0.02


@dataclass(frozen=True, slots=True)
class Waiting:
    """A program that waits, until a moment of the monotonic clock."""

    asked: Opening
    answer: "Future[PupilFile | None]"
    until: float

    def is_due(self) -> bool:
        """Whether it can be answered, or cannot be kept waiting any longer."""
        return self.answer.done() or time.monotonic() >= self.until


@dataclass(kw_only=True)
class StickKeeper:
    """Keeps pupil files off sticks while the policy and the guard say so."""

    policy: Policy
    guard: Guard
    sticks: Callable[[], Sequence[Stick]]
    judge: Callable[[], StickJudge]
    record: Callable[[Observation], object]
    now: Clock
    seconds: float = MOST_SECONDS
    turn: float = TURN
    _volumes: dict[int, Stick] = field(default_factory=dict, init=False)

    def keep(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; in another mode there is nothing to do."""
        if not self.policy.keeps_pupil_files_off():
            return
        try:
            with closing(StickWrites()) as writes, closing(self.judge()) as judge:
                self._keep(writes, judge, stop)
        except OSError as error:
            log.error("writes to sticks are not held: %s", error.strerror)
            lost = Watched.STICK_WRITES
            self.record(
                CoverageLost(observed_at=self.now(), subject="sticks", what=lost, gap=Gap.MISSING)
            )

    def _keep(self, writes: StickWrites, judge: StickJudge, stop: threading.Event) -> None:
        waiting: list[Waiting] = []
        self._hold(writes)
        while not stop.is_set():
            asked, mounted = writes.wait(_SOON if waiting else self.turn)
            if mounted or not asked:
                self._hold(writes)
            for one in asked:
                until = time.monotonic() + (self.seconds if len(waiting) < MOST_WAITING else 0)
                waiting.append(Waiting(one, judge.look(writes.in_hand(one)), until))
            for due in [one for one in waiting if one.is_due()]:
                waiting.remove(due)
                self._answer(writes, due)

    def _hold(self, writes: StickWrites) -> None:
        """Hold the sticks that are mounted now, if anything may be enforced now."""
        if self.guard.hold("block-usb", 0, self.now()) is not None:
            return
        found = {number: stick for stick in self.sticks() if (number := _volume(stick)) is not None}
        writes.hold(stick.path for stick in found.values())
        self._volumes = found

    def _answer(self, writes: StickWrites, waiting: Waiting) -> None:
        """Answer, and tell of a refusal. Without a worker nothing can be judged."""
        stick = self._volumes.get(os.fstat(waiting.asked.file).st_dev)
        found, judged = None, waiting.answer.done()
        try:
            found = waiting.answer.result(0) if judged else None
        except WorkerError as error:
            log.error("%s", error)
            judged = False
        allowed = judged and found is None
        writes.answer(waiting.asked, allowed=allowed)
        if not allowed and stick is not None:
            self.record(self._refusal(stick, found))

    def _refusal(self, stick: Stick, found: PupilFile | None) -> StickWriteRefused:
        now = self.now()
        if found is None:
            refused = Refused.NOT_JUDGED
            return StickWriteRefused(observed_at=now, subject="", refused=refused, stick=stick)
        judged = Judged(found.path, found.path, found.status)
        return StickWriteRefused(
            observed_at=now,
            subject=found.path,
            refused=Refused.PUPIL_FILE,
            stick=stick,
            found=pupil_file(judged, found.verdict, now),
        )


def _volume(stick: Stick) -> int | None:
    """The number of a stick's volume, which is what an open file on it has too."""
    try:
        return os.stat(stick.path).st_dev
    except OSError:
        return None

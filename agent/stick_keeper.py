"""The keeper of sticks: in the mode ``no-personal-data`` no pupil file is copied onto one.

A program that is about to write to a stick waits (``enforcement.stick_writes``) while the files it
has open are judged by the recogniser's worker. If one of them is a pupil file the program is
refused and the person told why. What takes too long to judge is refused too, and judged to its end,
so that a second try has its answer at once. Nothing is held where nothing may be enforced.
"""

import logging
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
from collectors.base import Clock, CoverageLost, CoverageRestored, Gap, Observation
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
    _lost: set[str] = field(default_factory=set, init=False)

    def keep(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; in another mode there is nothing to do."""
        while self.policy.keeps_pupil_files_off() and not stop.is_set():
            try:
                # The writers go first, so that nobody waits for what is still being judged.
                with closing(self.judge()) as judge, closing(StickWrites()) as writes:
                    self._keep(writes, judge, stop)
            except OSError as error:
                log.error("writes to sticks are not held: %s", error.strerror)
                self._lose("sticks")
                stop.wait(self.turn)

    def _keep(self, writes: StickWrites, judge: StickJudge, stop: threading.Event) -> None:
        waiting: list[Waiting] = []
        self._regain("sticks")
        try:
            self._hold(writes)
            while not stop.is_set():
                asked, mounted = writes.wait(_SOON if waiting else self.turn)
                if mounted or not asked:
                    self._hold(writes)
                waiting += [self._begun(writes, judge, one, len(waiting)) for one in asked]
                for due in [one for one in waiting if one.is_due()]:
                    waiting.remove(due)
                    self._answer(writes, due)
        finally:
            for one in waiting:
                writes.answer(one.asked, allowed=True)

    def _begun(
        self, writes: StickWrites, judge: StickJudge, asked: Opening, before: int
    ) -> Waiting:
        until = time.monotonic() + (self.seconds if before < MOST_WAITING else 0)
        return Waiting(asked, judge.look(writes.in_hand(asked)), until)

    def _hold(self, writes: StickWrites) -> None:
        """Hold the sticks that are mounted now, if anything may be enforced now."""
        if self.guard.hold("block-usb", 0, self.now()) is not None:
            return
        held = dict[int, Stick]()
        for stick in self.sticks():
            try:
                held[writes.hold(stick.path)] = stick
                self._regain(stick.path)
            except OSError as error:
                log.error("a stick is not held: %s", error.strerror)
                if any(one.path == stick.path for one in self.sticks()):  # not pulled out meanwhile
                    self._lose(stick.path)
        self._volumes = held

    def _answer(self, writes: StickWrites, waiting: Waiting) -> None:
        """Answer, and tell of a refusal. Without a worker nothing can be judged."""
        found, judged = None, waiting.answer.done()
        try:
            found = waiting.answer.result(0) if judged else None
        except (WorkerError, OSError) as error:
            log.error("what was to be written could not be judged: %s", type(error).__name__)
            judged = False
        allowed = judged and found is None
        writes.answer(waiting.asked, allowed=allowed)
        stick = self._volumes.get(waiting.asked.volume)
        if not allowed and stick is not None:
            self.record(self._refusal(stick, found))

    def _lose(self, what: str) -> None:
        lost = Watched.STICK_WRITES
        if what not in self._lost:
            self._lost.add(what)
            told = CoverageLost(observed_at=self.now(), subject=what, what=lost, gap=Gap.MISSING)
            self.record(told)

    def _regain(self, what: str) -> None:
        if what in self._lost:
            self._lost.remove(what)
            lost = Watched.STICK_WRITES
            self.record(CoverageRestored(observed_at=self.now(), subject=what, what=lost))

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

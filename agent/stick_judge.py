"""Judges what a program has in its hands, in a thread of its own, and remembers what it found."""

import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from collectors.base import Clock
from collectors.folders.judged import stamp
from collectors.recognise.verdict import Judgement, Verdict
from enforcement.stick_writes import InHand

REMEMBERED = 4096
"""Files whose verdict is remembered, so that each is read once."""


class Recogniser(Protocol):
    """Tells what a file is; one thread drives it for life."""

    def judge(self, descriptor: int, today: date) -> Verdict: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PupilFile:
    """A pupil file in a program's hands."""

    path: str
    status: os.stat_result
    verdict: Verdict


class StickJudge:
    """Close it when done."""

    def __init__(self, recogniser: Recogniser, now: Clock) -> None:
        self._recogniser = recogniser
        self._now = now
        self._known: dict[str, Verdict] = {}
        self._pool = ThreadPoolExecutor(1, "stick-judge")

    def look(self, hands: Iterable[InHand]) -> "Future[PupilFile | None]":
        """The first pupil file among what is in a program's hands, when it is known.

        The future has a WorkerError if no worker can be started.
        """
        return self._pool.submit(self._first, hands)

    def close(self) -> None:
        """End the thread and its worker; what is being judged is judged to its end."""
        self._pool.submit(self._recogniser.close)
        self._pool.shutdown(cancel_futures=False)

    def _first(self, hands: Iterable[InHand]) -> PupilFile | None:
        for hand in hands:
            verdict = self._verdict(hand)
            if verdict.verdict is Judgement.PUPIL:
                return PupilFile(hand.path, hand.status, verdict)
        return None

    def _verdict(self, hand: InHand) -> Verdict:
        key = f"{hand.status.st_dev}/{stamp(hand.status)}"
        try:
            if key not in self._known:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[key] = self._recogniser.judge(hand.descriptor, self._now().date())
            return self._known[key]
        finally:
            os.close(hand.descriptor)

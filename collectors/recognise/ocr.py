"""OCR from the agent's side: a driver of workers that read pictures of pages, one at a time.

Such a worker is started for the first scan and ends when there are no more. It is asked only about
files that an ordinary worker could not read, last of all. What it could not read either stays what
it was: ``unreadable`` with the reason ``needs-ocr``.
"""

from datetime import date
from functools import partial

from collectors.recognise.message import read_counted
from collectors.recognise.recogniser import LARGEST_FILE, Explained, Recogniser, Spawn
from collectors.recognise.rules.own import OwnRules
from collectors.recognise.spawn import spawn_ocr
from collectors.recognise.tesseract import missing
from collectors.recognise.verdict import Judgement, Reason, Verdict

__all__ = ["Ocr", "missing", "ocr_for", "wants_ocr"]

WALL = 180.0
"""Seconds that one document may take: the worker's own limit is on processor time."""

DOCUMENTS = 100
IDLE = 20.0
MOST_PAGES = 20
"""Pages of one document that are read."""


def wants_ocr(verdict: Verdict) -> bool:
    """Whether a file may be read by OCR, having been read by all else."""
    return verdict.reason is Reason.NEEDS_OCR


def _says_more(verdict: Verdict) -> bool:
    """Whether a verdict after OCR is to stand: the file was read, or something was found on the
    pages that could be."""
    return verdict.verdict is not Judgement.UNREADABLE or bool(verdict.also and wants_ocr(verdict))


class Ocr:
    """One worker for OCR at a time. To be driven by one thread for life."""

    def __init__(self, *, wall: float = WALL, idle: float = IDLE, start: Spawn = spawn_ocr) -> None:
        self._recogniser = Recogniser(
            wall=wall, idle=idle, documents=DOCUMENTS, start=start, read=self._counted
        )
        self._pages = 0

    def judge(
        self, descriptor: int, today: date, before: Verdict, largest: int = LARGEST_FILE
    ) -> tuple[Verdict, int]:
        """The verdict on an open file, and how many pages were read for it. ``before`` is what it
        is without OCR, and stays so if it could not be read.

        Raises WorkerError if no worker can be started.
        """
        self._pages = MOST_PAGES  # what a worker that fails is taken to have read
        verdict = self._recogniser.judge(descriptor, today, largest)
        return (verdict if _says_more(verdict) else before), self._pages

    def abandon(self) -> None:
        """End the worker, from another thread than the one that waits for its answer."""
        self._recogniser.abandon()

    def close(self) -> None:
        """End the worker. A later ``judge`` starts another."""
        self._recogniser.close()

    def _counted(self, packet: bytes) -> Explained:
        verdict, self._pages = read_counted(packet)
        return verdict, None


def ocr_for(own: OwnRules, wall: float = WALL) -> Ocr:
    """One whose workers go by the organisation's own rules too."""
    return Ocr(wall=wall, start=partial(spawn_ocr, own=own.packet()))

"""One file judged as thoroughly as this machine can: by an ordinary worker, and by OCR if it is a
picture of a page.

For a person who asks about a single file and waits for the answer: what OCR found in a scan must
not look like another verdict when it is disputed. The workers are started when they are needed.
"""

from datetime import date

from collectors.recognise.ocr import missing, ocr_for, wants_ocr
from collectors.recognise.recogniser import recogniser_for
from collectors.recognise.rules.own import OwnRules
from collectors.recognise.verdict import Verdict

WALL = 60.0
"""Seconds that OCR may take while somebody waits; a scan that needs longer stays unread."""


class Thorough:
    """Goes by the organisation's own rules too. To be driven by one thread for life."""

    def __init__(self, own: OwnRules, with_ocr: bool = True) -> None:
        self._recogniser = recogniser_for(own)
        self._ocr = ocr_for(own, WALL) if with_ocr and not missing() else None

    def judge(self, descriptor: int, today: date) -> Verdict:
        """The verdict on an open file. Raises WorkerError if no worker can be started."""
        verdict = self._recogniser.judge(descriptor, today)
        if self._ocr is None or not wants_ocr(verdict):
            return verdict
        return self._ocr.judge(descriptor, today, verdict)[0]

    def close(self) -> None:
        """End the workers."""
        self._recogniser.close()
        if self._ocr is not None:
            self._ocr.close()

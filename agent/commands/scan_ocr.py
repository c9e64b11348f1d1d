"""``dossierwacht scan --ocr``: reads scans and pictures of pages when all else is done.

A worker of its own does it, one file at a time. Where no engine is installed, the command says what
to install and begins nothing.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from collectors.base import utc_now
from collectors.recognise.ocr import missing, ocr_for
from collectors.recognise.rules.own import NONE, OwnRules
from collectors.recognise.verdict import Verdict

PACKAGES = {
    "tesseract": "libtesseract5",
    "nld": "tesseract-ocr-nld",
    "dan": "tesseract-ocr-dan",
    "eng": "tesseract-ocr-eng",
}
"""The packages of Debian that hold the parts of the engine."""

File = TypeVar("File")


def lacking(lacks: Callable[[], list[str]] = missing) -> str | None:
    """What to say where OCR is not installed; None where it is."""
    packages = " ".join(PACKAGES[part] for part in lacks())
    return f"OCR is not installed; on Debian: apt-get install {packages}" if packages else None


def read_scans(
    scans: Sequence[tuple[File, Verdict]],
    reopen: Callable[[File], int | None],
    own: OwnRules = NONE,
) -> Iterator[tuple[File, Verdict]]:
    """Each file with its verdict after OCR, or as it was if it is gone or could not be read.

    Raises WorkerError if no worker can be started.
    """
    ocr, today = ocr_for(own), utc_now().date()
    try:
        for file, before in scans:
            descriptor = reopen(file)
            if descriptor is None:
                yield file, before
                continue
            try:
                verdict, _ = ocr.judge(descriptor, today, before)
            finally:
                os.close(descriptor)
            yield file, verdict
    finally:
        ocr.close()

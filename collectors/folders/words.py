"""What the index keeps of a verdict: one word where nothing is to be said again, else all of it.

A pupil file and a document that nobody can look into are told anew at each sweep, so that nothing
found is ever lost with a process; with the whole verdict kept, that needs no reading. It holds
closed words and numbers, and no more, just as it came from the worker.
"""

from contextlib import suppress

from collectors.recognise.message import Misfit, answer, read_answer
from collectors.recognise.verdict import Judgement, Reason, Verdict

CLEAN = "clean"
UNREAD = "unread"
"""The word kept for a file that could not be judged and is only counted."""

TOLD = (Reason.ENCRYPTED, Reason.NEEDS_OCR)
"""Reasons that are told of each file; it may be a pupil file. The others are counted."""

_AFTER_OCR = "ocr:"
"""How a word begins that holds the verdict on a file that OCR could not read either."""


def word_of(verdict: Verdict, after_ocr: bool = False) -> str:
    """What to keep of a verdict."""
    if verdict.verdict is Judgement.CLEAN and not verdict.also:
        return CLEAN
    counted = verdict.verdict is Judgement.UNREADABLE and verdict.reason not in TOLD
    if counted and not verdict.also:
        return UNREAD
    tried = after_ocr and verdict.reason is Reason.NEEDS_OCR
    return (_AFTER_OCR if tried else "") + answer(verdict).decode()


def verdict_of(word: str | None) -> Verdict | None:
    """The verdict in a word that holds one."""
    packet = word.removeprefix(_AFTER_OCR) if word is not None else ""
    if packet.startswith("{"):
        with suppress(Misfit):
            return read_answer(packet.encode())
    return None


def awaits_ocr(word: str | None) -> bool:
    """Whether a word is that of a file that OCR might read and has not tried to."""
    return word is not None and word.startswith("{") and f'"{Reason.NEEDS_OCR}"' in word

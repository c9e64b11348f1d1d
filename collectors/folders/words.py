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


def word_of(verdict: Verdict) -> str:
    """What to keep of a verdict."""
    if verdict.also:
        return answer(verdict).decode()
    if verdict.verdict is Judgement.CLEAN:
        return CLEAN
    if verdict.verdict is Judgement.UNREADABLE and verdict.reason not in TOLD:
        return UNREAD
    return answer(verdict).decode()


def verdict_of(word: str | None) -> Verdict | None:
    """The verdict in a word that holds one."""
    if word is not None and word.startswith("{"):
        with suppress(Misfit):
            return read_answer(word.encode())
    return None

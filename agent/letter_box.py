"""The letters that the collector brought, each for one user of the laptop.

What a hijacked collector may bring is bounded here: so many letters, of so many characters, as
plain text, for people whom this laptop knows. A letter that nobody has read is never pushed out by
another. What a person answered is not kept, only a digest that tells an answer from a repetition.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from agent.journal_file import write_durably
from agent.kept_rows import rows_in
from agent.wire.contact import MOST_DONE
from agent.wire.letters import Letter, plain
from collectors.base import Clock

log = logging.getLogger(__name__)

FILE = "letters.json"
MOST = 64
"""Letters at a time; of more those that are dealt with go first, the oldest before the others."""
KEPT_FOR = timedelta(days=90)
PUSHED_OUT_AFTER = timedelta(days=30)
"""After which a question that was read and not answered makes room for another letter."""


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A letter, whose it is, and what became of it. ``answer`` is a digest of what was said."""

    letter: Letter
    uid: int
    taken_at: datetime
    read_at: datetime | None = None
    answer: str = ""
    event: str = ""

    def may_go(self, now: datetime) -> bool:
        """Whether it can make room for another."""
        if self.read_at is None:
            return False
        waits = self.letter.what == "question" and not self.answer
        return not waits or now - self.read_at > PUSHED_OUT_AFTER


@dataclass(kw_only=True)
class LetterBox:
    """Keeps letters across restarts. ``whose`` tells the user that an event concerns. Safe to share
    between threads."""

    state: Path
    whose: Callable[[str], int | None]
    now: Clock
    lock: threading.Lock = field(default_factory=threading.Lock)
    kept: tuple[Kept, ...] = field(init=False)
    heard: list[str] = field(default_factory=list, init=False)
    unplaced: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.kept = rows_in(self.state / FILE, Kept)

    def take(self, letters: Sequence[Letter]) -> None:
        """Keep what was brought; what finds no room is brought again. OSError: none was kept."""
        with self.lock:
            kept = [one for one in self.kept if self.now() - one.taken_at < KEPT_FOR]
            known = {one.letter.number for one in kept}
            heard: list[str] = []
            for letter in letters:
                uid = self.whose(letter.about)
                if letter.number in known or (uid is not None and self._add(kept, letter, uid)):
                    heard.append(letter.number)
                elif uid is None:
                    self.unplaced.append(letter.number)
            self._write(tuple(kept))
            self.heard += heard

    def to_say(self) -> tuple[list[str], list[str]]:
        """The numbers that were heard, and those for nobody, each told once: if that is lost, the
        letter is brought again and told again."""
        with self.lock:
            heard, unplaced = self.heard[:MOST_DONE], self.unplaced[:MOST_DONE]
            self.heard, self.unplaced = [], []
            return heard, unplaced

    def of(self, uid: int) -> list[Kept]:
        """The letters of one user, the oldest first."""
        return [one for one in self.kept if one.uid == uid]

    def mark_read(self, uid: int) -> None:
        """One user has seen theirs. What cannot be kept is told again later."""
        if all(one.read_at for one in self.of(uid)):
            return
        now = self.now()
        self._change(
            lambda one: (
                msgspec.structs.replace(one, read_at=now)
                if one.uid == uid and one.read_at is None
                else one
            )
        )

    def mark_answered(self, number: str, answer: str, event: str) -> None:
        """A question was answered: with this digest, in this event."""
        now = self.now()
        self._change(
            lambda one: (
                msgspec.structs.replace(one, answer=answer, event=event, read_at=one.read_at or now)
                if one.letter.number == number
                else one
            )
        )

    def _add(self, kept: list[Kept], letter: Letter, uid: int) -> bool:
        """Put it with the others, in the place of one that may go if there are too many."""
        if len(kept) >= MOST:
            gone = next((one for one in kept if one.may_go(self.now())), None)
            if gone is None:
                log.warning("there is no room for another letter")
                return False
            kept.remove(gone)
        shown = msgspec.structs.replace(letter, text=plain(letter.text))
        kept.append(Kept(letter=shown, uid=uid, taken_at=self.now()))
        return True

    def _change(self, change: Callable[[Kept], Kept]) -> None:
        with self.lock:
            try:
                self._write(tuple(change(one) for one in self.kept))
            except OSError as error:
                log.error("what became of a letter could not be kept: %s", error.strerror)

    def _write(self, kept: tuple[Kept, ...]) -> None:
        if kept != self.kept:
            write_durably(self.state / FILE, msgspec.json.encode(kept))
            self.kept = kept

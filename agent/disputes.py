"""A person says of a file: this verdict is wrong.

The person's own program opens the file and hands the open descriptor over the control socket, so
that the kernel has checked that they may read it. The agent opens the same name below a root of
the policy, through no link, and goes on only if both are one and the same file: nobody can have it
read what they may not read, or what does not belong to the task. The sandboxed worker judges it
once more, a copy is sealed to the officers, and an event tells of it in closed words.
"""

import errno
import fcntl
import os
import re
import stat
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.control_server import Caller, Refused
from agent.dispute_shelf import Shelf, ShelfError, Words
from agent.hourly import Hourly
from agent.own import VerdictDisputed, Wanted
from agent.said import LONGEST_DISPUTE
from agent.wire.event import Event
from collectors.base import Clock, Observation
from collectors.folders.found import PupilFileFound
from collectors.folders.opening import open_beneath, open_root
from collectors.recognise.recogniser import WorkerError
from collectors.recognise.verdict import DETECTOR, Evidence, Format, Judgement, Kind, Verdict
from enforcement import attributes, durable
from enforcement.judged import digest

LONGEST_PATH = 4096
PER_HOUR = 10
"""Disputes of one person."""
PATIENCE = 30.0
"""Seconds that one waits for the dispute before it."""
SEALED_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WHY_NOT = {
    errno.ELOOP: "a link stands in its path; give the path without it",
    errno.EXDEV: "it lies on another drive than the folder that is watched",
    errno.ENOENT: "it is no longer there",
}


@dataclass(kw_only=True)
class Disputes:
    """Takes one dispute after another."""

    roots: Sequence[Path]
    shelf: Shelf
    judge: Callable[[int], Verdict]
    record: Callable[[Observation], str | None]
    told: Callable[[], Sequence[Event]]
    now: Clock
    recent: Hourly = field(default_factory=lambda: Hourly(PER_HOUR))
    turn: threading.Lock = field(default_factory=threading.Lock)

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        """The id of the event and what the agent says. Raises Refused; then nothing was kept."""
        wanted, text, what = _wanted(given), _text(given), _path(given)
        if not self.turn.acquire(timeout=PATIENCE):
            raise Refused("busy", "another file is being looked at; try again in a minute")
        try:
            self._not_too_many(caller)
            self.shelf.room_for(0)
            if SEALED_ID.fullmatch(what):
                return self._of_sealed(what, wanted, text, caller)
            with self._same_file(what, caller.descriptor) as file:
                return self._of_file(file, what, wanted, text, caller)
        except ShelfError as error:
            raise Refused("not-kept", f"nothing was kept or sent: {error}") from error
        except WorkerError as error:
            raise Refused("no-worker", f"nothing was kept or sent: {error}") from error
        finally:
            self.turn.release()

    def _of_file(
        self, file: int, path: str, wanted: Wanted, text: str, caller: Caller
    ) -> dict[str, str]:
        self.shelf.room_for(os.fstat(file).st_size)
        verdict = self.judge(file)
        if str(verdict.verdict) == str(wanted):
            says = f"the agent says '{wanted}' of it too; nothing was kept or sent"
            raise Refused("agreed", says)
        about = attributes.read(file, path, verdict.sha256 or digest(file))
        words = Words(
            said=verdict.verdict,
            wanted=Judgement(wanted),
            file_class=verdict.kind,
            evidence=verdict.evidence,
            format=verdict.format,
            detector=DETECTOR,
        )
        copy = str(uuid.uuid4())
        self.shelf.keep(copy, file, about, words)
        return self._tell(copy, path, text, words, caller)

    def _of_sealed(
        self, sealed_id: str, wanted: Wanted, text: str, caller: Caller
    ) -> dict[str, str]:
        """What is sealed cannot be judged here again: its event tells, as far as it is known."""
        if wanted is not Wanted.CLEAN:
            raise Refused("agreed", "a file was sealed because it is a pupil file")
        if not self.shelf.holds_sealed(sealed_id):
            raise Refused("unknown", "nothing is sealed under this number")
        event = next((one for one in self.told() if one.id == sealed_id), None)
        if event is not None and event.kind != PupilFileFound.kind:
            raise Refused("other", "it was not sealed as a pupil file; tell the privacy officer")
        words = _words_of(event)
        copy = str(uuid.uuid4())
        self.shelf.keep_sealed(copy, sealed_id, words)
        return self._tell(copy, sealed_id, text, words, caller)

    def _tell(
        self, copy: str, what: str, text: str, words: Words, caller: Caller
    ) -> dict[str, str]:
        event = VerdictDisputed(
            observed_at=self.now(),
            subject=what,
            said=words.said,
            wanted=Wanted(words.wanted),
            file_class=words.file_class,
            evidence=words.evidence,
            format=words.format,
            detector=words.detector,
            text=text,
            copy=copy,
            asked_by=caller.uid,
        )
        event_id = self.record(event)
        if event_id is None:
            self.shelf.drop(copy)
            raise Refused("full", "the disk is full: nothing was kept or sent")
        return {"event": event_id, "copy": copy, "said": words.said, "wanted": words.wanted}

    @contextmanager
    def _same_file(self, path: str, shown: int | None) -> Iterator[int]:
        """The file at a path below a root, if it is the one that the caller could open."""
        if shown is None or not _readable(shown):
            raise Refused("no-file", "the file must be handed over open for reading")
        root, relative = self._below(path)
        try:
            with durable.held(open_root(root)) as folder:
                file = open_beneath(folder, relative, os.O_RDONLY)
        except OSError as error:
            why = _WHY_NOT.get(error.errno or 0, error.strerror)
            raise Refused("no-file", f"the file cannot be opened: {why}") from error
        with durable.held(file):
            if not _alike(os.fstat(file), os.fstat(shown)):
                raise Refused("no-file", "at this path lies something else than what was shown")
            yield file

    def _below(self, path: str) -> tuple[str, str]:
        for root in map(str, self.roots):
            top = root.rstrip("/") + "/"
            if path.startswith(top) and os.path.normpath(path) == path:
                return root, path[len(top) :]
        raise Refused("outside", "it lies in no folder that is looked through")

    def _not_too_many(self, caller: Caller) -> None:
        if not self.recent.spend(caller.uid, self.now()):
            raise Refused("too-many", f"{PER_HOUR} within an hour; try again later")


def _readable(descriptor: int) -> bool:
    """Whether it was opened for reading: to hold a mere handle (O_PATH) proves nothing."""
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    return flags & os.O_ACCMODE != os.O_WRONLY and not flags & os.O_PATH


def _alike(ours: os.stat_result, theirs: os.stat_result) -> bool:
    same = (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)
    return same and stat.S_ISREG(ours.st_mode)


def _words_of(event: Event | None) -> Words:
    """What an event said of a file that was sealed."""
    facts = event.facts if event is not None else {}
    evidence = facts.get("evidence", [])
    detector = facts.get("detector", 0)
    return Words(
        said=Judgement.PUPIL,
        wanted=Judgement.CLEAN,
        file_class=Kind(str(facts.get("class", Kind.NONE))),
        evidence=tuple(map(Evidence, evidence if isinstance(evidence, list) else [])),
        format=Format(str(facts.get("format", Format.UNKNOWN))),
        detector=detector if isinstance(detector, int) else 0,
    )


def _wanted(given: Mapping[str, Any]) -> Wanted:
    word = given.get("says")
    if word not in tuple(Wanted):
        raise Refused("says", f"say what it is: {' or '.join(Wanted)}")
    return Wanted(word)


def _text(given: Mapping[str, Any]) -> str:
    text = given.get("text", "")
    if not isinstance(text, str) or len(text) > LONGEST_DISPUTE:
        raise Refused("text", f"a text holds at most {LONGEST_DISPUTE} characters")
    return text


def _path(given: Mapping[str, Any]) -> str:
    path = given.get("file")
    if not isinstance(path, str) or not 0 < len(path) <= LONGEST_PATH or "\0" in path:
        raise Refused("file", "name a file, or the number of a sealed one")
    return path

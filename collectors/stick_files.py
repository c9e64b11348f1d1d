"""Stick files: which pupil files are on a USB stick in use, so that it is known of a lost one.

A mounted stick is looked through when its free space has changed and then stayed as it is for one
look: after each copying, and once when it comes. Nothing on it is held open between two looks, so
that it can be taken out. What is told of a file is what is told of any pupil file, with the stick's
own digest and whether it was reached through an encrypted volume: the answer to "what was on it,
and could a finder read it?" It only reports.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar, Protocol

from collectors.base import (
    Clock,
    CollectorError,
    Condition,
    Details,
    Facts,
    Keyed,
    Observation,
    Setting,
    Settings,
    Stop,
    utc_now,
)
from collectors.folders.found import LARGEST_FACT, PupilFileFound
from collectors.folders.judged import Judged, in_hand, pupil_file, stamp
from collectors.folders.walk import Root, Tally, excluded, open_folder, open_plain, walk
from collectors.recognise.category import is_sensitive
from collectors.recognise.crew import Crew
from collectors.recognise.recogniser import WorkerError
from collectors.recognise.verdict import DETECTOR, Judgement
from collectors.stick import Stick

if sys.platform == "linux":
    from collectors.stick_files_linux import Sticks
else:
    raise ImportError(f"sticks cannot be looked through on {sys.platform} yet")

SETTINGS: Mapping[str, Setting] = {
    "watch": Setting(True, "whether sticks in use are looked through for pupil files"),
    "poll_seconds": Setting(5, "how often to look whether something was written"),
}
MOST_SECONDS = 60.0
"""Longest look through one stick; the rest comes at the next look."""
MOST_REMEMBERED = 50_000
"""Files whose state is remembered, so that each is read once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PupilFileOnStick(Observation):
    """A pupil file is on a stick that is in use."""

    kind: ClassVar[str] = "pupil-file-on-stick"
    found: PupilFileFound
    stick: Stick

    def facts(self) -> Facts:
        found = self.found
        return {
            "class": found.file_class,
            "format": found.format,
            "persons-min": found.persons_min,
            "persons-max": found.persons_max,
            "evidence": found.evidence,
            "categories": found.categories,
            "sensitive": is_sensitive(found.categories),
            "size-kb": min(LARGEST_FACT, -(-found.size // 1024)),
            "file": Keyed(found.subject),
            "detector": DETECTOR,
            "device": Keyed(self.stick.device, shared=True),
            "encrypted": self.stick.encrypted,
        }

    def details(self) -> Details:
        stick = self.stick
        return {
            "path": self.found.subject,
            "sha256": self.found.sha256,
            "serial": stick.serial,
            "model": stick.model,
            "label": stick.label,
        }

    def once(self) -> str:
        """Told once for each state of a file on a stick, wherever the stick is mounted."""
        inside = self.found.subject.removeprefix(self.stick.path)
        return f"{self.stick.device}/{self.found.sha256}/{inside}"


class Mounted(Protocol):
    """The part of the operating system that knows which sticks are in use."""

    def sticks(self) -> Sequence[Stick]: ...


class StickFilesCollector:
    """Reports pupil files on sticks in use."""

    name = "stick_files"

    def __init__(
        self,
        mounted: Mounted,
        *,
        poll: float = 5.0,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        crew: Callable[[], Crew] = Crew,
    ) -> None:
        self.mounted = mounted
        self.poll = poll
        self.now = now
        self.monotonic = monotonic
        self.crew = crew
        self.before: dict[str, tuple[int, int]] = {}
        self.done: dict[str, tuple[int, int]] = {}
        self.seen: dict[str, str] = {}

    def condition(self) -> Condition:
        return {}

    def observe(self, stop: Stop) -> Iterator[Observation]:
        while not stop.is_set():
            for stick in self._due():
                yield from self._look_through(stick, stop)
            stop.wait(self.poll)

    def _due(self) -> list[Stick]:
        """The sticks that were written to, or came, and then rested for one look."""
        sticks = self.mounted.sticks()
        due = [
            stick
            for stick in sticks
            if self.before.get(stick.path) == stick.used != self.done.get(stick.path)
        ]
        self.before = {stick.path: stick.used for stick in sticks}
        self.done = {path: used for path, used in self.done.items() if path in self.before}
        return due

    def _look_through(self, stick: Stick, stop: Stop) -> Iterator[Observation]:
        """One look. A stick that is pulled meanwhile ends it, and is no error."""
        try:
            with closing(open_folder(stick.path)) as root, closing(self.crew()) as crew:
                files = self._files(root, stick, stop)
                for judged, verdict in crew.judge(files, self.now().date()):
                    if verdict.verdict is Judgement.PUPIL:
                        found = pupil_file(judged, verdict, self.now())
                        yield PupilFileOnStick(
                            observed_at=self.now(),
                            subject=judged.path,
                            found=found,
                            stick=stick,
                        )
        except WorkerError as error:
            raise CollectorError(str(error)) from error
        except OSError as error:
            if any(one.path == stick.path for one in self.mounted.sticks()):
                raise CollectorError(f"a stick cannot be looked through: {error}") from error

    def _files(self, root: Root, stick: Stick, stop: Stop) -> Iterator[tuple[Judged, int]]:
        """What was not read in this state yet, each opened; ``done`` when all of it was."""
        tally, end = Tally(), self.monotonic() + MOST_SECONDS
        for plain in walk(root, "", lambda relative: excluded(relative, ()), tally, stop):
            key, state = f"{stick.device}/{plain.relative}", stamp(plain.status)
            if self.seen.get(key) == state:
                continue
            if self.monotonic() > end:
                return
            if opened := open_plain(root, plain.relative, tally):
                self._remember(key, state)
                yield in_hand(root, plain.relative, opened[1]), opened[0]
        if not stop.is_set():
            self.done[stick.path] = stick.used

    def _remember(self, key: str, state: str) -> None:
        if len(self.seen) >= MOST_REMEMBERED:
            self.seen.clear()
        self.seen[key] = state


def mounted() -> Sequence[Stick]:
    """The sticks in use on this machine."""
    return Sticks().sticks()


def make(settings: Settings) -> StickFilesCollector:
    """Build the collector from its section of the policy. Raises CollectorError."""
    poll = settings["poll_seconds"]
    if not 1 <= poll <= 3600:
        raise CollectorError("stick_files: poll_seconds is 1 to 3600")
    return StickFilesCollector(Sticks() if settings["watch"] else NoSticks(), poll=float(poll))


class NoSticks:
    """For a policy that does not want sticks looked through."""

    def sticks(self) -> Sequence[Stick]:
        return ()

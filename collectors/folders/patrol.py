"""Goes through files: which of them need judging, what comes of it, what could not be read."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass

from collectors.base import (
    Clock,
    CoverageLost,
    CoverageRestored,
    Gap,
    Observation,
    Stop,
)
from collectors.folders.found import LARGEST_FACT, PupilFileFound, UnreadableFileFound, Watched
from collectors.folders.index import Index
from collectors.folders.opening import status_beneath
from collectors.folders.place import place_of
from collectors.folders.walk import Plain, Root, Tally, excluded, open_plain, walk
from collectors.folders.watch import most_watches
from collectors.recognise.crew import Crew
from collectors.recognise.verdict import Judgement, Reason, Verdict

CLEAN = "clean"
UNREAD = "unread"
"""The word kept for a file that could not be judged and is only counted."""

TOLD = (Reason.ENCRYPTED, Reason.NEEDS_OCR)
"""Reasons that are told of each file; it may be a pupil file. The others are counted."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A file that was opened: its path and its status at that moment.

    ``inside`` is its path from the root's own name on: what lies above says nothing of its place.
    """

    path: str
    inside: str
    status: os.stat_result


class Patrol:
    """Sweeps roots and looks at single paths. Not to be shared between threads."""

    def __init__(
        self,
        *,
        crew: Crew,
        index: Index | None,
        exclude: Sequence[str],
        passed_over: Sequence[str],
        max_bytes: int,
        now: Clock,
    ) -> None:
        self._crew = crew
        self._index = index
        self._exclude = exclude
        self._passed_over = passed_over
        self._max_bytes = max_bytes
        self._now = now
        self._told: set[tuple[str, str]] = set()
        self._gaps = False

    def sweep(self, roots: Iterable[Root], stop: Stop) -> Iterator[Observation]:
        """Every file under the roots, then what was passed by unread."""
        roots, tally = list(roots), Tally()
        with self._index.sweep(lambda: not stop.is_set()) if self._index else nullcontext():
            for root in roots:
                yield from self._judge(self._open(root, [""], tally, stop), tally, stop)
        if not stop.is_set():
            yield from self._passed(tally, ", ".join(root.path for root in roots))

    def look_at(
        self, paths: Sequence[str], roots: Iterable[Root], stop: Stop
    ) -> Iterator[Observation]:
        """Single paths, files or folders, that changed."""
        if not paths:
            return
        tally = Tally()
        for root in roots:
            beneath = [rel for path in paths if (rel := root.relative(path)) is not None]
            yield from self._judge(self._open(root, beneath, tally, stop), tally, stop)
        if self._index is not None:
            self._index.commit()

    def _judge(
        self, opened: Iterator[tuple[_Judged, int]], tally: Tally, stop: Stop
    ) -> Iterator[Observation]:
        today = self._now().date()
        verdicts = self._crew.judge(opened, today, self._max_bytes)
        with closing(verdicts):
            for judged, verdict in verdicts:
                yield from self._conclude(judged, verdict, tally)
                if stop.is_set():
                    return

    def _open(
        self, root: Root, starts: Sequence[str], tally: Tally, stop: Stop
    ) -> Iterator[tuple[_Judged, int]]:
        """The files that have to be judged, each opened; of a folder and a file in it one."""
        done: set[str] = set()
        for start in starts:
            for plain in self._plain(root, start, tally, stop):
                if len(starts) > 1 and plain.relative in done:
                    continue
                done.update([plain.relative] if len(starts) > 1 else ())
                if self._known(root.absolute(plain.relative), plain.status, tally):
                    continue
                opened = open_plain(root, plain.relative, tally)
                if opened is not None:
                    yield _judged(root, plain.relative, opened[1]), opened[0]

    def _plain(self, root: Root, start: str, tally: Tally, stop: Stop) -> Iterator[Plain]:
        if start and self._skip(root, start):
            return
        try:
            status = status_beneath(root.descriptor, start)
        except OSError:
            return
        if stat.S_ISDIR(status.st_mode):
            yield from walk(root, start, lambda relative: self._skip(root, relative), tally, stop)
        elif stat.S_ISREG(status.st_mode):
            yield Plain(start, status)

    def _skip(self, root: Root, relative: str) -> bool:
        return excluded(relative, self._exclude) or root.absolute(relative) in self._passed_over

    def _known(self, path: str, status: os.stat_result, tally: Tally) -> bool:
        """Whether a file was judged as it is now, and nothing is left to say about it."""
        word = self._index.word(path, status) if self._index is not None else None
        tally.unreadable += word == UNREAD
        return word in (CLEAN, UNREAD) or (path, _stamp(status)) in self._told

    def _conclude(self, judged: _Judged, verdict: Verdict, tally: Tally) -> Iterator[Observation]:
        if verdict.verdict is Judgement.PUPIL:
            self._keep(judged, verdict.verdict)
            yield self._pupil(judged, verdict)
        elif verdict.reason in TOLD:
            self._keep(judged, verdict.reason)
            self._told.add((judged.path, _stamp(judged.status)))
            yield self._unreadable(judged, verdict)
        else:
            readable = verdict.verdict is Judgement.CLEAN
            self._keep(judged, CLEAN if readable else UNREAD)
            tally.unreadable += not readable

    def _keep(self, judged: _Judged, word: str) -> None:
        if self._index is not None:
            self._index.keep(judged.path, judged.status, word)

    def _pupil(self, judged: _Judged, verdict: Verdict) -> PupilFileFound:
        return PupilFileFound(
            observed_at=self._now(),
            subject=judged.path,
            file_class=verdict.kind,
            persons_min=verdict.persons_min,
            persons_max=verdict.persons_max,
            evidence=verdict.evidence,
            format=verdict.format,
            place=place_of(judged.inside),
            size=judged.status.st_size,
            sha256=verdict.sha256,
            device=judged.status.st_dev,
            inode=judged.status.st_ino,
        )

    def _unreadable(self, judged: _Judged, verdict: Verdict) -> UnreadableFileFound:
        return UnreadableFileFound(
            observed_at=self._now(),
            subject=judged.path,
            reason=verdict.reason,
            format=verdict.format,
            place=place_of(judged.inside),
            stamp=_stamp(judged.status),
        )

    def _passed(self, tally: Tally, subject: str) -> Iterator[Observation]:
        """What a sweep could not read, in numbers; or that there is no such thing any more."""
        most = most_watches()
        if most is not None and tally.folders >= most:
            yield self._lost(Watched.CHANGES, Gap.LIMIT, tally.folders, subject)
        gaps = ((Gap.ODD_FILE, tally.odd), (Gap.UNREADABLE, tally.unreadable))
        for gap, count in gaps:
            if count:
                yield self._lost(Watched.FILES, gap, count, subject)
        before, self._gaps = self._gaps, any(count for _, count in gaps)
        if before and not self._gaps:
            yield CoverageRestored(observed_at=self._now(), subject=subject, what=Watched.FILES)

    def _lost(self, what: Watched, gap: Gap, count: int, subject: str) -> CoverageLost:
        bounded = min(count, LARGEST_FACT)
        return CoverageLost(
            observed_at=self._now(), subject=subject, what=what, gap=gap, count=bounded
        )


def _judged(root: Root, relative: str, status: os.stat_result) -> _Judged:
    inside = f"{os.path.basename(root.path)}/{relative}"
    return _Judged(root.absolute(relative), inside, status)


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}.{status.st_size}.{status.st_ino}"

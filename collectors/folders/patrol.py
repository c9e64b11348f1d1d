"""Goes through files: which of them need judging, what comes of it, what could not be read.

A file that only OCR could read is told as unreadable and offered to whoever has OCR, to be taken up
again at leisure. The index knows whether that was done, so that it is not done twice.
"""

import os
import stat
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext

from collectors.base import Clock, CoverageLost, CoverageRestored, Gap, Observation, Stop
from collectors.folders.found import LARGEST_FACT, Watched
from collectors.folders.index import Glance, Index
from collectors.folders.judged import (
    Judged,
    in_hand,
    password_lists,
    pupil_file,
    stamp,
    unreadable_file,
)
from collectors.folders.opening import status_beneath
from collectors.folders.roots import Roots
from collectors.folders.walk import (
    Plain,
    Root,
    Tally,
    beneath,
    exclusion,
    open_plain,
    walk,
)
from collectors.folders.words import CLEAN, TOLD, UNREAD, awaits_ocr, verdict_of, word_of
from collectors.recognise.crew import Crew
from collectors.recognise.ocr import wants_ocr
from collectors.recognise.verdict import Judgement, Verdict

_Known = tuple[Judged, Verdict]
_Fresh = tuple[Judged, int]
"""A file with an open descriptor."""
Offer = Callable[[Judged, Verdict], None]
"""Takes a file that only OCR could read, and its verdict without."""
_Memory = Glance | Index | None


class Patrol:
    """Sweeps roots and looks at single paths. Not to be shared between threads.

    ``pupil_files`` is how many the last sweep saw that went to its end.
    """

    def __init__(
        self,
        *,
        crew: Crew,
        index: Index | None,
        exclude: Sequence[str],
        passed_over: Sequence[str],
        max_bytes: int,
        now: Clock,
        offer: Offer = lambda judged, verdict: None,
    ) -> None:
        self._crew = crew
        self._index = index
        self._exclude = tuple(exclude)
        self._passed_over = passed_over
        self._max_bytes = max_bytes
        self._now = now
        self._offer = offer
        self._files_before = index.count() if index is not None else 0
        self.pupil_files: int | None = None
        self._swept_by = Tally()
        self._told: set[tuple[str, str]] = set()
        self._gaps = False

    def sweep(
        self, roots: Roots, stop: Stop, most_folders: int | None = None
    ) -> Generator[Observation | None, None, None]:
        """Every file under the roots, then what was passed by unread. None is a breath: nothing
        was found, but time has passed and something else may be done."""
        tally, paths = Tally(), roots.paths()
        self._swept_by = tally
        with self._swept(stop) as known:
            for path in paths:
                with roots.opened(path) as root:
                    if root is not None:
                        opened = self._open(root, [""], known, tally, stop)
                        yield from self._judge(opened, tally, stop)
        if not stop.is_set():
            self._files_before, self.pupil_files = tally.files, tally.pupil_files
            yield from self._passed(tally, ", ".join(paths), most_folders)

    def files(self) -> int:
        """How many files there are to look at, as far as that is known yet."""
        return max(self._files_before, self._swept_by.files)

    def look_at(self, paths: Sequence[str], roots: Roots, stop: Stop) -> Iterator[Observation]:
        """Single paths, files or folders, that changed."""
        if not paths:
            return
        tally = Tally()
        for path in roots.paths():
            within = [rel for each in paths if (rel := beneath(path, each)) is not None]
            if within:
                with roots.opened(path) as root:
                    if root is not None:
                        opened = self._open(root, within, self._index, tally, stop)
                        told = self._judge(opened, tally, stop)
                        yield from (each for each in told if each is not None)
        if self._index is not None:
            self._index.commit()

    def settle(self, judged: Judged, verdict: Verdict) -> Iterator[Observation]:
        """What comes of a file after OCR, whether that could read it or not."""
        if self._index is not None:
            self._index.keep(judged.path, judged.status, word_of(verdict, after_ocr=True))
            self._index.commit()
        if verdict.verdict is not Judgement.UNREADABLE:
            self._told.discard((judged.path, stamp(judged.status)))
        if verdict.verdict is Judgement.PUPIL:
            yield pupil_file(judged, verdict, self._now())
        yield from password_lists(judged, verdict, self._now())

    def _swept(self, stop: Stop) -> AbstractContextManager[Glance | None]:
        return self._index.sweep(lambda: not stop.is_set()) if self._index else nullcontext()

    def _judge(
        self, opened: Iterator[_Known | _Fresh], tally: Tally, stop: Stop
    ) -> Iterator[Observation | None]:
        """What comes of files that are known or opened."""
        known: deque[_Known] = deque()
        fresh = _put_aside(opened, known)
        with closing(self._crew.judge(fresh, self._now().date(), self._max_bytes)) as verdicts:
            for judged, verdict in verdicts:
                if self._index is not None:
                    self._index.keep(judged.path, judged.status, word_of(verdict))
                if wants_ocr(verdict):
                    self._offer(judged, verdict)
                yield from self._conclude(judged, verdict, tally)
                if stop.is_set():
                    return
                for each in _emptied(known):
                    yield from self._conclude(*each, tally)
        for each in _emptied(known):
            yield from self._conclude(*each, tally)

    def _open(
        self, root: Root, starts: Sequence[str], memory: _Memory, tally: Tally, stop: Stop
    ) -> Iterator[_Known | _Fresh]:
        """The files that have something to be said about, each opened unless its verdict is known.
        Of a folder and a file in it one; a file that itself is said to have changed is opened."""
        done: set[str] = set()
        several, above = len(starts) > 1, root.absolute("").rstrip("/") + "/"
        for start in starts:
            for relative, status in self._plain(root, start, tally, stop):
                tally.files += 1
                if several:
                    if relative in done:
                        continue
                    done.add(relative)
                path = above + relative
                word = memory.word(path, status) if memory and relative != start else None
                if word == CLEAN:
                    continue
                if awaits_ocr(word) and (verdict := verdict_of(word)) is not None:
                    self._offer(in_hand(root, relative, status), verdict)
                if word == UNREAD:
                    tally.unreadable += 1
                elif (path, stamp(status)) not in self._told:
                    yield from self._one(root, relative, status, word, tally)

    def _one(
        self, root: Root, relative: str, status: os.stat_result, word: str | None, tally: Tally
    ) -> Iterator[_Known | _Fresh]:
        verdict = verdict_of(word)
        if verdict is not None:
            yield in_hand(root, relative, status), verdict
            return
        opened = open_plain(root, relative, tally)
        if opened is not None:
            yield in_hand(root, relative, opened[1]), opened[0]

    def _plain(self, root: Root, start: str, tally: Tally, stop: Stop) -> Iterator[Plain]:
        above = root.inside.partition("/")[2]
        prefix = f"{above}/" if above else ""
        passed_over = {beneath(root.path, path) for path in self._passed_over} - {None}
        excluded = exclusion(self._exclude)

        def skip(relative: str) -> bool:
            return excluded.last(prefix + relative) or relative in passed_over

        if start and (excluded.all(prefix + start) or start in passed_over):
            return
        try:
            status = status_beneath(root.descriptor, start)
        except OSError:
            return
        if stat.S_ISDIR(status.st_mode):
            simple = not prefix and not passed_over
            yield from walk(root, start, excluded.last if simple else skip, tally, stop)
        elif stat.S_ISREG(status.st_mode):
            yield Plain(start, status)

    def _conclude(
        self, judged: Judged, verdict: Verdict, tally: Tally
    ) -> Iterator[Observation | None]:
        yield self._foremost(judged, verdict, tally)
        yield from password_lists(judged, verdict, self._now())

    def _foremost(self, judged: Judged, verdict: Verdict, tally: Tally) -> Observation | None:
        if verdict.verdict is Judgement.PUPIL:
            tally.pupil_files += 1
            return pupil_file(judged, verdict, self._now())
        if verdict.reason in TOLD:
            self._told.add((judged.path, stamp(judged.status)))
            return unreadable_file(judged, verdict, self._now())
        tally.unreadable += verdict.verdict is not Judgement.CLEAN
        return None

    def _passed(self, tally: Tally, subject: str, most: int | None) -> Iterator[Observation]:
        """What a sweep could not read, in numbers; or that there is no such thing any more."""
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


def _put_aside(opened: Iterator[_Known | _Fresh], known: deque[_Known]) -> Iterator[_Fresh]:
    """The files that have to be judged; those whose verdict is known are put aside."""
    for judged, what in opened:
        if isinstance(what, Verdict):
            known.append((judged, what))
        else:
            yield judged, what


def _emptied(known: deque[_Known]) -> Iterator[_Known]:
    while known:
        yield known.popleft()

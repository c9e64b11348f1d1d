"""``dossierwacht scan``: looks through files and folders once and says what each file is.

The same workers judge as in the agent, several at a time. With ``--jsonl`` each file is one line
of JSON, made for programs; without, only what is not clean is shown, made for people. With
``--explain`` it says why, see ``scan_explain``; with ``--ocr`` scans are read when all else is
done, see ``scan_ocr``. What is said of a file stays on this machine: the command sends nothing.
"""

import argparse
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

from agent.commands.scan_explain import explain
from agent.commands.scan_lines import Count, Emit, Line, Progress, close, printer, progress_shown
from agent.commands.scan_ocr import lacking, read_scans
from agent.commands.scan_rules import add_policy, own_of
from agent.errors import AgentError
from collectors.base import Stop, utc_now
from collectors.folders.index import Index, open_index_file
from collectors.folders.walk import Plain, Root, Tally, excluded, open_folder, open_plain, walk
from collectors.recognise.crew import Crew
from collectors.recognise.ocr import wants_ocr
from collectors.recognise.recogniser import WorkerError, recogniser_for
from collectors.recognise.rules.own import NONE, OwnRules
from collectors.recognise.verdict import Judgement, Reason, Verdict, unreadable

FOUND = "found"
"""The word kept for a clean file that something is to be said about all the same."""
EVERY = 50
"""Files between two lines of progress."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file in hand. ``path`` is shown, ``key`` is its real path."""

    path: str
    key: str
    status: os.stat_result


@dataclass(frozen=True, slots=True)
class _Look:
    """Everything that one scan works with. ``scans`` gathers what is left for OCR; None without."""

    crew: Crew
    index: Index | None
    emit: Emit
    progress: Progress
    count: Count
    stop: Stop
    scans: list[tuple[_File, Verdict]] | None

    def conclude(self, file: _File, verdict: Verdict) -> None:
        """Remember the verdict on a file, and tell it."""
        if self.index is not None:
            word = FOUND if verdict.also else verdict.verdict
            self.index.keep(file.key, file.status, word)
        self.tell(Line(file.path, verdict))

    def tell(self, line: Line) -> None:
        """Give a line away, and say how far the scan is now and then."""
        self.count.files += 1
        self.count.found[line.verdict.verdict] += 1
        self.emit(line)
        if self.count.files % EVERY == 0:
            self.progress(self.count)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht scan``."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files and folders")
    parser.add_argument("--jsonl", action="store_true", help="one line of JSON a file")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="files judged at a time (default 1)"
    )
    parser.add_argument(
        "--index",
        metavar="FILE",
        help="remember here what was clean, so that an unchanged file is not read again",
    )
    add_policy(parser)
    parser.add_argument(
        "--ocr", action="store_true", help="when all else is done, read scans and pictures of pages"
    )
    parser.add_argument(
        "--explain", action="store_true", help="say why a file got its verdict; PATH is a file"
    )
    parser.add_argument(
        "--show", action="store_true", help="with --explain: print what in the file decided"
    )


def main(arguments: argparse.Namespace) -> int:
    """Scan; exit code 0 if it ran, 2 if a path is missing or an option is wrong."""
    wrong = _wrong(arguments.paths, arguments.workers) or _wrong_together(arguments)
    if wrong:
        print(f"dossierwacht scan: {wrong}", file=sys.stderr)
        return 2
    own = own_of(arguments)
    if arguments.explain:
        return _explain(arguments, own)
    index = Path(arguments.index) if arguments.index else None
    count = Count()
    try:
        emit, progress, ocr = printer(arguments.jsonl), progress_shown(), arguments.ocr
        scan(arguments.paths, arguments.workers, index, emit, progress, count, None, ocr, own)
    except WorkerError as error:
        raise AgentError(str(error)) from error
    except OSError as error:
        raise AgentError(f"the scan could not go on: {error}") from error
    close(count, arguments.jsonl)
    return 0


def _explain(arguments: argparse.Namespace, own: OwnRules) -> int:
    try:
        return explain(arguments.paths, arguments.show, own)
    except WorkerError as error:
        raise AgentError(str(error)) from error


def scan(
    paths: Sequence[str],
    workers: int,
    index: Path | None,
    emit: Emit,
    progress: Progress,
    count: Count | None = None,
    stop: Stop | None = None,
    with_ocr: bool = False,
    own: OwnRules = NONE,
) -> Count:
    """Judge every file under ``paths`` and give each to ``emit``; ``progress`` is told how far.
    With OCR, files that only that could read come last.

    Raises WorkerError if no worker can be started, OSError if the index cannot be opened.
    """
    count, stop = count or Count(), stop or Event()
    with ExitStack() as held:
        crew = Crew(workers, partial(recogniser_for, own))
        held.callback(crew.close)
        known = open_index_file(index, own.digest()) if index else None
        if known is not None:
            held.callback(known.close)
        look = _Look(crew, known, emit, progress, count, stop, [] if with_ocr else None)
        for path in paths:
            _scan_one(path, look)
        if look.scans:
            crew.close()
            _read_scans(look, look.scans, own)
    return count


def _scan_one(path: str, look: _Look) -> None:
    with ExitStack() as held:
        root, start = _root(path)
        held.callback(root.close)
        held.enter_context(look.index.sweep(lambda: False) if look.index else nullcontext())
        for file, verdict in look.crew.judge(_files(path, root, start, look), utc_now().date()):
            if look.scans is not None and wants_ocr(verdict):
                look.scans.append((file, verdict))
            else:
                look.conclude(file, verdict)
        look.progress(look.count)


def _read_scans(look: _Look, scans: Sequence[tuple[_File, Verdict]], own: OwnRules) -> None:
    for file, verdict in read_scans(scans, _reopened, own):
        look.conclude(file, verdict)
        if look.stop.is_set():
            break
    look.progress(look.count)


def _reopened(file: _File) -> int | None:
    """A file that was looked at before, opened again."""
    try:
        root, start = _root(file.key)
    except OSError:
        return None
    try:
        opened = open_plain(root, start, Tally())
    finally:
        root.close()
    return opened[0] if opened is not None else None


def _root(path: str) -> tuple[Root, str]:
    """The folder to open, and where in it to begin."""
    if os.path.isdir(path):
        return open_folder(path), ""
    real = os.path.realpath(path)
    return open_folder(os.path.dirname(real)), os.path.basename(real)


def _files(path: str, root: Root, start: str, look: _Look) -> Iterator[tuple[_File, int]]:
    """The files to be judged, each opened. What is known or closed is told at once."""
    tally = look.count.tally
    for plain in _plain(root, start, look.count, look.stop):
        shown = path if start else os.path.join(path, plain.relative)
        key = root.absolute(plain.relative)
        if look.index is not None and look.index.word(key, plain.status) == Judgement.CLEAN:
            look.tell(Line(shown, Verdict(verdict=Judgement.CLEAN), known=True))
            continue
        odd = tally.odd
        opened = open_plain(root, plain.relative, tally)
        if opened is not None:
            yield _File(shown, key, opened[1]), opened[0]
        elif tally.odd == odd:
            look.tell(Line(shown, unreadable(Reason.NO_ACCESS)))


def _plain(root: Root, start: str, count: Count, stop: Stop) -> Iterator[Plain]:
    if not start:
        yield from walk(root, "", lambda relative: excluded(relative, ()), count.tally, stop)
        return
    status = os.stat(start, dir_fd=root.descriptor, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        yield Plain(start, status)
    else:
        count.tally.odd += 1


def _wrong_together(arguments: argparse.Namespace) -> str | None:
    if arguments.show and not arguments.explain:
        return "--show goes with --explain"
    if not arguments.explain:
        return lacking() if arguments.ocr else None
    if arguments.jsonl or arguments.index or arguments.ocr:
        return "--explain is for people: it goes with none of --jsonl, --index and --ocr"
    folder = next((path for path in arguments.paths if os.path.isdir(path)), None)
    return f"--explain takes files, and {folder!r} is a folder" if folder else None


def _wrong(paths: Sequence[str], workers: int) -> str | None:
    if workers < 1:
        return f"--workers takes a number from 1, not {workers}"
    missing = [path for path in paths if not os.path.exists(path)]
    return f"there is no {missing[0]!r}" if missing else None

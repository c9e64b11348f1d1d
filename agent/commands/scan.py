"""``dossierwacht scan``: looks through files and folders once and says what each file is.

The same workers judge as in the agent, several at a time. With ``--jsonl`` each file is one line
of JSON, made for programs; without, only what is not clean is shown, made for people. With
``--explain`` it says why, see ``scan_explain``. What is said of a file stays on this machine: the
command sends nothing.
"""

import argparse
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

from agent.commands.scan_explain import explain
from agent.commands.scan_rules import add_policy, own_of
from agent.errors import AgentError
from collectors.base import Stop, utc_now
from collectors.folders.index import Index, open_index_file
from collectors.folders.walk import Plain, Root, Tally, excluded, open_folder, open_plain, walk
from collectors.recognise.crew import Crew
from collectors.recognise.recogniser import WorkerError, recogniser_for
from collectors.recognise.rules.own import NONE, OwnRules
from collectors.recognise.verdict import Judgement, Reason, Verdict, unreadable

EVERY = 50
"""Files between two lines of progress."""


@dataclass(frozen=True, slots=True)
class Line:
    """One file: its path as it was asked for, and the verdict; ``known`` if it was not read."""

    path: str
    verdict: Verdict
    known: bool = False


@dataclass(slots=True)
class Count:
    """How far a scan is, and what it passed by."""

    files: int = 0
    found: dict[Judgement, int] = field(default_factory=lambda: dict.fromkeys(Judgement, 0))
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class _File:
    """A file in hand. ``path`` is shown, ``key`` is its real path."""

    path: str
    key: str
    status: os.stat_result


Emit = Callable[[Line], None]
Progress = Callable[[Count], None]


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
        emit = _emit(arguments.jsonl)
        scan(arguments.paths, arguments.workers, index, emit, _progress(), count, own=own)
    except WorkerError as error:
        raise AgentError(str(error)) from error
    except OSError as error:
        raise AgentError(f"the scan could not go on: {error}") from error
    _close(count, arguments.jsonl)
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
    own: OwnRules = NONE,
) -> Count:
    """Judge every file under ``paths`` and give each to ``emit``; ``progress`` is told how far.

    Raises WorkerError if no worker can be started, OSError if the index cannot be opened.
    """
    count, stop = count or Count(), stop or Event()
    with ExitStack() as held:
        crew = Crew(workers, partial(recogniser_for, own))
        held.callback(crew.close)
        known = open_index_file(index, own.digest()) if index else None
        if known is not None:
            held.callback(known.close)
        for path in paths:
            _scan_one(path, crew, known, emit, progress, count, stop)
    return count


def _scan_one(
    path: str,
    crew: Crew,
    index: Index | None,
    emit: Emit,
    progress: Progress,
    count: Count,
    stop: Stop,
) -> None:
    with ExitStack() as held:
        root, start = _root(path)
        held.callback(root.close)
        held.enter_context(index.sweep(lambda: False) if index else nullcontext())

        def tell(line: Line) -> None:
            count.files += 1
            count.found[line.verdict.verdict] += 1
            emit(line)
            if count.files % EVERY == 0:
                progress(count)

        files = _files(path, root, start, index, tell, count, stop)
        for file, verdict in crew.judge(files, utc_now().date()):
            if index is not None:
                index.keep(file.key, file.status, verdict.verdict)
            tell(Line(file.path, verdict))
        progress(count)


def _root(path: str) -> tuple[Root, str]:
    """The folder to open, and where in it to begin."""
    if os.path.isdir(path):
        return open_folder(path), ""
    real = os.path.realpath(path)
    return open_folder(os.path.dirname(real)), os.path.basename(real)


def _files(
    path: str, root: Root, start: str, index: Index | None, tell: Emit, count: Count, stop: Stop
) -> Iterator[tuple[_File, int]]:
    """The files to be judged, each opened. What is known or closed is told at once."""
    for plain in _plain(root, start, count, stop):
        shown = path if start else os.path.join(path, plain.relative)
        key = root.absolute(plain.relative)
        if index is not None and index.word(key, plain.status) == Judgement.CLEAN:
            tell(Line(shown, Verdict(verdict=Judgement.CLEAN), known=True))
            continue
        odd = count.tally.odd
        opened = open_plain(root, plain.relative, count.tally)
        if opened is not None:
            yield _File(shown, key, opened[1]), opened[0]
        elif count.tally.odd == odd:
            tell(Line(shown, unreadable(Reason.NO_ACCESS)))


def _plain(root: Root, start: str, count: Count, stop: Stop) -> Iterator[Plain]:
    if not start:
        yield from walk(root, "", lambda relative: excluded(relative, ()), count.tally, stop)
        return
    status = os.stat(start, dir_fd=root.descriptor, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        yield Plain(start, status)
    else:
        count.tally.odd += 1


def as_json(line: Line) -> str:
    """One line of JSON, the public contract of ``--jsonl``."""
    verdict = line.verdict
    return json.dumps(
        {
            "path": line.path,
            "verdict": verdict.verdict,
            "persons_min": verdict.persons_min,
            "persons_max": verdict.persons_max,
            "persons": verdict.persons_min,
            "score": None if line.known else verdict.score,
            "class": verdict.kind,
            "evidence": verdict.evidence,
            "reason": verdict.reason,
        }
    )


def as_text(line: Line) -> str | None:
    """One line for a person, or None for a clean file."""
    verdict = line.verdict
    if verdict.verdict is Judgement.CLEAN:
        return None
    path = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line.path)
    if verdict.verdict is Judgement.UNREADABLE:
        return f"unreadable  {verdict.reason:<34}  {path}"
    low, high = verdict.persons_min, verdict.persons_max
    persons = f"{low}" if low == high else f"{low}-{high}"
    return f"pupil       {verdict.kind:<14} {f'{persons} person(s)':<19}  {path}"


def _emit(jsonl: bool) -> Emit:
    def emit(line: Line) -> None:
        text = as_json(line) if jsonl else as_text(line)
        if text is not None:
            _wipe()
            print(text)

    return emit


def _progress() -> Progress:
    def progress(count: Count) -> None:
        if sys.stderr.isatty():
            print(f"\r{_summary(count)}", end="", file=sys.stderr, flush=True)

    return progress


def _wipe() -> None:
    """Take the line of progress away before something else is written."""
    if sys.stderr.isatty() and sys.stdout.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _summary(count: Count) -> str:
    found = count.found
    return (
        f"{count.files} files: {found[Judgement.PUPIL]} pupil, {found[Judgement.CLEAN]} clean, "
        f"{found[Judgement.UNREADABLE]} unreadable"
    )


def _close(count: Count, jsonl: bool) -> None:
    _wipe()
    out = sys.stderr if jsonl else sys.stdout
    print(_summary(count), file=out)
    if count.tally.odd:
        print(f"{count.tally.odd} pipes, sockets or devices were passed over", file=out)


def _wrong_together(arguments: argparse.Namespace) -> str | None:
    if arguments.show and not arguments.explain:
        return "--show goes with --explain"
    if not arguments.explain:
        return None
    if arguments.jsonl or arguments.index:
        return "--explain is for people: it goes with neither --jsonl nor --index"
    folder = next((path for path in arguments.paths if os.path.isdir(path)), None)
    return f"--explain takes files, and {folder!r} is a folder" if folder else None


def _wrong(paths: Sequence[str], workers: int) -> str | None:
    if workers < 1:
        return f"--workers takes a number from 1, not {workers}"
    missing = [path for path in paths if not os.path.exists(path)]
    return f"there is no {missing[0]!r}" if missing else None

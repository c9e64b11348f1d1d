"""What ``dossierwacht scan`` prints: a line for a file, how far it is, and a sum at the end.

A line is JSON for programs, or text for people. The keys of the JSON are a contract: new ones are
added at the end, and none changes its meaning.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from collectors.folders.walk import Tally
from collectors.recognise.finding import Also
from collectors.recognise.verdict import Judgement, Verdict


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


Emit = Callable[[Line], None]
Progress = Callable[[Count], None]


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
            "categories": verdict.categories,
            "sensitive": verdict.sensitive,
            "also": {one.finding: one.count for one in verdict.also},
        }
    )


def as_text(line: Line) -> str | None:
    """What to tell a person, or None for a clean file."""
    told = [_main_line(line), *(_also_line(line, also) for also in line.verdict.also)]
    return "\n".join(one for one in told if one) or None


def _also_line(line: Line, also: Also) -> str:
    """Whatever is found besides is so far a list of passwords."""
    return f"passwords   {f'{also.count} account(s)':<34}  {_printed(line.path)}"


def _main_line(line: Line) -> str | None:
    verdict = line.verdict
    if verdict.verdict is Judgement.CLEAN:
        return None
    path = _printed(line.path)
    if verdict.verdict is Judgement.UNREADABLE:
        return f"unreadable  {verdict.reason:<34}  {path}"
    low, high = verdict.persons_min, verdict.persons_max
    persons = f"{low}" if low == high else f"{low}-{high}"
    return f"pupil       {verdict.kind:<14} {f'{persons} person(s)':<19}  {path}"


def _printed(path: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path)


def printer(jsonl: bool) -> Emit:
    def emit(line: Line) -> None:
        text = as_json(line) if jsonl else as_text(line)
        if text is not None:
            _wipe()
            print(text)

    return emit


def progress_shown() -> Progress:
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


def close(count: Count, jsonl: bool) -> None:
    _wipe()
    out = sys.stderr if jsonl else sys.stdout
    print(_summary(count), file=out)
    if count.tally.odd:
        print(f"{count.tally.odd} pipes, sockets or devices were passed over", file=out)

"""What ``dossierwacht scan`` says of one file: a line of JSON for programs, or text for people.

The keys of the JSON are a contract: new ones are added at the end, and none changes its meaning.
"""

import json
from dataclasses import dataclass

from collectors.recognise.finding import Also
from collectors.recognise.verdict import Judgement, Verdict


@dataclass(frozen=True, slots=True)
class Line:
    """One file: its path as it was asked for, and the verdict; ``known`` if it was not read."""

    path: str
    verdict: Verdict
    known: bool = False


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

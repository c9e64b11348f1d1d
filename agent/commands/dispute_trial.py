"""``dossierwacht dispute test``: are the disputed files judged as their readers say, today?

For the officer, or whoever tends the rules, with the officer's identity. Each copy is opened into a
file in memory and judged by the sandboxed workers, a scan by OCR where that is installed; no opened
byte is ever on a disk, and nothing of a document is printed. So a change of the rules can be tried
on every error that was ever told.
"""

import argparse
import errno
import json
import os
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent.commands.scan_rules import add_policy, own_of
from agent.commands.sealed import identities
from agent.dispute_shelf import LARGEST, ShelfError, Words, read_words
from agent.errors import AgentError, ConfigError
from agent.in_memory import memory_file
from collectors.base import utc_now
from collectors.recognise.recogniser import WorkerError
from collectors.recognise.thorough import Thorough
from collectors.recognise.verdict import DETECTOR, Verdict
from enforcement import age, durable

_ROOM = 1 << 20
"""Bytes on top of the largest document that are no sign of harm."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One copy: what was wanted and what is said now, or why that cannot be told."""

    id: str
    words: Words | None = None
    now: Verdict | None = None
    fault: str = ""

    @property
    def right(self) -> bool:
        if self.words is None or self.now is None:
            return False
        return self.now.verdict is self.words.wanted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dispute test``."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="as 'dispute export' filled it")
    parser.add_argument(
        "--identity", metavar="KEYFILE", type=Path, required=True, help="an age identity file"
    )
    parser.add_argument("--jsonl", action="store_true", help="one line of JSON a copy")
    add_policy(parser)


def main(arguments: argparse.Namespace) -> int:
    """0 if every copy is judged as wanted, else 1."""
    keys, own = identities(arguments.identity), own_of(arguments)
    copies = _copies(arguments.folder)
    thorough = Thorough(own)
    count: Counter[bool] = Counter()
    try:
        for tried in (_try(arguments.folder, copy, keys, thorough) for copy in copies):
            count[tried.right] += 1
            print(as_json(tried) if arguments.jsonl else as_text(tried))
    except WorkerError as error:
        raise AgentError(str(error)) from error
    finally:
        thorough.close()
    if not arguments.jsonl:
        print(f"{count[True]} of {count.total()} as wanted, by version {DETECTOR} of the detector")
    return int(count[False] > 0)


def as_json(tried: Tried) -> str:
    """One line of JSON, the public contract of ``--jsonl``."""
    words, now = tried.words, tried.now
    return json.dumps(
        {
            "id": tried.id,
            "right": tried.right,
            "said": words.said if words else None,
            "wanted": words.wanted if words else None,
            "now": now.verdict if now else None,
            "class": now.kind if now else None,
            "evidence": now.evidence if now else [],
            "score": now.score if now else None,
            "then_detector": words.detector if words else None,
            "detector": DETECTOR,
            "fault": tried.fault,
        }
    )


def as_text(tried: Tried) -> str:
    """One line for a person."""
    if tried.words is None or tried.now is None:
        return f"unknown  {tried.id}  {tried.fault}"
    now, words = tried.now, tried.words
    told = f"said {words.said}, wanted {words.wanted}, now {now.verdict} ({now.score:.2f})"
    return f"{'right' if tried.right else 'wrong':7}  {tried.id}  {told}"


def _copies(folder: Path) -> list[str]:
    try:
        found = sorted(path.name.removesuffix(".age") for path in folder.glob("*.age"))
    except OSError as error:
        raise ConfigError(f"cannot read {folder}: {error.strerror}") from error
    copies = [name for name in found if not name.endswith(".meta")]
    if not copies:
        raise ConfigError(f"there are no sealed copies in {folder}; see 'dispute export'")
    return copies


def _try(folder: Path, copy: str, keys: age.Identities, thorough: Thorough) -> Tried:
    try:
        words = read_words(folder, copy)
    except ShelfError as error:
        return Tried(id=copy, fault=str(error))
    try:
        with memory_file() as opened, (folder / f"{copy}.age").open("rb") as sealed:
            age.open_stream(sealed.fileno(), partial(_take, opened), keys)
            now = thorough.judge(opened, utc_now().date())
    except (age.OpenError, OSError) as error:
        return Tried(id=copy, words=words, fault=_fault(error))
    return Tried(id=copy, words=words, now=now)


def _take(opened: int, piece: bytes) -> None:
    """Into the file in memory, unless that grows beyond whatever could have been kept."""
    durable.write_all(opened, piece)
    if os.fstat(opened).st_size > LARGEST + _ROOM:
        raise OSError(errno.EFBIG, "it holds more than any copy may")


def _fault(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

"""What passes between the agent and a worker: one small packet each way, read with suspicion.

A worker handles hostile files and may have been taken over. Whatever it sends is therefore checked
field by field against closed sets and bounds; the most it can do is to mislabel the one file it
was given. JSON, since a schema of a dozen fields needs no more.

Only a person who asks about a file gets an explanation beside the verdict, and only one who asks
for it excerpts. The agent asks for neither, and an answer that brings what was not asked for is
refused whole.
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from collectors.recognise.category import Category
from collectors.recognise.explanation import Explanation, Unfit, as_parts, from_parts
from collectors.recognise.finding import MOST_COUNTED, Also, Finding
from collectors.recognise.verdict import (
    MOST_PERSONS,
    Evidence,
    Format,
    Judgement,
    Kind,
    Reason,
    Verdict,
)

LARGEST = 4096
"""Bytes of a packet. A longer answer is no answer."""

LARGEST_EXPLAINED = 16_384
"""Bytes of an answer that was asked to explain itself."""

MOST_PAGES = 100
"""Pages that one document may be said to have cost."""

_FIELDS = frozenset(("verdict", "persons", "score", "kind", "evidence", "categories")) | frozenset(
    ("also", "reason", "format", "sha256", "size")
)
_DIGEST = re.compile(r"(?:[0-9a-f]{64})?")
_LARGEST_FILE = 1 << 62


class Why(StrEnum):
    """How much is to be said about the reasons for a verdict."""

    NOTHING = "nothing"
    WORDS = "words"
    """Kinds of evidence and numbers."""
    EXCERPTS = "excerpts"
    """These, and what stands in the text."""


class Misfit(ValueError):
    """A packet is not what it must be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """Which layers of the sandbox took hold in a worker, as it said itself when it started.

    ``landlock`` is the kernel's version of that interface, 0 where it has none. ``uid_dropped``
    is false where the agent does not run as root and so has no other account to give it.
    """

    landlock: int
    seccomp: bool
    uid_dropped: bool


def request(today: date, largest: int, why: Why = Why.NOTHING) -> bytes:
    """Ask for a verdict on the descriptor that travels with this packet."""
    return json.dumps({"today": today.isoformat(), "largest": largest, "why": why}).encode()


def read_request(packet: bytes) -> tuple[date, int, Why]:
    """The day on which a file is to be judged, how many bytes it may have, and what to explain."""
    parts = json.loads(packet)
    return date.fromisoformat(parts["today"]), parts["largest"], Why(parts["why"])


def hello(layers: Layers) -> bytes:
    """A worker's first packet."""
    parts = {
        "landlock": layers.landlock,
        "seccomp": layers.seccomp,
        "uid_dropped": layers.uid_dropped,
    }
    return json.dumps(parts).encode()


def read_hello(packet: bytes) -> Layers:
    """Raises Misfit."""
    parts = _object(packet, frozenset(("landlock", "seccomp", "uid_dropped")))
    if not isinstance(parts["seccomp"], bool) or not isinstance(parts["uid_dropped"], bool):
        raise Misfit("the first packet of a worker does not say what holds it")
    return Layers(
        landlock=_number(parts["landlock"], 0, 1000),
        seccomp=parts["seccomp"],
        uid_dropped=parts["uid_dropped"],
    )


def answer(verdict: Verdict, explanation: Explanation | None = None, show: bool = False) -> bytes:
    """A verdict as a packet; with its explanation, and that with its excerpts, if wanted."""
    parts = {
        "verdict": verdict.verdict,
        "persons": [verdict.persons_min, verdict.persons_max],
        "score": verdict.score,
        "kind": verdict.kind,
        "evidence": verdict.evidence,
        "categories": verdict.categories,
        "also": [[one.finding, one.count] for one in verdict.also],
        "reason": verdict.reason,
        "format": verdict.format,
        "sha256": verdict.sha256,
        "size": verdict.size,
    }
    if explanation is not None:
        parts["why"] = as_parts(explanation, show)
    return json.dumps(parts, ensure_ascii=False).encode()


def read_answer(packet: bytes) -> Verdict:
    """A packet as a verdict. Raises Misfit for anything that ``answer`` would not have written."""
    return _checked(_object(packet, _FIELDS))


def counted(verdict: Verdict, pages: int) -> bytes:
    """A verdict as a packet, with how many pages were read by OCR for it."""
    return json.dumps(json.loads(answer(verdict)) | {"pages": pages}).encode()


def read_counted(packet: bytes) -> tuple[Verdict, int]:
    """A packet as a verdict and a number of pages. Raises Misfit."""
    parts = _object(packet, _FIELDS | {"pages"})
    return _checked(parts), _number(parts["pages"], 0, MOST_PAGES)


def read_explained(packet: bytes, show: bool) -> tuple[Verdict, Explanation]:
    """A packet as a verdict and its explanation. Raises Misfit, also for excerpts that nobody
    asked for."""
    parts = _object(packet, _FIELDS | {"why"}, LARGEST_EXPLAINED)
    try:
        return _checked(parts), from_parts(parts["why"], show)
    except Unfit as error:
        raise Misfit(str(error)) from error


def _checked(parts: dict[str, Any]) -> Verdict:
    try:
        verdict = _verdict(parts)
    except (TypeError, ValueError) as error:
        raise Misfit("an answer holds a value that does not belong there") from error
    if not _agrees(verdict):
        raise Misfit("an answer contradicts itself")
    return verdict


def _verdict(parts: dict[str, Any]) -> Verdict:
    fewest, most = parts["persons"]
    score = parts["score"]
    if not isinstance(score, int | float) or isinstance(score, bool) or not 0 <= score <= 1:
        raise Misfit("a score lies between 0 and 1")
    digest = parts["sha256"]
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise Misfit("a digest has 64 hexadecimal digits")
    return Verdict(
        verdict=Judgement(parts["verdict"]),
        persons_min=_number(fewest, 0, MOST_PERSONS),
        persons_max=_number(most, 0, MOST_PERSONS),
        score=float(score),
        kind=Kind(parts["kind"]),
        evidence=_evidence(parts["evidence"]),
        categories=_categories(parts["categories"]),
        also=_also(parts["also"]),
        reason=Reason(parts["reason"]),
        format=Format(parts["format"]),
        sha256=digest,
        size=_number(parts["size"], 0, _LARGEST_FILE),
    )


def _agrees(verdict: Verdict) -> bool:
    unreadable = verdict.verdict is Judgement.UNREADABLE
    if unreadable != (verdict.reason is not Reason.NONE):
        return False
    if verdict.persons_min > verdict.persons_max:
        return False
    if verdict.verdict is Judgement.PUPIL:
        return verdict.persons_max > 0 and bool(verdict.sha256)
    return verdict.persons_max == 0 and verdict.kind is Kind.NONE and not verdict.categories


def _categories(words: Any) -> tuple[Category, ...]:
    if not isinstance(words, list) or len(words) > len(Category):
        raise Misfit("categories are a list of words")
    return tuple(Category(word) for word in words)


def _also(found: Any) -> tuple[Also, ...]:
    if not isinstance(found, list) or len(found) > len(Finding):
        raise Misfit("what a file is besides is a list of words with numbers")
    return tuple(
        Also(finding=Finding(word), count=_number(count, 1, MOST_COUNTED)) for word, count in found
    )


def _evidence(words: Any) -> tuple[Evidence, ...]:
    if not isinstance(words, list) or len(words) > len(Evidence):
        raise Misfit("evidence is a list of words")
    return tuple(Evidence(word) for word in words)


def _number(value: Any, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Misfit(f"a number lies between {least} and {most}")
    return value


def _object(packet: bytes, fields: frozenset[str], largest: int = LARGEST) -> dict[str, Any]:
    if len(packet) > largest:
        raise Misfit("a packet is too long")
    try:
        parts = json.loads(packet)
    except (ValueError, RecursionError) as error:
        raise Misfit("a packet is no JSON") from error
    if not isinstance(parts, dict) or parts.keys() != fields:
        raise Misfit("a packet has other fields than it must have")
    return parts

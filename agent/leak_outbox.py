"""Reports of one person that the agent has not taken yet, in that person's own folder.

A report is put here first and handed over then, so that neither an agent that is down nor a process
that is killed on the way loses it. What was written is sealed to the officers before it touches the
disk: to whom is known from the last time the agent answered. The number to note down is made here,
so it is the same at once and later, and a report that is handed over twice counts once.
"""

import base64
import json
import logging
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyrage

from agent import control
from agent.errors import AgentError
from agent.journal_file import sync_folder, write_durably
from agent.leak import NUMBER, event_number
from agent.wire.receipts import receipt_number

log = logging.getLogger(__name__)

LEAKS, OBJECTIONS = "leaks", "objections"
"""Folders in the person's own."""
VERBS = ("leak-report", "slip-report", "objection")
"""How the agent is asked to take what waits."""
MOST_WAITING = 50
LARGEST = 128 * 1024
"""Bytes of one report on the disk."""
SENT_KEPT = 20
"""Receipts of reports that were handed over."""
_FOR_GOOD = frozenset(
    {"kind", "text", "sealed", "noticed-at", "about", "role", "persons", "number"}
)
"""Refusals that no second try changes."""
_NOBODY_THERE = frozenset({"offline", "garbled"})


class NobodyToRead(AgentError):
    """Nobody is known who could open a report; it has to be told by telephone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What a person keeps: the number, when it was written, and whether it was handed over.

    ``kind`` is empty for what somebody told of themselves.
    """

    number: str
    at: datetime
    kind: str
    sent: bool

    @property
    def shown(self) -> str:
        """As it is noted down."""
        return receipt_number(self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was chosen, as the agent is told it, and what was written, which is sealed."""

    chosen: Mapping[str, str | bool]
    written: Mapping[str, str]
    at: datetime
    verb: str = VERBS[0]
    number: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Its own; the event's follows from it (``agent.leak.event_number``)."""


class LeakOutbox:
    """The reports in ``folder``, which is made closed to others. Raises AgentError."""

    def __init__(self, folder: Path) -> None:
        self._waiting, self._sent = folder / "waiting", folder / "sent"
        try:
            for one in (self._waiting, self._sent):
                one.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise AgentError(f"cannot keep reports in {folder}: {error.strerror}") from error

    def keep(self, report: Report, readers: list[str]) -> Receipt:
        """Put a report here, sealed to its readers' keys, durable on return.

        Raises AgentError; then nothing is kept.
        """
        if len(list(self._waiting.iterdir())) >= MOST_WAITING:
            raise AgentError(f"{MOST_WAITING} reports wait already; please phone")
        given = {
            **report.chosen,
            "verb": report.verb,
            "number": report.number,
            "sealed": _sealed(report.written, readers),
            "at": report.at.isoformat(),
        }
        try:
            write_durably(self._place(report.number), json.dumps(given).encode("ascii"))
        except OSError as error:
            raise AgentError(f"the report could not be kept: {error.strerror}") from error
        return _receipt(given, sent=False)

    def deliver(self, socket: Path) -> None:
        """Hand over what waits, oldest first. What the agent does not take now stays, and keeps
        nothing behind it from being taken.

        Raises ControlError at the end if there was something that can never be taken; that was
        given up.
        """
        refused: control.ControlError | None = None
        for given in sorted(_read_all(self._waiting), key=itemgetter("at")):
            told = {name: value for name, value in given.items() if name not in ("at", "verb")}
            try:
                control.ask(socket, given["verb"], **told)
            except control.ControlError as error:
                log.info("a report waits: %s", error)
                if error.code in _NOBODY_THERE:
                    break
                if error.code in _FOR_GOOD:
                    self._place(given["number"]).unlink()
                    refused = error
                continue
            self._note_sent(given)
        if refused is not None:
            raise refused

    def receipts(self) -> list[Receipt]:
        """Of every report that waits or was handed over lately, newest first."""
        waiting = [_receipt(given, sent=False) for given in _read_all(self._waiting)]
        sent = [_receipt(given, sent=True) for given in _read_all(self._sent)]
        known = {one.number: one for one in (*waiting, *sent)}
        return sorted(known.values(), key=lambda one: one.at, reverse=True)

    def receipt(self, number: str) -> Receipt | None:
        """The one of a report, or None."""
        return next((one for one in self.receipts() if one.number == number), None)

    def _note_sent(self, given: Mapping[str, Any]) -> None:
        """First the receipt, then the end of waiting: what is cut off between is handed over twice
        and counts once."""
        kept = {name: given[name] for name in ("number", "at", "kind") if name in given}
        write_durably(self._sent / f"{given['number']}.json", json.dumps(kept).encode("ascii"))
        self._place(given["number"]).unlink(missing_ok=True)
        sync_folder(self._waiting)
        oldest = sorted(self._sent.glob("*.json"), key=lambda one: one.stat().st_mtime)
        for one in oldest[:-SENT_KEPT]:
            one.unlink(missing_ok=True)

    def _place(self, number: str) -> Path:
        return self._waiting / f"{number}.json"


def _sealed(written: Mapping[str, str], readers: list[str]) -> str:
    said = {name: text for name, text in written.items() if text}
    if not said:
        return ""
    keys = [pyrage.x25519.Recipient.from_str(key) for key in readers]
    if not keys:
        raise NobodyToRead("nobody is known who could open a report")
    plain = json.dumps(said, ensure_ascii=False, sort_keys=True)
    readable = plain.encode("utf-8", "backslashreplace")  # half a character, as a paste can hold
    return base64.b64encode(pyrage.encrypt(readable, keys)).decode("ascii")


def _receipt(given: Mapping[str, Any], *, sent: bool) -> Receipt:
    return Receipt(
        number=event_number(os.getuid(), given["number"]),
        at=datetime.fromisoformat(given["at"]),
        kind=str(given.get("kind", "")),
        sent=sent,
    )


def _read_all(folder: Path) -> Iterator[dict[str, Any]]:
    """Every report in a folder; what is none is left alone."""
    for file in list(folder.glob("*.json")):
        try:
            with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as opened:
                given = json.loads(opened.read(LARGEST))
            _receipt(given, sent=False)
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("%s is no report", file.name)
            continue
        known = given.get("verb", VERBS[0]) in VERBS
        if known and NUMBER.fullmatch(given["number"]) and file.stem == given["number"]:
            yield given

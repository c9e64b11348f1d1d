"""The agent's end of a report: it takes one, once, and answers with the number to note down.

A report comes sealed to the officers by the process in which it was written, which runs with the
person's own rights; the agent looks at nothing in it. One that was handed over before, because its
answer got lost, is answered as the first time and not told again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from agent.control_server import Caller, Refused
from agent.errors import JournalFull
from agent.handed_over import number_of, sealed_of
from agent.hourly import Hourly
from agent.leak import (
    LONGEST_LINE,
    LONGEST_TEXT,
    About,
    LeakKind,
    Persons,
    Role,
    receipt_number,
)
from agent.own_leak import LeakReported
from agent.policy import Contact
from collectors.base import Clock, Observation

PER_HOUR = 10
"""Reports of one person; more is a fault or a flood."""
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(kw_only=True)
class LeakReports:
    """Takes one report after another. ``keep`` gives None for one that was told before."""

    keep: Callable[[Observation], str | None]
    can_seal: bool
    contact: Contact
    now: Clock
    recent: Hourly = field(default_factory=lambda: Hourly(PER_HOUR))

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        """The receipt. Raises Refused; then nothing was recorded."""
        report = replace(self._read(given), asked_by=caller.uid)
        if not self.recent.spend(caller.uid, self.now()):
            raise Refused("too-many", f"ten reports within an hour; please phone. {self._whom()}")
        try:
            number = self.keep(report) or report.given_number
        except JournalFull:
            why = "the disk is full: the report was not kept."
            raise Refused("full", f"{why} {self._whom()}") from None
        return {"receipt": receipt_number(number), "event": number}

    def _read(self, given: Mapping[str, Any]) -> LeakReported:
        text, closed = str(given.get("text", "")), sealed_of(given.get("sealed", ""))
        if len(text) > LONGEST_TEXT:
            raise Refused("text", f"a report holds at most {LONGEST_TEXT} characters")
        reach, lost = (str(given.get(name, ""))[:LONGEST_LINE] for name in ("reach", "lost"))
        if (text or reach or lost) and not self.can_seal:
            raise Refused("nobody", self._whom())
        return LeakReported(
            observed_at=_noticed(given.get("noticed_at"), self.now()),
            subject="person",
            what=_word(LeakKind, given, "kind") or LeakKind.OTHER,
            ongoing=given.get("ongoing") is True,
            about=_word(About, given, "about"),
            role=_word(Role, given, "role"),
            persons=_word(Persons, given, "persons"),
            text=text,
            reach=reach,
            lost=lost,
            given_number=number_of(given.get("number", "")),
            closed=closed,
        )

    def _whom(self) -> str:
        contact = self.contact
        whom = " ".join(part for part in (contact.name, contact.phone, contact.mail) if part)
        return f"Please report it to {whom}." if whom else "Please report it to your manager."


def _word(kind: type[_Word], given: Mapping[str, Any], name: str) -> _Word | None:
    if given.get(name) in (None, ""):
        return None
    if given[name] not in tuple(kind):
        raise Refused(name, f"'{given[name]}' is none of {', '.join(kind)}")
    return kind(given[name])


def _noticed(given: object, now: datetime) -> datetime:
    """The moment a person noticed; never in the future, and now if they did not say."""
    if not isinstance(given, str) or not given:
        return now
    try:
        return min(datetime.fromisoformat(given).astimezone(now.tzinfo), now)
    except (ValueError, OverflowError):
        raise Refused("noticed-at", "give the moment as 2026-11-23T14:30") from None

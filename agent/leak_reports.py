"""The agent's end of a report: it takes one, once, and answers with the number to note down.

A leak goes to the privacy officer. A slip of one's own goes to the director and to nobody else: it
says nothing that can be read on the way, and is not taken at all where there is no director.

What was written comes sealed by the process in which it was, which runs with the person's own
rights; the agent looks at nothing in it, and takes no text that anybody could read. A report that
was handed over before, because its answer got lost, is answered as the first time and not told
again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from agent.control_server import Caller, Refused
from agent.daemon import Daemon
from agent.errors import JournalFull
from agent.handed_over import number_of, sealed_of
from agent.hourly import Hourly
from agent.leak import WRITTEN, About, LeakKind, Persons, Role
from agent.own_leak import LeakReported, SlipReported
from agent.policy import Contact, Policy
from agent.wire.receipts import receipt_number
from collectors.base import Clock, Observation

PER_HOUR = 10
"""Reports of one person; more is a fault or a flood."""
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(kw_only=True)
class LeakReports:
    """Takes one report after another. ``keep`` gives None for one that was told before."""

    keep: Callable[[Observation], str | None]
    contact: Contact
    can_seal_slips: bool = False
    director: str = ""
    """How the policy calls whom a slip is told to."""
    now: Clock
    recent: Hourly = field(default_factory=lambda: Hourly(PER_HOUR))

    @classmethod
    def of(cls, policy: Policy, daemon: Daemon) -> "LeakReports":
        """What takes reports on a laptop."""
        return cls(
            keep=daemon.keep,
            can_seal_slips=bool(policy.directors),
            contact=policy.contact,
            director=policy.duties.report.own_slip,
            now=daemon.now,
        )

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        """The receipt. Raises Refused; then nothing was recorded."""
        return self._taken(caller, self._read(caller, given), self._whom())

    def take_slip(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        """The same for what somebody tells of themselves. Raises Refused."""
        if not self.can_seal_slips:
            says = "the policy names no director who could read it, so nothing was kept or sent."
            raise Refused("nobody", f"{says} {self._director()}")
        closed = _closed(given)
        if not closed:
            raise Refused("text", "say what happened: without that there is nothing to talk about")
        slip = SlipReported(
            observed_at=_noticed(given.get("noticed_at"), self.now()),
            subject="person",
            given_number=number_of(given.get("number", ""), caller.uid),
            closed=closed,
        )
        return self._taken(caller, slip, self._director())

    def _taken(
        self, caller: Caller, report: LeakReported | SlipReported, instead: str
    ) -> dict[str, str]:
        if not self.recent.spend(caller.uid, self.now()):
            raise Refused("too-many", f"ten reports within an hour; please phone. {instead}")
        try:
            number = self.keep(replace(report, asked_by=caller.uid)) or report.given_number
        except JournalFull:
            raise Refused("full", f"the disk is full: the report was not kept. {instead}") from None
        return {"receipt": receipt_number(number), "event": number}

    def _read(self, caller: Caller, given: Mapping[str, Any]) -> LeakReported:
        return LeakReported(
            observed_at=_noticed(given.get("noticed_at"), self.now()),
            subject="person",
            what=_word(LeakKind, given, "kind") or LeakKind.OTHER,
            ongoing=given.get("ongoing") is True,
            about=_word(About, given, "about"),
            role=_word(Role, given, "role"),
            persons=_word(Persons, given, "persons"),
            given_number=number_of(given.get("number", ""), caller.uid),
            closed=_closed(given),
        )

    def _whom(self) -> str:
        contact = self.contact
        whom = " ".join(part for part in (contact.name, contact.phone, contact.mail) if part)
        return f"Please report it to {whom}." if whom else "Please report it to your manager."

    def _director(self) -> str:
        """Whom to tell of a slip instead, by whatever the policy calls them."""
        if not self.director:
            return self._whom()
        phone = self.contact.phone
        through = f", or phone {phone} and ask for them" if phone else ""
        return f"Please tell {self.director} yourself{through}."


def _closed(given: Mapping[str, Any]) -> str:
    """What was written, sealed. Raises Refused for a text that is not."""
    if any(given.get(name) for name in WRITTEN):
        raise Refused("sealed", "what is written in a report is sealed where it is written")
    return sealed_of(given.get("sealed", ""))


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

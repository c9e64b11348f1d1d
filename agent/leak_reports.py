"""What a person reports at the laptop: a data leak, or a slip of their own.

A leak goes to the privacy officer. A slip goes to the director and to nobody else: it says nothing
that can be read on the way, and is not taken at all where the policy names no director.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent.config import Config
from agent.control_server import Caller, Refused
from agent.daemon import Daemon
from agent.hourly import Hourly
from agent.own import LeakKind, LeakReported, SlipReported
from collectors.base import Observation

REPORTS_PER_HOUR = 10
"""Reports of one person; more is a fault or a flood."""
LONGEST_TEXT = 8000
"""Characters of a report."""
LONGEST_ID, IDS_KEPT = 64, 200


@dataclass(kw_only=True)
class LeakReports:
    """Takes reports, so many an hour of each person."""

    config: Config
    daemon: Daemon
    reported: Hourly = field(default_factory=lambda: Hourly(REPORTS_PER_HOUR))
    taken: OrderedDict[tuple[int, str], str] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take a report of a leak; the receipt number is theirs to keep. Raises Refused."""
        self._not_too_many(caller, self._nobody())
        text, what = _text(given), str(given.get("kind", LeakKind.OTHER))
        if what not in tuple(LeakKind):
            raise Refused("kind", f"'{what}' is none of {', '.join(LeakKind)}")
        if text and self.daemon.recorder.seal is None:
            raise Refused("nobody", self._nobody())
        report = LeakReported(
            observed_at=_noticed(given.get("noticed_at"), self.daemon.now()),
            subject="person",
            what=LeakKind(what),
            ongoing=given.get("ongoing") is True,
            text=text,
        )
        return {"receipt": self._record(report, self._nobody())}

    def take_slip(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take a report of somebody's own slip; one with an ``id`` that was taken before is
        answered as then. Raises Refused."""
        named = given.get("id", "")
        if not isinstance(named, str) or len(named) > LONGEST_ID:
            raise Refused("id", f"an id is a text of at most {LONGEST_ID} characters")
        with self.lock:  # a second try may come while the first is under way
            receipt = self.taken.get((caller.uid, named)) if named else None
            receipt = receipt or self._slip(caller, given)
            if named:
                self.taken[caller.uid, named] = receipt
            while len(self.taken) > IDS_KEPT:
                self.taken.popitem(last=False)
        return {"receipt": receipt}

    def _slip(self, caller: Caller, given: Mapping[str, Any]) -> str:
        if self.daemon.recorder.seal_apart is None:
            says = "the policy names no director who could read it, so nothing was kept or sent. "
            raise Refused("nobody", says + self._director())
        self._not_too_many(caller, self._director())
        text = _text(given)
        if not text.strip():
            raise Refused("text", "say what happened: without that there is nothing to talk about")
        report = SlipReported(
            observed_at=_noticed(given.get("noticed_at"), self.daemon.now()),
            subject="person",
            text=text,
        )
        return self._record(report, self._director())

    def _record(self, report: Observation, instead: str) -> str:
        event_id = self.daemon.record(report)
        if event_id is None:
            raise Refused("full", "the disk is full: the report was not kept. " + instead)
        return receipt_number(event_id)

    def _not_too_many(self, caller: Caller, instead: str) -> None:
        if not self.reported.spend(caller.uid, self.daemon.now()):
            raise Refused("too-many", "ten reports within an hour; please phone. " + instead)

    def _nobody(self) -> str:
        contact = self.config.policy.contact
        whom = " ".join(part for part in (contact.name, contact.phone, contact.mail) if part)
        return f"Please report it to {whom}." if whom else "Please report it to your manager."

    def _director(self) -> str:
        """Whom to tell instead: of a slip the director, by whatever the policy calls them."""
        whom = self.config.policy.duties.report.own_slip
        if not whom:
            return self._nobody()
        phone = self.config.policy.contact.phone
        through = f", or phone {phone} and ask for them" if phone else ""
        return f"Please tell {whom} yourself{through}."


def receipt_number(event_id: str) -> str:
    """What a person notes down: eight characters of the event's id, in two groups."""
    return f"DW-{event_id[:4]}-{event_id[4:8]}".upper()


def _text(given: Mapping[str, Any]) -> str:
    text = str(given.get("text", ""))
    if len(text) > LONGEST_TEXT:
        raise Refused("text", f"a report holds at most {LONGEST_TEXT} characters")
    return text


def _noticed(given: Any, now: datetime) -> datetime:
    """The moment a person noticed; never in the future, and now if they did not say."""
    if not isinstance(given, str) or not given:
        return now
    try:
        return min(datetime.fromisoformat(given).astimezone(now.tzinfo), now)
    except (ValueError, OverflowError):
        raise Refused("noticed-at", "give the moment as 2026-11-23T14:30") from None

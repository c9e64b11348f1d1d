"""What the agent answers over its control socket, and who may ask which question."""

import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from agent import __version__, full_report
from agent.config import Config
from agent.control_server import Answer, Caller, Refused
from agent.countdown import lock_in
from agent.daemon import Daemon
from agent.disputes import Disputes
from agent.held_back import HeldBack
from agent.identity import Enrolled
from agent.in_touch import Condition
from agent.leak_reports import LeakReports
from agent.letter_desk import LetterDesk, asked_by, letter_answers
from agent.lost_questions import LostQuestions
from agent.messages import Messages
from agent.mine import Mine
from agent.notice_read import NoticesRead
from agent.outbox import Outbox
from agent.override_requests import OverrideRequests
from agent.policy import Mode
from agent.policy_told import told
from agent.trouble import ADVICE, Trouble
from agent.walk_away import WalkAway
from agent.wanted_back import WantedBack
from agent.watchers import Watchers
from agent.wire.event import Event
from agent.wire.receipts import receipt_number

log = logging.getLogger(__name__)

STAFF = frozenset(
    {
        "status",
        "watch",
        "policy",
        "leak-report",
        "slip-report",
        "dispute",
        "usb-override",
        "walk-away",
        "unlock",
        "want-back",
        "letters",
        "answer",
        "ask-permission",
        "notice",
        "notice-read",
        "mine",
        "mine-key",
        "objection",
    }
)
SENDER = frozenset({"outbox", "reply"})
ADMIN = STAFF | SENDER | {"report", "signed-report", "order", "retire"}
LONGEST_WAIT = 30.0
BLOCKED_SHOWN = timedelta(minutes=2)
"""How long the tray says that something was blocked."""


@dataclass(kw_only=True)
class Answers:
    """Everything that can be asked, bound to the parts that know."""

    config: Config
    daemon: Daemon
    outbox: Outbox
    identity: Callable[[], Enrolled | None]
    sender_uid: int
    leaks: LeakReports
    disputes: Disputes | None = None
    overrides: OverrideRequests | None = None
    away: WalkAway | None = None
    lost: LostQuestions | None = None
    back: WantedBack | None = None
    letters: LetterDesk | None = None
    notices: NoticesRead | None = None
    held_back: HeldBack | None = None
    mine: Mine | None = None
    more: Mapping[str, Answer] = field(default_factory=dict)
    watchers: Watchers = field(init=False)

    def __post_init__(self) -> None:
        self.watchers = Watchers(status=self.status)

    def table(self) -> dict[str, Answer]:
        """Each question and who answers it."""
        return {
            "status": self.status,
            "watch": self.watchers.watch,
            "policy": self.policy,
            "report": self.report,
            "signed-report": self.signed_report,
            "leak-report": asked_by(self, self.leak_report),
            "slip-report": self.slip_report,
            "dispute": asked_by(self, self.dispute),
            "usb-override": asked_by(self, self.usb_override),
            "walk-away": self.walk_away,
            "want-back": asked_by(self, self.want_back),
            **letter_answers(self),
            **(self.notices.table() if self.notices else {}),
            **(self.mine.table() if self.mine else {}),
            "order": self.order,
            "unlock": self.unlock,
            "outbox": self.next_request,
            "reply": self.take_reply,
            **self.more,
        }

    def allowed(self, caller: Caller) -> Collection[str]:
        """What the kernel-named caller may ask."""
        verbs: frozenset[str] = STAFF
        if caller.uid == self.sender_uid:
            verbs = SENDER
        return ADMIN if caller.uid in (0, os.geteuid()) else verbs

    def status(self, caller: Caller, _: Mapping[str, Any]) -> Mapping[str, Any]:
        """How the agent is, in words that hold nobody's data."""
        policy, trouble = self.config.policy, self.outbox.trouble
        heard = self.daemon.messages.by(caller.uid)
        messages = Messages(policy=policy, overrides=self.overrides, held=self.held_back)
        return {
            "version": __version__,
            "state": self._state(trouble, heard),
            "mode": policy.mode,
            "language": policy.language,
            "policy": told(self.config, self.daemon.now()),
            "held": self._held(),
            "device": self._device(),
            "pending": self.daemon.journal.count(),
            "last_contact": _iso(self.outbox.last_contact),
            "trouble": trouble,
            "advice": ADVICE[trouble],
            "clock_off_seconds": int(self.outbox.behind.total_seconds()),
            "collectors": dict(self.daemon.watching.running),
            "coverage": dict(self.daemon.coverage),
            "ocr": self._ocr(),
            "officers": [one.key for one in policy.recipients if one.proven],
            "director": policy.duties.report.own_slip,
            "directors": [one.key for one in policy.directors if one.proven],
            "contact": {
                "name": policy.contact.name,
                "phone": policy.contact.phone,
                "mail": policy.contact.mail,
            },
            "override": self._override(),
            "messages": messages.for_person(heard, caller.uid)
            + (self.letters.messages(caller.uid) if self.letters else []),
            "lock_in_seconds": lock_in(self.daemon),
            "lost": self.daemon.is_lost(),
            "notice_unread": self.notices is not None and self.notices.unread(caller.uid),
            "tray": self.watchers.place_of(caller.uid),
        }

    def report(self, caller: Caller, _: Mapping[str, Any]) -> Mapping[str, Any]:
        """Everything IT may know; what one person has read is no part of it."""
        status = {**self.status(caller, {})}
        del status["notice_unread"]
        return full_report.of_running(status, self.config, self.daemon)

    def policy(self, caller: Caller, _: Mapping[str, Any]) -> Mapping[str, Any]:
        """The text of the signed policy, for people who may not look into the state folder."""
        found = self.config.managed
        if found is None:
            raise Refused("unsigned", "the policy is a file on this laptop")
        return {"name": f"policy {found.document.version}", "toml": found.document.toml}

    def signed_report(self, caller: Caller, _: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same as a document that the laptop's key has signed."""
        given = full_report.signed(self.config, self.report(caller, {}), self.daemon.now())
        return dict(msgspec.to_builtins(given))

    def want_back(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Tell the officer that a person wants a sealed file back."""
        if self.back is None:
            raise Refused("want-back", "this agent seals nothing")
        told = self.back.take(caller, given)
        return {**told, "receipt": receipt_number(told["event"])}

    def order(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a signed order."""
        if self.lost is None:
            raise Refused("order", "this agent takes no orders")
        return self.lost.order(given)

    def unlock(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """End the state of being lost by its code."""
        if self.lost is None:
            raise Refused("unlock", "this agent is never lost")
        return self.lost.unlock(given)

    def leak_report(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take a person's report; the receipt number is theirs to keep."""
        return self.leaks.take(caller, given)

    def slip_report(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take a person's report of their own slip, for the director."""
        return self.leaks.take_slip(caller, given)

    def dispute(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take a person's "this is wrong" about a file."""
        if self.disputes is None:
            raise Refused("not-kept", "this agent keeps no disputed files")
        taken = self.disputes.take(caller, given)
        return {"receipt": receipt_number(taken["event"]), **taken}

    def usb_override(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give a person a stick that is withheld, for a while and for a reason."""
        if self.overrides is None:
            raise Refused("not-allowed", "this agent withholds no sticks")
        if self.daemon.recorder.seal is None:
            raise Refused("nobody", "the policy names nobody who can read the reason")
        taken = self.overrides.take(caller, given)
        return {"receipt": receipt_number(str(taken["event"])), **taken}

    def walk_away(self, caller: Caller, _: Mapping[str, Any]) -> Mapping[str, Any]:
        """Lock the caller's own screen now."""
        if self.away is None:
            raise Refused("not-allowed", "this agent locks no screens")
        return self.away.take(caller)

    def next_request(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The sender's question: what is to be posted next?"""
        wait = given.get("wait", 0.0)
        sane = isinstance(wait, int | float) and wait >= 0
        return self.outbox.request(float(min(wait, LONGEST_WAIT)) if sane else 0.0)

    def take_reply(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The sender's answer: what came back, or why nothing did."""
        if "trouble" in given:
            word = str(given["trouble"])
            self.outbox.failed(Trouble(word) if word in tuple(Trouble) else Trouble.UNREACHABLE)
        else:
            headers = given.get("headers")
            safe = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
            status = given.get("status")
            body = str(given.get("body", "")).encode("utf-8")
            self.outbox.reply(status if isinstance(status, int) else 0, safe, body)
        return {"trouble": self.outbox.trouble}

    def _override(self) -> Mapping[str, Any]:
        """For how many minutes a stick can be had by saying why, and which are blocked now."""
        asked = self.overrides
        return {"minutes": asked.minutes, "devices": asked.possible()} if asked else {"minutes": 0}

    def _ocr(self) -> str | None:
        """Whether scans are read, as the collector says that would read them."""
        conditions = (
            collector.condition() for collector in list(self.daemon.watching.live.values())
        )
        return next((str(said["ocr"]) for said in conditions if "ocr" in said), None)

    def _state(self, trouble: Trouble, heard: Sequence[Event]) -> str:
        if any(self._blocked_just_now(event) for event in heard):
            return "blocked"
        if self.daemon.is_lost():
            return "lost"
        if self.daemon.coverage or not all(self.daemon.watching.running.values()):
            return "look"
        return "fine" if trouble in (Trouble.NONE, Trouble.NOT_ENROLLED) else "offline"

    def _blocked_just_now(self, event: Event) -> bool:
        blocked = event.decision is not None and event.decision.action == "block-usb"
        done = event.outcome is not None and event.outcome.result == "done"
        return blocked and done and self.daemon.now() - event.recorded_at < BLOCKED_SHOWN

    def _held(self) -> str | None:
        if self.config.policy.mode is Mode.REPORT:
            return None
        return self.daemon.guard.hold("seal-file", 0, self.daemon.now())

    def condition(self) -> Condition:
        """The same in two words, for the collector."""
        return Condition(
            state=self._state(self.outbox.trouble, list(self.daemon.messages)), held=self._held()
        )

    def _device(self) -> str | None:
        who = self.identity()
        return who.device if who else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

"""Shows a staff member the notice about the policy in force, and remembers that they read it.

The record that the law asks for is another one: that staff were told at all stands in the policy or
beside it (``agent.notice``), and only that lets anything be enforced. Here somebody says "I have
read this", which neither allows nor forbids a thing. Who said so stays on the laptop, as the number
of their account; what leaves it is that one person there has read which version.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from agent.config import Config
from agent.control_server import Answer, Caller, Refused
from agent.guard import Caps
from agent.journal_file import write_durably
from agent.notice import Notice
from agent.own_policy import Language, NoticeRead
from agent.papers.from_policy import OF_COLLECTORS
from agent.policy import Policy, Rule
from collectors.base import Clock, Observation

FILE = "notice-read.json"
LARGEST = 256 * 1024
MOST_PEOPLE = 2000
"""Accounts that are remembered; the one that read first is forgotten first."""
Version = tuple[int, int]
"""That of the policy, and that of the notice (0: none is on record)."""


@dataclass(kw_only=True)
class NoticesRead:
    """What is in force, and who has read it."""

    policy: Policy
    notice: Notice | None
    file: Path
    record: Callable[[Observation], str | None]
    now: Clock
    caps: Caps = field(default_factory=Caps)
    lock: threading.Lock = field(default_factory=threading.Lock)
    kept: Mapping[str, list[int]] = field(init=False)
    """By account; looked at each time the status is asked for, so not read from the disk then."""

    def __post_init__(self) -> None:
        self.kept = self._read()

    @property
    def version(self) -> Version:
        """Of what is shown now."""
        return self.policy.version, self.notice.version if self.notice else 0

    def table(self) -> dict[str, Answer]:
        """Each question about the notice and who answers it."""
        return {"notice": lambda caller, _: self.show(caller), "notice-read": self.take}

    def unread(self, uid: int) -> bool:
        """Whether a person has this version before them; never where there is no policy."""
        return self.policy.version > 0 and self.kept.get(str(uid)) != list(self.version)

    def show(self, caller: Caller) -> Mapping[str, Any]:
        """What the page is made of: words, numbers and the organisation's own names."""
        policy, notice = self.policy, self.notice
        return {
            "policy": self.version[0],
            "notice": self.version[1],
            "unread": self.unread(caller.uid),
            "mode": policy.mode,
            "given_on": notice.given_on.isoformat() if notice else None,
            "acts_from": self._acts_from(),
            "first_days": self.caps.first_days.days,
            "folders": [str(root) for root in policy.roots()],
            "seen": list(OF_COLLECTORS),
            "rules": [_told(rule) for rule in policy.rules],
            "usb": {"mode": policy.usb.mode, "source": policy.usb.source},
            "readers": [one.name for one in policy.recipients if one.name],
        }

    def take(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """A person has read it. Raises Refused if it was another version, or finds no room."""
        if (given.get("policy"), given.get("notice")) != self.version:
            raise Refused("changed", "there is a newer notice; read that one")
        language = given.get("language")
        if language not in tuple(Language):
            raise Refused("language", f"the language is one of {', '.join(Language)}")
        with self.lock:
            if self.unread(caller.uid):
                self._note(caller.uid, Language(language))
        return {"unread": self.unread(caller.uid)}

    def _note(self, uid: int, language: Language) -> None:
        """Kept first: what is told twice would count one person as two."""
        before = self.kept
        kept = {key: read for key, read in before.items() if key != str(uid)}
        kept[str(uid)] = list(self.version)
        self._keep(kept)
        read = NoticeRead(
            observed_at=self.now(),
            subject="notice",
            policy_version=self.version[0],
            notice_version=self.version[1],
            language=language,
            asked_by=uid,
        )
        if self.record(read) is None:
            self._keep(before)
            raise Refused("full", "the disk is full: nothing was recorded; please try again later")

    def _keep(self, kept: Mapping[str, list[int]]) -> None:
        newest = dict(list(kept.items())[-MOST_PEOPLE:])
        try:
            write_durably(self.file, json.dumps(newest).encode("ascii"))
        except OSError as error:
            why = error.strerror or "the disk does not answer"
            raise Refused("full", f"nothing was recorded: {why}; please try again later") from error
        self.kept = newest

    def _read(self) -> dict[str, list[int]]:
        try:
            with self.file.open("rb") as opened:
                given = json.loads(opened.read(LARGEST))
        except (OSError, ValueError):
            return {}  # a lost record costs a second look at the page
        return given if isinstance(given, dict) else {}

    def _acts_from(self) -> str | None:
        """The first day on which something may be done; None if nothing is."""
        if self.notice is None or not self.policy.enforces():
            return None
        lead = timedelta(days=self.policy.notice_lead_days)
        return (self.notice.given_on + lead).isoformat()


def notices_read(
    config: Config, record: Callable[[Observation], str | None], now: Clock
) -> NoticesRead:
    """For the policy in force."""
    file = config.state / FILE
    return NoticesRead(
        policy=config.policy, notice=config.notice, file=file, record=record, now=now
    )


def _told(rule: Rule) -> Mapping[str, Any]:
    return {
        "kind": rule.kind,
        "action": rule.action,
        "when": {name: str(value) for name, value in rule.when.items()},
        "source": rule.source,
        "grace_hours": rule.terms.grace_hours,
    }

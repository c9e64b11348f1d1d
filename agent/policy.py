"""The policy: ordered rules from observations to actions. Pure: no I/O, no clock.

The first rule whose kind and fields match decides; where none does, the observation is reported
and nothing more. Reading the file is ``agent.policy_file``'s work, and whether a decided action
may be carried out now (staff notice, caps, first days) is ``agent.guard``'s.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any

from agent.notice import Notice
from agent.policy_duties import Duties
from agent.policy_usb import BLOCK, Override, UsbPolicy
from agent.policy_usb import KIND as USB
from agent.quiet import Span
from agent.terms import Terms
from agent.wire.event import APART
from collectors.base import Fact, Observation
from enforcement.base import Recipient

REPORT = "report"
"""The action of a rule that only reports; also what happens where no rule matches."""
DEFAULT_RULE = "default"
ASKED_RULE = "asked"
"""The rule of what a person asked for themselves."""
LOST_RULE = "lost"
"""The rule of what is done while the laptop counts as lost."""
ORDER_RULE = "order"
"""The rule of what the organisation orders a laptop to do now."""
ASKED = {
    "session-left": ("lock-session", ASKED_RULE),
    "lost-screen-open": ("lock-session", LOST_RULE),
    "lock-ordered": ("lock-session", ORDER_RULE),
}
"""What is done at once, whatever the mode, by the kind of the observation. No guard holds it."""
WHILE_LOST = {
    "pupil-file-found": "seal-file",
    "password-list-found": "seal-file",
    "sealed-wiped": "expire-sealed",
}
"""What is done on a lost laptop, whatever the rules say; the caps hold all the same."""
EXPIRY_RULE = "keep-days"
"""The rule by which a sealed copy is deleted: that of the rule which sealed it."""
EXPIRY = {"sealed-overdue": "expire-sealed"}


class Mode(StrEnum):
    """Whether decided actions are carried out, or only reported as decided."""

    REPORT = "report"
    ENFORCE = "enforce"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """``action`` for observations of ``kind`` whose facts equal those in ``when``.

    ``terms`` say how long it waits, and how long what it sealed is kept; ``source`` cites the
    sentence of the organisation's document that the rule comes from.
    """

    name: str
    kind: str
    action: str
    when: Mapping[str, str | int | bool] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    source: str = ""

    def matches(self, observation: Observation) -> bool:
        if observation.kind != self.kind:
            return False
        facts = observation.facts()
        return all(_holds(facts.get(name), wanted) for name, wanted in self.when.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What the policy says of one observation. ``held`` is set by a guard that said "not now"."""

    action: str
    rule: str
    enforced: bool
    held: str | None = None
    due: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealing:
    """What holds for every rule that seals. ``close`` is the end of a working day here;
    ``at_once_on_plain_disk``: no rule waits where a thief could read the disk."""

    close: time = time(17, 30)
    at_once_on_plain_disk: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """Whom a staff member can turn to; shown also when the network is down."""

    name: str = ""
    phone: str = ""
    mail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LostPolicy:
    """When a laptop counts as lost. ``silent_days`` 0: never of itself. ``keys`` are the public
    keys of the people whose orders count; of a kind in ``two_signers`` two of them must sign."""

    silent_days: int = 0
    keys: tuple[str, ...] = ()
    two_signers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One version of an organisation's policy. ``directors`` read what people report of their own
    slips, and nothing else; no recipient is one of them."""

    name: str = "default"
    version: int = 0
    mode: Mode = Mode.REPORT
    language: str = "en"
    notice_lead_days: int = 0
    notice: Notice | None = None
    contact: Contact = field(default_factory=Contact)
    quiet: tuple[Span, ...] = ()
    """Hours in which messages wait that can."""
    waits_while_presenting: bool = True
    recipients: tuple[Recipient, ...] = ()
    directors: tuple[Recipient, ...] = ()
    usb: UsbPolicy = field(default_factory=UsbPolicy)
    sealing: Sealing = field(default_factory=Sealing)
    lost: LostPolicy = field(default_factory=LostPolicy)
    duties: Duties = field(default_factory=Duties)
    collectors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def decide(self, observation: Observation, overrides: Collection[Override] = ()) -> Decision:
        """What was asked for; else the first rule that matches, the USB mode, or to report.

        ``overrides`` are sticks that people were given; no rule is ever overridden, a mode is.
        """
        if observation.kind in APART:  # what no rule may act on
            return Decision(action=REPORT, rule=DEFAULT_RULE, enforced=False)
        if wish := ASKED.get(observation.kind):
            return Decision(action=wish[0], rule=wish[1], enforced=True)
        if over := EXPIRY.get(observation.kind):
            return self._decision(over, EXPIRY_RULE)
        for rule in self.rules:
            if rule.matches(observation):
                return self._decision(rule.action, rule.name)
        if by_mode := self.usb.decide(observation, overrides):
            return self._decision(*by_mode)
        return Decision(action=REPORT, rule=DEFAULT_RULE, enforced=False)

    def enforces(self) -> bool:
        """Whether what is decided is carried out at all."""
        return self.mode is Mode.ENFORCE

    def withholds_usb(self) -> bool:
        """Whether USB media are nobody's until they were judged."""
        return self.enforces() and self.usb.blocks

    def seals(self) -> bool:
        """Whether any rule seals files."""
        return any(rule.action == "seal-file" for rule in self.rules)

    def keeps_pupil_files_off(self) -> bool:
        """Whether writes to sticks wait for a verdict."""
        return self.enforces() and self.usb.keeps_pupil_files_off

    def rules_for(self, kind: str) -> tuple[Rule, ...]:
        """The rules that can decide about a kind, in order."""
        return tuple(rule for rule in self.rules if rule.kind == kind)

    def source_of(self, rule: str) -> str:
        """The sentence of the organisation's document that a rule comes from; empty if none is."""
        if rule.startswith("usb-"):
            return self.usb.source
        return next((one.source for one in self.rules if one.name == rule), "")

    def terms_of(self, rule: str) -> Terms:
        """The terms of a rule by its name; those of none wait for nothing."""
        return next((one.terms for one in self.rules if one.name == rule), Terms())

    def _decision(self, action: str, rule: str) -> Decision:
        enforced = self.enforces() and action != REPORT
        return Decision(action=action, rule=rule, enforced=enforced)

    def decided(self) -> dict[str, set[str]]:
        """What this policy can do about each kind of observation, while it enforces."""
        found: dict[str, set[str]] = {}
        for rule in self.rules:
            if rule.action != REPORT:
                found.setdefault(rule.kind, set()).add(rule.action)
        if self.usb.blocks:
            found.setdefault(USB, set()).add(BLOCK)
        return found if self.enforces() else {}

    def roots(self) -> tuple[Path, ...]:
        """The folders under which files may be looked for and touched."""
        listed = self.collectors.get("pupil_files", {}).get("roots", ())
        return tuple(Path(root) for root in listed)


def _holds(fact: Fact | None, wanted: str | int | bool) -> bool:
    """Equality of a fact with what a rule wants; a set of words holds if it contains the word."""
    if isinstance(fact, tuple):
        return wanted in fact
    if isinstance(fact, bool) or isinstance(wanted, bool):
        return fact is wanted
    return fact == wanted

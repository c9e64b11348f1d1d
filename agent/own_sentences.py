"""One event of a person's record in plain sentences, in their language.

The words of an event are closed, but not these of its details: a file's name is whatever somebody
called it, and is shown with every character that could mislead written out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.own_record import Entry
from agent.printable import printable
from agent.said import OF_WHO_ASKED
from agent.texts import has, say
from agent.wire.event import APART

LONGEST = 600
"""Characters of one detail that are shown."""
_WORDS = {
    "categories": "category",
    "reason": "reason",
    "result": "result",
    "state": "state",
    "check": "check",
    "gap": "own-gap",
}
"""Facts whose words have a sentence of their own, and under which key."""
_NO_NAMES = frozenset({"sha256", "copy", "sealed"})
_MOMENT = "%d-%m-%Y %H:%M"


@dataclass(frozen=True, slots=True)
class Sentences:
    """What is said of one event."""

    entry: Entry
    language: str

    @property
    def apart(self) -> bool:
        """Whether it is the director's to read, and no officer's."""
        return self.entry.kind in APART

    def say(self, key: str, **values: str | int) -> str:
        return say(self.language, key, **values)

    @property
    def what(self) -> str:
        """What happened."""
        kind = self.entry.kind
        return self.say(kind) if kind and has(kind) else self.say("own-damaged")

    @property
    def when(self) -> str:
        """At which moment, by the laptop's own time zone."""
        return self.entry.at.strftime(_MOMENT)

    @property
    def done(self) -> list[str]:
        """What was done about it, and what held it back; nothing where nothing was to be done."""
        decision, outcome = self.entry.decision, self.entry.outcome
        if not decision or self.entry.kind in OF_WHO_ASKED:
            return []
        if not decision.get("enforced"):
            said = ["report", f"held-{decision.get('held')}"] if self.entry.mine else []
        elif not outcome:
            said = []
        elif outcome.get("result") == "failed":
            said = [f"{decision['action']}-failed", f"reason-{outcome.get('reason')}"]
        else:
            said = [str(decision["action"])]
        return [self.say(key) for key in said if has(key)]

    @property
    def rule(self) -> str:
        """Which rule decided; empty if none did."""
        rule = str(self.entry.decision.get("rule", ""))
        return "" if rule in ("", "default") else self.say("own-rule", rule=rule)

    @property
    def source(self) -> str:
        """The sentence of the organisation's document that the rule comes from."""
        if not self.rule:
            return ""
        source = printable(self.entry.source)
        return self.say("source", source=source) if source else self.say("source-default")

    @property
    def stands(self) -> str:
        """Whether the organisation has it."""
        received = self.entry.received
        at = received.strftime(_MOMENT) if received else ""
        return self.say(f"own-state-{self.entry.state}", at=at)

    @property
    def details(self) -> list[tuple[str, str]]:
        """Everything that was kept for the person, each with what it is."""
        return self._told(lambda name: True)

    @property
    def names(self) -> list[tuple[str, str]]:
        """The same without what nobody recognises a thing by."""
        return self._told(lambda name: name not in _NO_NAMES)

    def _told(self, wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
        known: Mapping[str, Any] = self.entry.details or {}
        return [
            (self.say(f"detail-{name}"), printable(str(value))[:LONGEST])
            for name, value in known.items()
            if wanted(name) and has(f"detail-{name}")
        ]

    @property
    def about(self) -> str:
        """Which thing it is about, in one line: a file or a device by its name; empty if unknown.

        What the person wrote themselves is no name.
        """
        known: Mapping[str, Any] = self.entry.details or {}
        name = known.get("path") or known.get("model") or ""
        return printable(str(name))[:LONGEST]

    @property
    def missing(self) -> str:
        """Why no names are shown; empty if they are, or there never were any."""
        if not self.entry.mine or self.entry.details is not None or not self.entry.kind:
            return ""
        if self.entry.closed:
            return self.say("own-details-closed")
        return self.say("own-details-none") if self.entry.event.get("sealed") else ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What left readable: each fact with its name."""
        facts = self.entry.event.get("facts", {})
        return [(self._name(name), self._value(name, fact)) for name, fact in facts.items()]

    def _name(self, fact: str) -> str:
        return self.say(f"fact-{fact}") if has(f"fact-{fact}") else fact

    def _value(self, name: str, fact: object) -> str:
        if isinstance(fact, bool):
            return self.say("own-yes" if fact else "own-no")
        if isinstance(fact, list):
            return ", ".join(self._word(name, str(one)) for one in fact) or "-"
        return self._word(name, str(fact))

    def _word(self, name: str, word: str) -> str:
        key = f"{_WORDS.get(name, name)}-{word}"
        return self.say(key) if name in _WORDS and has(key) else word

"""Which messages wait, and until when: in quiet hours, and while somebody presents.

What a person is in the middle of is told at once: a stick, a screen that locks, an order. Anything
else can wait, is told after as one message, and is not told twice within an hour if it says the
same. What waits over night survives the laptop being switched off.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from agent import quiet
from agent.journal_file import write_durably
from agent.reminders import reminders
from agent.wire.event import Event
from collectors.base import Clock

FILE = "messages-waiting.json"
MOST_HELD = timedelta(hours=2)
"""For so long a presentation holds a message back; some programs never let go of the screen."""
OCCASION = timedelta(hours=1)
"""What says the same within so long is one occasion."""
MARGIN = timedelta(hours=2)
"""What is due before, or so soon after, the quiet is over cannot wait for that."""
_AT_ONCE_ACTIONS = frozenset({"block-usb", "allow-usb", "allow-usb-read-only", "lock-session"})
_AT_ONCE_KINDS = frozenset(
    {"order-followed", "lock-ordered", "lost-screen-open", "laptop-lost", "laptop-found"}
    | {"stick-write-refused", "usb-storage-attached", "usb-override", "session-left"}
)


class Why(StrEnum):
    """Why a message waited."""

    QUIET = "quiet"
    PRESENTING = "presenting"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What is to be done with one message: tell it, let it wait, or leave it out as told before.

    ``why`` is the reason for which it waits or has waited.
    """

    later: bool = False
    again: bool = False
    why: Why | None = None


@dataclass(kw_only=True)
class _Person:
    waits: dict[str, tuple[Why, datetime]] = field(default_factory=dict)
    told: dict[str, Turn] = field(default_factory=dict)
    said: dict[str, datetime] = field(default_factory=dict)


@dataclass(kw_only=True)
class HeldBack:
    """Remembers for each person what waits for them. ``presenting`` says it of an account."""

    spans: Sequence[quiet.Span]
    presenting: Callable[[int], bool]
    now: Clock
    file: Path | None = None
    people: dict[int, _Person] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    kept: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    """What waited when the agent last ran."""
    events: dict[str, Event] = field(default_factory=dict)
    """What waits, of all people."""

    def turns(self, events: Sequence[Event], uid: int) -> Mapping[str, Turn]:
        """What to do with each message now, for one person, by its id."""
        with self.lock:
            person = self.people.setdefault(uid, _Person())
            found = {event.id: self._turn(event, person, uid) for event in events}
            for known in (person.waits, person.told):
                for gone in known.keys() - found.keys():
                    del known[gone]
            self._keep(events)
            return found

    def waiting(self) -> list[Event]:
        """What waited when the agent last ran; nothing if that cannot be read."""
        try:
            raw = self.file.read_bytes() if self.file else b"[]"
            found = msgspec.json.decode(raw, type=list[Event])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            found = []
        self.before = self.kept = frozenset(event.id for event in found)
        self.events = {event.id: event for event in found}
        return found

    def _turn(self, event: Event, person: _Person, uid: int) -> Turn:
        if event.id in person.told:
            return person.told[event.id]
        now = self.now()
        why = None if at_once(event) else self._reason(event, person, uid, now)
        if why is not None:
            person.waits.setdefault(event.id, (why, now))
            return Turn(later=True, why=why)
        waited = person.waits.pop(event.id, None)
        old = Why.QUIET if event.id in self.before else None
        turn = Turn(again=_again(event, person, now), why=waited[0] if waited else old)
        person.told[event.id] = turn
        return turn

    def _reason(self, event: Event, person: _Person, uid: int, now: datetime) -> Why | None:
        """Why a message has to wait now; None if it has not."""
        over = quiet.until(self.spans, now.astimezone())
        if over is not None and not _due_by(event, over + MARGIN):
            return Why.QUIET
        since = person.waits.get(event.id, (Why.PRESENTING, now))[1]
        waits_on = now - since < MOST_HELD and not _due_by(event, now + MOST_HELD)
        return Why.PRESENTING if waits_on and self.presenting(uid) else None

    def _keep(self, events: Sequence[Event]) -> None:
        """What waits in quiet hours must not be lost by switching the laptop off."""
        told = {id for person in self.people.values() for id in person.told}
        ids = frozenset(id for person in self.people.values() for id in person.waits)
        ids |= self.before - told  # of people who have not asked since the start
        known = self.events | {event.id: event for event in events}
        self.events = {id: known[id] for id in ids if id in known}
        if self.file is None or ids == self.kept:
            return
        try:
            waiting = list(self.events.values())
            write_durably(self.file, msgspec.json.encode(waiting))
            self.kept = ids
        except OSError:
            return  # told from memory all the same, if the laptop stays on


def at_once(event: Event) -> bool:
    """Whether a message is about what the person is doing just now, or about an order."""
    decision = event.decision
    carried_out = decision is not None and decision.enforced
    urgent = carried_out and decision is not None and decision.action in _AT_ONCE_ACTIONS
    return urgent or event.kind in _AT_ONCE_KINDS


def _again(event: Event, person: _Person, now: datetime) -> bool:
    """Whether the same was said lately; what was done to a file is said for each."""
    if event.outcome is not None or at_once(event):
        return False
    topic = "+".join((event.kind, *reminders(event), str(_due(event))))
    before = person.said.get(topic)
    person.said = {key: at for key, at in person.said.items() if abs(now - at) < OCCASION}
    person.said.setdefault(topic, now)
    return before is not None and abs(now - before) < OCCASION


def _due_by(event: Event, moment: datetime) -> bool:
    due = _due(event)
    return due is not None and due <= moment


def _due(event: Event) -> datetime | None:
    due = event.decision.due if event.decision is not None else msgspec.UNSET
    return None if isinstance(due, msgspec.UnsetType) else due

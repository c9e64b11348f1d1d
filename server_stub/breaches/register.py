"""The breach register, pure: what an entry is, and how one begins from an event.

Four moments are kept apart: when it was detected (by an agent), and, decided by a person, when the
organisation became *aware*. Only awareness starts the clock of GDPR article 33; until the officer
has decided, the entry shows a provisional deadline from detection, which is the safe side. Hours
are counted as elapsed time in UTC, so nights, weekends and clock changes shift nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.wire.event import Event, Fact
from server_stub.breaches.dossier_questions import REPORT_ABOUT, REPORTER_ROLES

UNKNOWN = "unknown"
BY_HAND = "told-by-hand"
"""The kind of an entry that no event gave."""
LEAK = "leak-reported"
"""The kind of the event by which a person reports a leak at a laptop."""
SAID = ("about", "role")
"""The facts by which a report tells whose data it is about, and who reports it."""
MOST_CATEGORIES = 40
"""Kinds of data that an entry takes over from an event."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What an event says about a breach, before a person has said anything."""

    device: str
    seq: int
    kind: str
    detected_at: datetime
    persons_min: int | None
    persons_max: int | None
    categories: tuple[str, ...]
    """Kinds of data, in the agent's closed words."""
    sensitive: bool | None
    """Whether one of them is sensitive; None: not known."""
    encryption: str
    measures: tuple[str, ...]
    reported_at: datetime | None = None
    """When somebody was told of it: the laptop's own record, or a person's report."""
    incident: str = ""
    """What happened, as a person reported it, in a closed word."""
    ongoing: bool | None = None
    about: str = ""
    """Whose data a reported leak is about, in a closed word; empty where nobody said."""
    reporter: str = ""
    """Who reported it, likewise."""

    @property
    def by_hand(self) -> bool:
        """Whether no laptop told of it: somebody came to the officer."""
        return not self.device


@dataclass(frozen=True, kw_only=True, slots=True)
class Breach:
    """One entry. ``number`` is how people call it, such as ``2026-0001``."""

    id: int
    number: str
    draft: Draft
    created_at: datetime
    created_by: str
    aware_at: datetime | None = None
    aware_by: str | None = None
    phase: int = 1
    """Which phase of the plan of action it is in."""
    closed_at: datetime | None = None


def draft_from(device: str, seq: int, event: Event, received_at: datetime) -> Draft:
    """The entry that an event gives by itself.

    What was received was detected before: a laptop whose clock runs ahead must not move the
    deadline, nor put detection after every moment the officer can choose.
    """
    about, reporter = said_of(event)
    return Draft(
        device=device,
        seq=seq,
        kind=event.kind,
        detected_at=min(event.observed_at, received_at),
        persons_min=_number(event.facts.get("persons-min")),
        persons_max=_number(event.facts.get("persons-max")),
        categories=_categories(event.facts.get("categories")),
        sensitive=_yes_or_no(event.facts.get("sensitive")),
        encryption=_encryption(event.facts),
        measures=_measures(event),
        reported_at=min(event.recorded_at, received_at),
        incident=str(event.facts.get("what", "")) if event.kind == LEAK else "",
        ongoing=_yes_or_no(event.facts.get("ongoing")),
        about=about,
        reporter=reporter,
    )


def said_of(event: Event) -> tuple[str, str]:
    """What a reported leak is about and who reports it; empty where the laptop does not say, or
    says it in a word that nobody here knows."""
    about, role = (event.facts.get(name) if event.kind == LEAK else None for name in SAID)
    return (
        about if isinstance(about, str) and about in REPORT_ABOUT else "",
        role if isinstance(role, str) and role in REPORTER_ROLES else "",
    )


def draft_by_hand(incident: str, noticed_at: datetime, now: datetime) -> Draft:
    """The entry of what somebody came to tell; it has no laptop, and gets its number when kept."""
    return Draft(
        device="",
        seq=0,
        kind=BY_HAND,
        detected_at=noticed_at,
        persons_min=None,
        persons_max=None,
        categories=(),
        sensitive=None,
        encryption=UNKNOWN,
        measures=(),
        reported_at=now,
        incident=incident,
    )


def number_of(year: int, count: int) -> str:
    """The number of the ``count``-th entry of a year."""
    return f"{year}-{count:04d}"


def why_not_aware(breach: Breach, aware_at: datetime, now: datetime) -> str | None:
    """Why a moment cannot be the moment of awareness, as a closed word; None: it can."""
    if aware_at > now:
        return "in-the-future"
    # A laptop's clock may run a little ahead of the officer's.
    if aware_at < breach.draft.detected_at - timedelta(hours=1):
        return "before-detection"
    return None


def _encryption(facts: Mapping[str, Fact]) -> str:
    """What the event says about encryption, as a closed word."""
    return next((str(facts[name]) for name in ("verdict", "encryption") if name in facts), UNKNOWN)


def _categories(fact: Fact | None) -> tuple[str, ...]:
    """The kinds of data an event names, each once and not without end."""
    return tuple(dict.fromkeys(fact))[:MOST_CATEGORIES] if isinstance(fact, list) else ()


def _yes_or_no(fact: Fact | None) -> bool | None:
    return fact if isinstance(fact, bool) else None


def _measures(event: Event) -> tuple[str, ...]:
    """What was already done: the action and how it ended, as closed words."""
    if event.decision is None or event.outcome is None or not event.decision.enforced:
        return ()
    return (event.decision.action, event.outcome.result)


def _number(fact: Fact | None) -> int | None:
    """A count that is one: a negative number stands for "not known"."""
    return fact if isinstance(fact, int) and not isinstance(fact, bool) and fact >= 0 else None

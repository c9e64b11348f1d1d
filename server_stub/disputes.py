"""False alarms, pure: what an officer may say of one, and what all disputes together teach.

An officer marks an event, a staff member's laptop reports a dispute as an event of its own. Both
name the evidence and the version of the detector, so that counting them by these two shows which
rule errs most, and whether a newer version errs less.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.wire.event import Event

FOUND = "pupil-file-found"
TOLD = "verdict-disputed"
UNKNOWN = 0
"""The version of a detector that did not say which it was."""


class Alarm(StrEnum):
    """Why it was a false alarm."""

    BLANK_FORM = "blank-form"
    LESSON_OR_POLICY = "lesson-or-policy"
    STAFF_DATA = "staff-data"
    PRIVATE = "private"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """An officer's word on one event."""

    device: str
    seq: int
    reason: str
    evidence: tuple[str, ...]
    detector: int
    at: datetime
    who: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """How often one kind of evidence was disputed for one version of the detector: marked by an
    officer, and said by staff to be no pupil file, or one that was missed."""

    evidence: str
    detector: int
    marked: int
    said_clean: int
    said_pupil: int

    @property
    def total(self) -> int:
        return self.marked + self.said_clean + self.said_pupil


def dispute_of(
    device: str, seq: int, event: Event, reason: Alarm, who: str, at: datetime
) -> Dispute:
    """What is stored of an officer's word: with what the event says of itself."""
    return Dispute(
        device=device,
        seq=seq,
        reason=reason,
        evidence=evidence_of(event),
        detector=detector_of(event),
        at=at,
        who=who,
    )


def sums(marked: Iterable[Dispute], told: Iterable[Event]) -> list[Sum]:
    """Disputes by evidence and detector, the most frequent first."""
    counts: Counter[tuple[str, int, str]] = Counter()
    for one in marked:
        counts.update((kind, one.detector, "marked") for kind in one.evidence or ("none",))
    for event in told:
        wanted = str(event.facts.get("wanted", ""))
        kinds = evidence_of(event) or ("none",)
        counts.update((kind, detector_of(event), wanted) for kind in kinds)
    found = [
        Sum(
            evidence=kind,
            detector=detector,
            marked=counts[kind, detector, "marked"],
            said_clean=counts[kind, detector, "clean"],
            said_pupil=counts[kind, detector, "pupil"],
        )
        for kind, detector in {(kind, detector) for kind, detector, _ in counts}
    ]
    return sorted(found, key=lambda one: (-one.total, one.evidence, -one.detector))


def evidence_of(event: Event) -> tuple[str, ...]:
    """The kinds of evidence that an event names."""
    found = event.facts.get("evidence", [])
    return tuple(found) if isinstance(found, list) else ()


def detector_of(event: Event) -> int:
    """The version of the detector that an event names."""
    found = event.facts.get("detector", UNKNOWN)
    return found if isinstance(found, int) and not isinstance(found, bool) else UNKNOWN

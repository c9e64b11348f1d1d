"""What the register advises about telling the authority and the people concerned; pure.

It is advice with its reason, and nothing follows from it by itself: the officer decides, and writes
down why. Where too little is known it says so. The rules are those of GDPR articles 33(1) and 34,
and the threshold of the policy, which may be stricter.
"""

from dataclasses import dataclass
from enum import StrEnum

from server_stub.breaches.dossier import Answers
from server_stub.breaches.duties import Duty
from server_stub.breaches.severity import Level, Severity, severity_of


class Threshold(StrEnum):
    """From when on people are told; a key of the policy."""

    LAW = "law"
    """A high risk is likely."""
    ANY_RISK = "any-risk"
    CLIENT_DECIDES = "client-decides"


class Say(StrEnum):
    """What is advised."""

    TELL = "tell"
    NOT_NEEDED = "not-needed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """``why`` is a closed word for the reason."""

    say: Say
    why: str


def advice(answers: Answers, threshold: Threshold) -> dict[Duty, Advice]:
    """What is advised for the authority and for the people concerned."""
    if answers.get("is-breach") == "no-breach":
        none = Advice(say=Say.NOT_NEEDED, why="no-breach")
        return {Duty.AUTHORITY: none, Duty.SUBJECTS: none}
    if _is_harmless(answers):
        none = Advice(say=Say.NOT_NEEDED, why="unreadable")
        return {Duty.AUTHORITY: none, Duty.SUBJECTS: none}
    return {
        Duty.AUTHORITY: Advice(say=Say.TELL, why="risk-not-excluded"),
        Duty.SUBJECTS: _people(severity_of(answers), threshold),
    }


def _is_harmless(answers: Answers) -> bool:
    """Nobody can read the data, nobody has the key, and nothing is lost for good."""
    wanted = {"unintelligible": "yes", "key-safe": "yes", "copy-kept": "yes"}
    return all(answers.get(name) == answer for name, answer in wanted.items())


def _people(severity: Severity | None, threshold: Threshold) -> Advice:
    if threshold is Threshold.CLIENT_DECIDES:
        return Advice(say=Say.UNKNOWN, why="client-decides")
    if threshold is Threshold.ANY_RISK:
        return Advice(say=Say.TELL, why="policy-any-risk")
    if severity is None:
        return Advice(say=Say.UNKNOWN, why="severity-open")
    if severity.level in (Level.HIGH, Level.VERY_HIGH):
        return Advice(say=Say.TELL, why="high-risk")
    return Advice(say=Say.NOT_NEEDED, why="no-high-risk")

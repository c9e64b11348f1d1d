"""Whom an event concerns: a user of this laptop, or the laptop and nobody in particular. Pure.

What is asked of the world comes in as ``World``; the answers are user numbers as the kernel has
them. Where nobody can be told for certain it is nobody: a person is never shown, or told of, what
may be somebody else's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.said import OF_WHO_ASKED
from collectors.base import Observation

OF_A_PATH = frozenset(
    {
        "pupil-file-found",
        "password-list-found",
        "unreadable-file-found",
        "pupil-file-on-stick",
        "stick-write-refused",
        "evasion-suspected",
        "home-open",
    }
)
"""Whose file it is; the ``subject`` is its path."""
OF_A_SESSION = frozenset(
    {
        "session-unattended",
        "session-resumed",
        "session-left",
        "laptop-left",
        "lost-screen-open",
        "lock-ordered",
    }
)
"""Whose screen it is; the observation names the account."""
OF_WHO_IS_THERE = frozenset(
    {
        "usb-storage-attached",
        "usb-storage-removed",
        "port-device-attached",
        "port-device-removed",
    }
)
"""Who works at the laptop just then."""
OF_AN_EVENT = frozenset({"sealed-overdue", "sealed-wiped", "file-returned", "action-recovered"})
"""Whom the event concerned under whose number something is sealed."""
OF_THE_LAPTOP = frozenset(
    {
        "agent-started",
        "agent-retired",
        "agent-report",
        "collector-failed",
        "breaker-tripped",
        "restore-drill",
        "laptop-lost",
        "laptop-found",
        "unlock-code-made",
        "laptop-standing",
        "policy-taken",
        "policy-refused",
        "order-followed",
        "coverage-lost",
        "coverage-restored",
        "screens-day",
        "posture-checked",
        "laptop-described",
        "own-part-changed",
    }
)
"""Nobody in particular, whatever stands in them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What the laptop knows of its users: the owner of a path, the number of an account, who is
    there, and whom an earlier event concerned. Each says None where it cannot tell."""

    owner: Callable[[str], int | None]
    account: Callable[[str], int | None]
    there: Callable[[], int | None]
    earlier: Callable[[str], int | None]


def uid_of(observation: Observation, world: World) -> int | None:
    """The user an observation concerns; None: the laptop."""
    kind, subject = observation.kind, observation.subject
    if kind in OF_A_PATH:
        return world.owner(subject)
    if kind in OF_A_SESSION:
        return world.account(str(getattr(observation, "user", "")))
    if kind in OF_WHO_IS_THERE:
        return world.there()
    if kind in OF_WHO_ASKED:
        asked = getattr(observation, "asked_by", None)
        return asked if isinstance(asked, int) else None
    return world.earlier(subject) if kind in OF_AN_EVENT else None

"""What the agent tells of the policies that it is brought."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from collectors.base import Facts, Observation


class Against(StrEnum):
    """Why a keyring or a policy is not taken up."""

    NO_ROOT = "no-root"
    DAMAGED = "damaged"
    SIGNATURE = "signature"
    OLDER = "older"
    EXPIRED = "expired"
    OTHER_SCOPE = "other-scope"
    TOO_FEW = "too-few-people"
    UNREADABLE = "unreadable"


class Brought(StrEnum):
    """What the collector brings, signed by people."""

    KEYRING = "keyring"
    POLICY = "policy"


class ScopeKind(StrEnum):
    """Whom a policy is for."""

    ORGANISATION = "organisation"
    GROUP = "group"
    DEVICE = "device"


class OrderKind(StrEnum):
    """What a laptop can be told to do (``agent.wire.orders``)."""

    LOST = "lost"
    FOUND = "found"
    WIPE = "wipe"
    HANDED_OVER = "handed-over"
    LOCK = "lock"
    REPORT = "report"
    ROTATE_KEY = "rotate-key"


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyTaken(Observation):
    """From now on this laptop goes by another policy, which so many ``people`` have signed."""

    kind: ClassVar[str] = "policy-taken"
    version: int
    people: int
    scope: ScopeKind

    def facts(self) -> Facts:
        return {"policy-version": self.version, "people": self.people, "scope": self.scope}


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyRefused(Observation):
    """A policy or a keyring was brought that is not taken up."""

    kind: ClassVar[str] = "policy-refused"
    what: Brought
    version: int
    why: Against

    def facts(self) -> Facts:
        return {"what": self.what, "policy-version": self.version, "why": self.why}


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderFollowed(Observation):
    """An order of the organisation was followed. ``subject`` is its number."""

    kind: ClassVar[str] = "order-followed"
    order: OrderKind

    def facts(self) -> Facts:
        return {"order": self.order}

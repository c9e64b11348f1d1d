"""What the agent tells of the policies that it is brought."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from agent.policy import Mode
from collectors.base import Details, Facts, Observation, Proof
from collectors.session_state import SessionKind


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
    RELEASE = "release"


class Language(StrEnum):
    """In which language a notice was read."""

    NL = "nl"
    DA = "da"
    EN = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeRead(Observation):
    """Somebody at the laptop has read the notice about a policy; who is not told.

    ``notice_version`` is 0 where no notice to the staff is on record yet.
    """

    kind: ClassVar[str] = "notice-read"
    policy_version: int
    notice_version: int
    language: Language
    asked_by: int | None = None

    def facts(self) -> Facts:
        return {
            "policy-version": self.policy_version,
            "notice-version": self.notice_version,
            "language": self.language,
        }


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
class LockOrdered(Observation):
    """A screen that was open when the organisation ordered that this laptop be locked."""

    kind: ClassVar[str] = "lock-ordered"
    user: str
    session: SessionKind
    started: int

    def facts(self) -> Facts:
        return {"session": self.session}

    def details(self) -> Details:
        return {"user": self.user}

    def proof(self) -> Proof:
        return {"started": self.started}


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentReport(Observation):
    """How the agent is, told because the organisation ordered it. Collectors are counted by whether
    they run; ``root`` is whether the agent may do what it was built for."""

    kind: ClassVar[str] = "agent-report"
    mode: Mode
    policy_version: int
    running: int
    stopped: int
    uncovered: int
    waiting: int
    unfinished: int
    root: bool

    def facts(self) -> Facts:
        return {
            "mode": self.mode,
            "policy-version": self.policy_version,
            "running": self.running,
            "stopped": self.stopped,
            "uncovered": self.uncovered,
            "waiting": self.waiting,
            "unfinished": self.unfinished,
            "root": self.root,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderFollowed(Observation):
    """An order of the organisation was followed. ``subject`` is its number."""

    kind: ClassVar[str] = "order-followed"
    order: OrderKind

    def facts(self) -> Facts:
        return {"order": self.order}

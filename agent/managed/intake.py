"""What the collector brings is taken up here, or refused: keyrings and policies.

Nothing is believed because it came from the collector. A refusal changes nothing: the policy that
was gone by is gone by as before. It is an event, since it is either a mistake of whoever signed,
or somebody's attempt.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent import identity
from agent.managed import kept, reach
from agent.managed.kept import Kept
from agent.own_policy import Against, Brought, PolicyRefused, PolicyTaken, ScopeKind
from agent.policy import Policy
from agent.wire import policies
from agent.wire.policies import Keyring, PolicyDocument
from agent.wire.signed import DocumentError, Signed
from collectors.base import Clock, Observation

log = logging.getLogger(__name__)


class Refusal(Exception):
    """It is not taken up; ``why`` in one word, the message for people."""

    def __init__(self, why: Against, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(kw_only=True)
class Intake:
    """``root`` is the key that vouches for keyrings, None if this laptop was told none; ``changed``
    is called when another policy is to be gone by."""

    state: Path
    root: Callable[[], str | None]
    running: Policy
    version: int
    record: Callable[[Observation], str | None]
    changed: Callable[[], None]
    now: Clock
    refused: set[tuple[Brought, int, Against]] = field(default_factory=set)

    def take_keyring(self, given: Signed) -> None:
        """Believe a newer keyring, if the root key stands for it. OSError."""
        number = _number(given, policies.keyring_in)
        try:
            self._check_keyring(given)
        except (Refusal, DocumentError) as error:
            self._tell(Brought.KEYRING, number, error)
        else:
            kept.keep_keyring(self.state, given)

    def take_policy(self, given: Signed, device: str, group: str) -> None:
        """Go by a newer policy, if it is meant for this laptop and signed by enough. OSError."""
        number = _number(given, policies.policy_in)
        try:
            keyring, document, people = self._checked(given, device, group)
        except (Refusal, DocumentError) as error:
            self._tell(Brought.POLICY, number, error)
            return
        taken = Kept(policy=given, keyring=keyring, taken_at=self.now())
        kept.keep(self.state, taken)
        self.version = document.version
        self.record(
            PolicyTaken(
                observed_at=self.now(),
                subject="policy",
                version=document.version,
                people=len(people),
                scope=ScopeKind(document.scope.kind),
            )
        )
        self.changed()

    def take_stick_key(self, key: bytes) -> None:
        """Digest sticks by this key, which every laptop of the organisation has. OSError."""
        if identity.stick_key(self.state) != key:
            identity.keep_stick_key(self.state, key)

    def keyring_version(self) -> int:
        """The version of the keyring that is believed; 0 if there is none."""
        try:
            known = kept.keyring(self.state)
        except (DocumentError, OSError):
            return 0
        return known[1].version if known else 0

    def _check_keyring(self, given: Signed) -> None:
        root, known = self.root(), kept.keyring(self.state)
        if root is None:
            raise Refusal(Against.NO_ROOT, "this laptop was told no root key")
        keyring = _vouched(given, known[1].root if known else root)
        if known and keyring.version <= known[1].version:
            raise Refusal(Against.OLDER, f"keyring {known[1].version} is believed already")

    def _checked(
        self, given: Signed, device: str, group: str
    ) -> tuple[Signed, PolicyDocument, set[str]]:
        """The keyring that vouches for it, the document, and who signed it. Raises Refusal."""
        known = kept.keyring(self.state)
        if self.root() is None or known is None:
            raise Refusal(Against.NO_ROOT, "this laptop knows nobody who may sign a policy")
        people = policies.people(given, known[1])
        if not people:
            raise Refusal(Against.SIGNATURE, "nobody has signed it who may")
        document = policies.policy_in(given)
        if document.version <= self.version:
            raise Refusal(Against.OLDER, f"version {self.version} was taken up before")
        if document.expired(self.now()):
            raise Refusal(Against.EXPIRED, f"its time was over at {document.expires_at}")
        if not document.scope.covers(device, group):
            raise Refusal(Against.OTHER_SCOPE, "it is for other laptops")
        self._check_people(document, people)
        return known[0], document, people

    def _check_people(self, document: PolicyDocument, people: set[str]) -> None:
        try:
            policy = kept.policy_of(document)
        except DocumentError as error:
            raise Refusal(Against.UNREADABLE, str(error)) from error
        needed = reach.people_needed(policy, self.running)
        if len(people) < needed:
            says = f"{needed} people must sign what enforces or looks further, and 1 did"
            raise Refusal(Against.TOO_FEW, says)

    def _tell(self, what: Brought, number: int, error: Refusal | DocumentError) -> None:
        """Once for each version and reason while the agent runs; the collector brings it again."""
        why = error.why if isinstance(error, Refusal) else Against.DAMAGED
        log.warning("%s %d is not taken up: %s", what, number, why)
        log.debug("%s", error)
        if (what, number, why) not in self.refused:
            self.refused.add((what, number, why))
            told = PolicyRefused(
                observed_at=self.now(), subject=what, what=what, version=number, why=why
            )
            self.record(told)


def _vouched(given: Signed, root: str) -> Keyring:
    try:
        return policies.vouched(given, (root,))
    except DocumentError as error:
        raise Refusal(Against.SIGNATURE, str(error)) from error


def _number(given: Signed, read: Callable[[Signed], Keyring | PolicyDocument]) -> int:
    """The version a document says it is, for the report alone; 0 if it says nothing."""
    try:
        return read(given).version
    except DocumentError:
        return 0

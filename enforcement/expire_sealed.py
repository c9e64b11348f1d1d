"""Delete a sealed copy whose time is over: the only thing in this product that deletes for good.

The subject is the id under which it was sealed, the proof what the sealed copy was when somebody
looked. A copy that is no longer that one stays, and so does one that must first be handed over.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from enforcement import durable
from enforcement.base import Attempt, EnforcementError, Outcome, Reason, Result, Settings
from enforcement.reasons import told
from enforcement.stage import check_id
from enforcement.tombstone import Tombs
from enforcement.vault import Record, State, Vault, record


def make(settings: Settings) -> "ExpireSealed":
    """Build the action."""
    return ExpireSealed(settings)


class ExpireSealed:
    """Deletes one sealed copy and leaves a tombstone."""

    name = "expire-sealed"

    def __init__(
        self,
        settings: Settings,
        *,
        checkpoint: durable.Checkpoint = durable.pass_by,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._vault = Vault(settings.state / "vault", checkpoint=checkpoint, now=now)
        self._tombs = Tombs(self._vault, checkpoint=checkpoint, now=now)

    def apply(self, attempt: Attempt) -> Outcome:
        """Delete the copy ``subject``, if it is still the one in ``proof``."""
        sealed_id = check_id(attempt.subject)
        with told():
            if self._tombs.holds(sealed_id):
                self._tombs.finish(sealed_id)
                return Outcome(result=Result.ALREADY)
            try:
                found = record(self._vault.path, sealed_id)
            except FileNotFoundError:
                return Outcome(result=Result.ALREADY)
            self._tombs.delete(_still(found, attempt), attempt.id)
        return Outcome(result=Result.DONE)

    def resume(self, attempt_id: str) -> Outcome:
        """Go on with what an attempt has begun to delete."""
        with told():
            if sealed_id := self._tombs.made_by(attempt_id):
                self._tombs.finish(sealed_id)
                return Outcome(result=Result.DONE)
        return Outcome(result=Result.FAILED, reason=Reason.INTERRUPTED)

    def recover(self) -> dict[str, Outcome]:
        """Go on with every deletion that was cut off."""
        with told():
            ids = self._tombs.unfinished()
            for sealed_id in ids:
                self._tombs.finish(sealed_id)
        return {sealed_id: Outcome(result=Result.DONE) for sealed_id in ids}


def _still(found: Record, attempt: Attempt) -> Record:
    """The record, if nothing speaks against deleting it. Raises EnforcementError (``changed``)."""
    if found.state is not State.SEALED:
        raise EnforcementError(Reason.CHANGED, "its record is damaged; an officer has to look")
    if found.sealed_sha256 != attempt.proof.get("sealed_sha256"):
        raise EnforcementError(Reason.CHANGED, "it is not the copy that was looked at")
    if found.about.get("hand_over"):
        raise EnforcementError(Reason.REFUSED, "it must first be handed over")
    return found

"""Lock a session, and see that it is locked.

The subject is the session as the system names it. The proof is when it began (``started``, in
microseconds since 1970), so that a later session that was given the same name is left alone.
Asking is not locking: with no locker running the request succeeds and nothing happens. So several
are asked in turn, each until a lock can be seen (``enforcement.lock_steps``); if none ever shows,
the action fails with ``not-confirmed`` and the steps that were tried.
"""

import sys
from collections.abc import Mapping

from enforcement.base import Attempt, EnforcementError, KeepsNothing, Outcome, Reason, Settings
from enforcement.lock_steps import SECONDS, Step

if sys.platform == "linux":
    from enforcement.lock_session_linux import lock, screen
else:

    def screen(uid: int, session: str) -> tuple[bool, int | None]:
        return False, None

    def lock(session: str, started: int, seconds: Mapping[Step, float]) -> Outcome:
        raise EnforcementError(Reason.UNSUPPORTED, f"no way to lock a session on {sys.platform}")


__all__ = ["LockSession", "make", "screen"]


def make(settings: Settings) -> "LockSession":
    """Build the action; it needs none of the settings."""
    return LockSession()


class LockSession(KeepsNothing):
    """Asks for one session to be locked and watches whether it is."""

    name = "lock-session"

    def __init__(self, *, seconds: Mapping[Step, float] = SECONDS) -> None:
        self._seconds = seconds

    def apply(self, attempt: Attempt) -> Outcome:
        """Lock the session ``subject`` if it is still the one that began at ``started``."""
        started = attempt.proof.get("started")
        if not isinstance(started, int):
            raise EnforcementError(Reason.FAULT, "the proof does not say when the session started")
        return lock(attempt.subject, started, self._seconds)

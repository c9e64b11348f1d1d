"""A person walks away from the laptop and asks for their screen to be locked now.

That is a wish and no measure: it is carried out whatever the policy's mode is, and without waiting
for a notice or a laptop's first days. Whether the screen is locked is seen and said, never assumed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.control_server import Caller, Refused
from agent.own import SessionLeft
from agent.wire.event import Event
from collectors.base import Clock, Observation
from collectors.session_state import Desk, DeskError, Session

PROBLEM = "no open screen of yours was found at this laptop; lock it the way your desktop does"


@dataclass(kw_only=True)
class WalkAway:
    """Takes the wish of whoever asks, for their own session and no other."""

    desk: Callable[[], Desk]
    record: Callable[[Observation], str | None]
    told: Callable[[], Iterable[Event]]
    now: Clock

    def take(self, caller: Caller) -> dict[str, bool | str]:
        """``locked`` says whether the screen is locked now, ``why`` what went wrong. Refused."""
        session = self._session(caller.uid)
        left = SessionLeft(
            observed_at=self.now(),
            subject=session.id,
            user=session.user,
            session=session.kind,
            started=session.started,
        )
        number = self.record(left)
        ended = [one.outcome for one in self.told() if one.id == number and one.outcome]
        if not ended:
            raise Refused("session", PROBLEM)
        return {"locked": ended[0].result in ("done", "already"), "why": ended[0].reason}

    def _session(self, uid: int) -> Session:
        desk = self.desk()
        try:
            mine = [one for one in desk.sessions() if one.uid == uid and one.watched()]
        except DeskError as error:
            raise Refused("session", PROBLEM) from error
        finally:
            desk.close()
        if not mine:
            raise Refused("session", PROBLEM)
        return mine[0]

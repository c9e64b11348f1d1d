"""Somebody who changes a file whenever it is about to be taken: the file stays, and that is told.

Taking the wrong file is ruled out by how files are taken; so what is left to somebody who does not
want to lose one is to swap it all the time. Each refusal alone is nothing: programs save files too.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.own_files import EvasionSuspected
from collectors.base import Observation
from enforcement.base import Outcome, Reason, Result

TIMES = 3
WITHIN = timedelta(minutes=10)
MOST = 1000
"""Files that are remembered at once."""
SIGNS = frozenset({Reason.CHANGED, Reason.LINKED, Reason.NOT_PLAIN})
"""Reasons that somebody can bring about on purpose. That it is open is everyday work."""


@dataclass(kw_only=True)
class Evasion:
    """Counts refusals by file."""

    refused: defaultdict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def note(self, observation: Observation, outcome: Outcome) -> EvasionSuspected | None:
        """How an attempt to seal a file ended; what there is to tell, if that looks intended."""
        if outcome.result is not Result.FAILED or outcome.reason not in SIGNS:
            self.refused.pop(observation.subject, None)
            return None
        now, times = observation.observed_at, self.refused[observation.subject]
        times.append(now)
        while abs(now - times[0]) > WITHIN:
            times.popleft()
        if len(self.refused) > MOST:
            del self.refused[next(iter(self.refused))]
        if len(times) < TIMES:
            return None
        return EvasionSuspected(
            observed_at=now, subject=observation.subject, reason=outcome.reason, times=len(times)
        )

"""Linux: the ladder. Each step asks somebody else to lock, and none is believed.

Whatever was asked first may still show while a later step waits, so the proof looked for is always
any of them. What happens on the person's own buses and screen happens with the person's rights, in
a process of its own; root reads nothing but a few known words of it.
"""

import time
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager

from enforcement.base import EnforcementError, Outcome, Reason, Result
from enforcement.lock_logind_linux import GONE, Seated
from enforcement.lock_person_linux import Person, person
from enforcement.lock_steps import COVERED, LISTENED, LockProof, Step
from enforcement.system_bus import BusMissing, BusRefusal, connected

_PAUSE = 0.1
_SIGHTED = 0.3
"""Seconds between two looks at the person's screen, which cost more than a question to logind."""


def lock(session: str, started: int, seconds: Mapping[Step, float]) -> Outcome:
    """Lock a session that began at ``started`` (µs); each step may take so many ``seconds``.

    Raises EnforcementError: ``gone``, ``changed``, ``refused`` if logind says no and nobody else
    can lock, ``not-confirmed`` with the steps tried, and ``unsupported`` without a logind.
    """
    with _told(), connected() as bus:
        seated = Seated(bus, session, started)
        view = seated.look()
        if view.locked:
            return Outcome(result=Result.ALREADY, proof=LockProof.HINT)
        with person(view.uid, session) as who:
            return _Ladder(seated, who).climb(seconds)


def screen(uid: int, session: str) -> tuple[bool, int | None]:
    """Whether a locker that surely locks is seen on ``uid``'s screen, and seconds without a touch.

    Takes the rights of root or of the person; with none of them nothing is seen.
    """
    with person(uid, session) as who:
        idle = who.idle()  # it waits until the process is there
        return who.was_covered(), idle


class _Ladder:
    """One climb. ``tried`` are the steps at which somebody was asked."""

    def __init__(self, seated: Seated, who: Person) -> None:
        self.seated = seated
        self.who = who
        self.tried: list[Step] = []
        self._refused: BusRefusal | None = None
        self._looked = 0.0

    def climb(self, seconds: Mapping[Step, float]) -> Outcome:
        if self.who.was_covered():
            self._keep_hint(LockProof.COVER)
            return Outcome(result=Result.ALREADY, proof=LockProof.COVER)
        for step, patience in seconds.items():
            if self._starting(step):
                pass
            elif self._asked(step):
                self.tried.append(step)
            else:
                continue
            if (proof := self._shown(step, patience)) is not LockProof.NONE:
                self._keep_hint(proof)
                return Outcome(result=Result.DONE, tried=tuple(self.tried), proof=proof)
        if self._refused is not None and not self.tried:
            raise self._refused
        tried = ", ".join(self.tried)
        note = f"no lock could be seen; tried {tried}"
        raise EnforcementError(Reason.NOT_CONFIRMED, note, tried=tuple(self.tried))

    def _asked(self, step: Step) -> bool:
        """Whether there was somebody to ask at this step."""
        if step is Step.LOGIND:
            return self._asked_logind()
        return self._asked_greeter() if step is Step.GREETER else self.who.does(step)

    def _starting(self, step: Step) -> bool:
        """Whether a locker that was started is still on its way: a cover would be in its way."""
        return step is Step.GREETER and Step.LOCKER in self.tried and self.who.does("runs")

    def _asked_logind(self) -> bool:
        try:
            self.seated.ask()
        except BusRefusal as error:
            self._refused = error
            return False
        return True

    def _asked_greeter(self) -> bool:
        """A cover without a login screen would lock the person out, and is taken away."""
        if not self.who.does("cover"):
            return False
        if self._covered_soon() and self.seated.to_greeter():
            return True
        self.who.does("uncover")
        return False

    def _covered_soon(self) -> bool:
        """A greeter alone hides nothing: whoever switches the terminal back sees the desktop."""
        end = time.monotonic() + COVERED
        while not self.who.sees_cover():
            if time.monotonic() > end:
                return False
            time.sleep(_PAUSE)
        return True

    def _shown(self, step: Step, patience: float) -> LockProof:
        """The first proof; our own cover is one only if the login screen does not come in time."""
        waits = {LockProof.NONE} | ({LockProof.COVER} if step is Step.GREETER else set())
        proof = self._seen_within(patience, waits)
        if proof is LockProof.NONE and step is Step.LOGIND and self.who.does("listens"):
            proof = self._seen_within(LISTENED, waits)
        return proof

    def _seen_within(self, patience: float, waits: Set[LockProof]) -> LockProof:
        end = time.monotonic() + patience
        while (proof := self._proof()) in waits:
            if time.monotonic() >= end:
                self._looked = 0.0
                return self._proof()
            time.sleep(_PAUSE)
        return proof

    def _proof(self) -> LockProof:
        view = self.seated.look()
        if view.locked:
            return LockProof.HINT
        if time.monotonic() - self._looked < _SIGHTED:
            return LockProof.NONE
        covered = self.who.sees_cover()
        self._looked = time.monotonic()
        if not covered:
            return LockProof.NONE
        return LockProof.GREETER if self.seated.greeter_in_front() else LockProof.COVER

    def _keep_hint(self, proof: LockProof) -> None:
        """Have logind told for as long as the cover stays, where the locker does not tell it."""
        if proof is not LockProof.HINT:
            self.who.does("hint")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BusMissing as error:
        raise EnforcementError(Reason.UNSUPPORTED, f"logind: {error}") from error
    except BusRefusal as error:
        reason = Reason.GONE if error.name in GONE else Reason.REFUSED
        raise EnforcementError(reason, f"logind: {error}") from error

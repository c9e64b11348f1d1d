"""The daemon: collectors in threads, one queue, one place that decides, acts and records.

The whole flow stands in ``_dispatch``: an observation comes off the queue, the policy decides, the
guard may hold it back, the attempt is journalled, the action runs, the outcome completes the
journal entry. A collector that dies is reported and started again after a growing pause; an action
that fails is an outcome. Neither can stop the daemon, and neither can a full disk: what cannot be
journalled is not acted upon.
"""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from operator import methodcaller

import msgspec

from agent import journal_record
from agent.breaker import Breaker
from agent.errors import JournalError, JournalFull
from agent.evasion import Evasion
from agent.grace import Grace
from agent.guard import NOT_YET, Guard, Held, size_of
from agent.heard import Heard
from agent.journal import Journal
from agent.journal_record import LAPTOP, Whose
from agent.overrides import Overrides
from agent.own import ActionName, ActionRecovered, AgentStarted
from agent.policy import ASKED, LOST_RULE, WHILE_LOST, Decision, Policy
from agent.recorder import Recorder
from agent.reminders import reminders
from agent.watching import TURN, Watching, fault
from agent.wire.event import Event, OutcomePart
from collectors.base import Clock, Collector, CoverageLost, CoverageRestored, Observation
from enforcement.base import Action, Attempt, EnforcementError, Outcome, Reason, Result

log = logging.getLogger(__name__)

QUEUE_LENGTH = 1000
"""Observations that may wait; a collector that is faster than this has to wait itself."""
SEAL = "seal-file"
Work = Callable[[threading.Event], None]
"""Something that goes on until it is told to stop."""
Told = tuple[str, str, str]
"""What is not covered, how, and where: the last part stays on the laptop."""


@dataclass(kw_only=True)
class Daemon:
    """Joins what is seen to what is done and what is told."""

    policy: Policy
    guard: Guard
    journal: Journal
    recorder: Recorder
    collectors: Mapping[str, Callable[[], Collector]]
    actions: Mapping[str, Action]
    now: Clock
    grace: Grace | None = None
    breaker: Breaker | None = None
    is_lost: Callable[[], bool] = lambda: False
    alive: Callable[[], None] = lambda: None  # called at each turn of the loop
    whose: Callable[[Observation], Whose] = lambda _: LAPTOP
    evasion: Evasion = field(default_factory=Evasion)
    overrides: Overrides = field(default_factory=Overrides)
    messages: Heard = field(default_factory=Heard)
    lost: set[Told] = field(default_factory=set)
    unfinished: dict[str, tuple[Event, Outcome]] = field(default_factory=dict)
    begun: threading.Event = field(default_factory=threading.Event)
    watching: Watching = field(init=False)

    def __post_init__(self) -> None:
        self.watching = Watching(self.now)

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set and the collectors have ended."""
        seen: queue.Queue[Observation] = queue.Queue(QUEUE_LENGTH)
        self.record(self._started(self.resume()))
        self.begun.set()
        threads = self.watching.begin(self.collectors, seen, stop)
        while not stop.is_set() or any(one.is_alive() for one in threads) or not seen.empty():
            self.alive()
            self._finish()
            for due in self.grace.take_due(self.now()) if self.grace else ():
                self.record(due)
            try:
                observation = seen.get(timeout=TURN)
            except queue.Empty:
                continue
            if not stop.is_set() or observation.last_word:
                self.record(observation)
                observation.handled()

    def once_begun(
        self, work: Callable[[threading.Event], None]
    ) -> Callable[[threading.Event], None]:
        """The same work, begun once what a crash cut off was ended and the start was told."""

        def later(stop: threading.Event) -> None:
            while not stop.is_set():
                if self.begun.wait(TURN):
                    return work(stop)

        return later

    @property
    def coverage(self) -> dict[str, str]:
        """What is not watched or read now, and why."""
        return {what: gap for what, gap, _ in list(self.lost)}

    def record(self, observation: Observation) -> str | None:
        """Decide, act and journal; the event's id, or None if it was no news or found no room."""
        try:
            return self.keep(observation)
        except JournalFull as error:
            log.error("%s: a %s was not recorded", error, observation.kind)
            return None

    def keep(self, observation: Observation) -> str | None:
        """The same for whoever has to know of a lack of room. Raises JournalFull."""
        return self._dispatch(observation, self._note_coverage(observation))

    def _dispatch(self, observation: Observation, again: bool) -> str | None:
        decision = self._decide(observation)
        event, whose = self.recorder.event(observation, decision), self.whose(observation)
        once = self.recorder.once(observation)
        if not decision.enforced:
            seen = _once_as_seen(once, decision)
            news = self.journal.append(event, seen, again=again, whose=whose)
            if news and reminders(event):
                self._tell(event)
        else:
            news = self._act(observation, decision, event, whose)
        self.overrides.note(observation, decision)
        return event.id if news else None

    def _decide(self, observation: Observation) -> Decision:
        if self.is_lost() and observation.kind in WHILE_LOST:
            return self._decide_while_lost(observation)
        decision = self.policy.decide(observation, self.overrides.all())
        if not decision.enforced or observation.kind in ASKED:
            return decision
        now, due = self.now(), None
        held = self.guard.hold(decision.action, size_of(observation), now, observation.kind)
        if decision.action == SEAL and self._too_many(observation) and held not in NOT_YET:
            held = Held.BREAKER
        elif self.grace is not None and held not in NOT_YET:  # else nobody is promised a time
            due = self.grace.until(observation, decision.rule, now)
            held = held if due is None else Held.GRACE
        return decision if held is None else replace(decision, enforced=False, held=held, due=due)

    def _decide_while_lost(self, observation: Observation) -> Decision:
        action = WHILE_LOST[observation.kind]
        held = self.guard.over_a_cap(action, size_of(observation), self.now())
        return Decision(action=action, rule=LOST_RULE, enforced=held is None, held=held)

    def _too_many(self, observation: Observation) -> bool:
        """Whether so many files would be sealed that none is."""
        if self.breaker is None:
            return False
        if tripped := self.breaker.count(observation):
            log.error(
                "%d of %d files match: none is sealed any more", tripped.matched, tripped.files
            )
            self.record(tripped)
        return self.breaker.tripped()

    def _act(
        self, observation: Observation, decision: Decision, event: Event, whose: Whose
    ) -> bool:
        size, name = size_of(observation), decision.action
        once = self.recorder.once(observation)
        once = once and f"{once}/{name}"
        if not self.journal.begin(event, once=once, action=name, size=size, whose=whose):
            return False
        attempt = Attempt(
            id=event.id,
            subject=observation.subject,
            proof=observation.proof(),
            about={"rule": decision.rule, **self.policy.terms_of(decision.rule).kept()},
        )
        outcome = self._tried(decision.action, methodcaller("apply", attempt))
        news = self._complete(event, outcome)
        if decision.action == SEAL:
            self._look_back(observation, outcome)
        return news

    def _look_back(self, observation: Observation, outcome: Outcome) -> None:
        """What follows from how sealing a file ended."""
        if evaded := self.evasion.note(observation, outcome):
            self.record(evaded)
        if outcome.reason is Reason.IN_USE and self.grace is not None:
            self.grace.again(observation, self.now())

    def _complete(self, event: Event, outcome: Outcome) -> bool:
        """Journal how an attempt ended; without room for that now, at the next turn."""
        part = OutcomePart(
            result=outcome.result, reason=outcome.reason, tried=outcome.tried, proof=outcome.proof
        )
        try:
            news = self.journal.complete(event.id, part)
        except JournalFull as error:
            log.error("%s: the end of a %s waits to be recorded", error, event.kind)
            self.unfinished[event.id] = (event, outcome)
            return True
        except JournalError as error:
            log.error("the end of a %s cannot be recorded: %s", event.kind, error)
            return False
        if news:
            self._tell(msgspec.structs.replace(event, outcome=part))
            action = event.decision.action if event.decision else "report"
            log.info("%s: %s %s %s", event.kind, action, outcome.result, outcome.reason)
            log.debug("%s", outcome.note)
        return news

    def _tell(self, event: Event) -> None:
        whose = partial(journal_record.whose, number=event.id)
        self.messages.tell(event, self.journal.reading(whose))

    def _finish(self) -> None:
        """Journal the ends that found no room, one a turn."""
        for event, outcome in list(self.unfinished.values())[:1]:
            del self.unfinished[event.id]
            self._complete(event, outcome)

    def _tried(self, name: str, use: Callable[[Action], Outcome]) -> Outcome:
        """Run one action; whatever goes wrong in it is an outcome."""
        try:
            return use(self.actions[name])
        except EnforcementError as error:
            reason, note, tried = error.reason, error.note, error.tried
            return Outcome(result=Result.FAILED, reason=reason, note=note, tried=tried)
        except Exception as error:
            log.error("the action %s failed: %s", name, fault(error))
            return Outcome(result=Result.FAILED, reason=Reason.FAULT, note=type(error).__name__)

    def resume(self) -> int:
        """Bring what a crash cut off to an end, before anything new begins; how many there were."""
        open_attempts = self.journal.attempts()
        for event in open_attempts:
            name = event.decision.action if event.decision else ""
            outcome = self._tried(name, methodcaller("resume", event.id))
            self._complete(event, outcome)
        return len(open_attempts) + self._recover()

    def _recover(self) -> int:
        """Finish what actions left open and a damaged journal does not know of."""
        number = 0
        for name, action in self.actions.items():
            for attempt_id, outcome in self._recovered(name, action).items():
                log.warning("recovered %s %s: %s", name, attempt_id, outcome.reason)
                self.record(
                    ActionRecovered(
                        observed_at=self.now(),
                        subject=attempt_id,
                        action=ActionName.of(name),
                        result=outcome.result,
                        reason=outcome.reason,
                    )
                )
                number += 1
        return number

    def _recovered(self, name: str, action: Action) -> Mapping[str, Outcome]:
        try:
            return action.recover()
        except EnforcementError as error:
            log.error("what %s left open could not be finished: %s", name, error)
            return {}

    def _started(self, resumed: int) -> AgentStarted:
        return AgentStarted(
            observed_at=self.now(),
            subject="agent",
            mode=self.policy.mode,
            policy_version=self.policy.version,
            resumed=resumed,
        )

    def _note_coverage(self, observation: Observation) -> bool:
        """Keep what is lost until it is restored; whether this was lost anew, and so is news."""
        if isinstance(observation, CoverageLost):
            told = (str(observation.what), str(observation.gap), observation.subject)
            known = told in self.lost
            self.lost.add(told)
            return not known
        if isinstance(observation, CoverageRestored):
            ended = (str(observation.what), observation.subject)
            self.lost -= {one for one in self.lost if (one[0], one[2]) == ended}
        return False


def _once_as_seen(once: str | None, decision: Decision) -> str | None:
    """What was only reported is no news until the action is no longer held back."""
    return None if once is None else f"{once}/{decision.held or 'seen'}"

"""The daemon: collectors in threads, one queue, one place that decides, acts and records.

The whole flow stands in ``_dispatch``: an observation comes off the queue, the policy decides, the
guard may hold it back, the attempt is journalled, the action runs, the outcome completes the
journal entry. A collector that dies is reported and started again after a growing pause; an action
that fails is an outcome. Neither can stop the daemon, and neither can a full disk: what cannot be
journalled is not acted upon.
"""

import contextlib
import logging
import os
import queue
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from operator import methodcaller

import msgspec

from agent.errors import JournalFull
from agent.guard import Guard
from agent.journal import Journal
from agent.overrides import Overrides
from agent.own import ActionName, ActionRecovered, AgentStarted, CollectorFailed, CollectorName
from agent.policy import ASKED_RULE, Decision, Policy
from agent.recorder import Recorder
from agent.reminders import reminders
from agent.wire.event import Event, OutcomePart
from collectors.base import (
    Clock,
    Collector,
    CollectorError,
    CoverageLost,
    CoverageRestored,
    Observation,
    Stop,
)
from enforcement.base import Action, Attempt, EnforcementError, Outcome, Reason, Result

log = logging.getLogger(__name__)

QUEUE_LENGTH = 1000
"""Observations that may wait; a collector that is faster than this has to wait itself."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
"""Seconds before a collector that died is started again."""
STEADY = timedelta(minutes=10)
"""How long a collector must have run for its earlier failures to be forgotten."""
MESSAGES_KEPT = 50
PLACES_LOGGED = 4
"""Lines of our code that an error in the log names."""
TURN = 0.5
"""Seconds after which somebody who waits looks whether to stop."""
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
    overrides: Overrides = field(default_factory=Overrides)
    messages: deque[Event] = field(default_factory=lambda: deque(maxlen=MESSAGES_KEPT))
    lost: set[Told] = field(default_factory=set)
    unfinished: dict[str, tuple[Event, Outcome]] = field(default_factory=dict)
    running: dict[str, bool] = field(default_factory=dict)
    live: dict[str, Collector] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set and the collectors have ended."""
        seen: queue.Queue[Observation] = queue.Queue(QUEUE_LENGTH)
        self.record(self._started(self._resume()))
        threads = [self._watch(name, seen, stop) for name in self.collectors]
        while not stop.is_set() or any(one.is_alive() for one in threads) or not seen.empty():
            self._finish()
            try:
                observation = seen.get(timeout=TURN)
            except queue.Empty:
                continue
            if not stop.is_set() or observation.last_word:
                self.record(observation)
                observation.handled()

    @property
    def coverage(self) -> dict[str, str]:
        """What is not watched or read now, and why."""
        return {what: gap for what, gap, _ in list(self.lost)}

    def record(self, observation: Observation) -> str | None:
        """Decide, act and journal; the event's id, or None if it was no news or found no room."""
        again = self._note_coverage(observation)
        try:
            return self._dispatch(observation, again)
        except JournalFull as error:
            log.error("%s: a %s was not recorded", error, observation.kind)
            return None

    def _dispatch(self, observation: Observation, again: bool) -> str | None:
        decision = self._decide(observation)
        event = self.recorder.event(observation, decision)
        once = self.recorder.once(observation)
        if not decision.enforced:
            news = self.journal.append(event, _once_as_seen(once, decision), again=again)
            if news and reminders(event):
                self.messages.append(event)
        else:
            news = self._act(observation, decision, event, once)
        self.overrides.note(observation, decision)
        return event.id if news else None

    def _decide(self, observation: Observation) -> Decision:
        decision = self.policy.decide(observation, self.overrides.all())
        if not decision.enforced or decision.rule == ASKED_RULE:
            return decision
        held = self.guard.hold(decision.action, _size(observation), self.now())
        return decision if held is None else replace(decision, enforced=False, held=held)

    def _act(
        self, observation: Observation, decision: Decision, event: Event, once: str | None
    ) -> bool:
        size = _size(observation)
        once = once and f"{once}/{decision.action}"
        if not self.journal.begin(event, once=once, action=decision.action, size=size):
            return False
        attempt = Attempt(id=event.id, subject=observation.subject, proof=observation.proof())
        outcome = self._tried(decision.action, methodcaller("apply", attempt))
        return self._complete(event, outcome)

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
        if news:
            self.messages.append(msgspec.structs.replace(event, outcome=part))
            action = event.decision.action if event.decision else "report"
            log.info("%s: %s %s %s", event.kind, action, outcome.result, outcome.reason)
            log.debug("%s", outcome.note)
        return news

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

    def _resume(self) -> int:
        """Bring what a crash cut off to an end, before anything new begins."""
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

    def _watch(self, name: str, seen: "queue.Queue[Observation]", stop: Stop) -> threading.Thread:
        put = partial(_put, seen, stop)
        thread = threading.Thread(target=self._keep_watching, args=(name, put, stop), name=name)
        thread.start()
        return thread

    def _keep_watching(self, name: str, put: Callable[[Observation], None], stop: Stop) -> None:
        """Run one collector, and start it again when it dies, until told to stop."""
        failures = 0
        while not stop.is_set():
            begun = self.now()
            try:
                self.running[name] = True
                self.live[name] = collector = self.collectors[name]()
                for observation in collector.observe(stop):
                    put(observation)
                    if stop.is_set():
                        break
            except Exception as error:
                log.error("the collector %s failed: %s", name, fault(error))
            self.running[name] = False
            if stop.is_set():
                return
            failures = 1 if self.now() - begun > STEADY else failures + 1
            put(self._failed(name, failures))
            stop.wait(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 16)))

    def _failed(self, name: str, failures: int) -> CollectorFailed:
        collector = CollectorName.of(name)
        return CollectorFailed(
            observed_at=self.now(), subject=name, collector=collector, failures=failures
        )


def fault(error: BaseException) -> str:
    """An error for the log: what and where, never its own words, which may hold a person's path."""
    frames = traceback.extract_tb(error.__traceback__)[-PLACES_LOGGED:]
    places = ", ".join(f"{os.path.basename(one.filename)}:{one.lineno}" for one in frames)
    words = f" ({error})" if isinstance(error, CollectorError) else ""
    return f"{type(error).__name__}{words} at {places}"


def _put(seen: "queue.Queue[Observation]", stop: Stop, observation: Observation) -> None:
    """Wait for room in the queue, but not for ever for a daemon that ended."""
    while not stop.is_set():
        with contextlib.suppress(queue.Full):
            seen.put(observation, timeout=TURN)
            return
    if observation.last_word:
        with contextlib.suppress(queue.Full):
            seen.put_nowait(observation)


def _once_as_seen(once: str | None, decision: Decision) -> str | None:
    """What was only reported is no news until the action is no longer held back."""
    return None if once is None else f"{once}/{decision.held or 'seen'}"


def _size(observation: Observation) -> int:
    """Bytes an action would touch, for the guard's caps; 0 where size means nothing."""
    return int(getattr(observation, "size", 0))

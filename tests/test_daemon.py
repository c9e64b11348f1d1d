"""The daemon: what is seen is decided, attempted, done and told, whatever goes wrong on the way."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import pytest

from agent import daemon as daemon_module
from agent import run, watching
from agent.daemon import Daemon
from agent.errors import JournalError, JournalFull
from agent.guard import Guard
from agent.journal import Journal
from agent.notice import Notice
from agent.policy import Mode, Policy, Rule
from agent.recorder import Recorder
from agent.wire import event as wire
from collectors.base import (
    Collector,
    Condition,
    CoverageLost,
    CoverageRestored,
    Facts,
    Gap,
    Observation,
    Proof,
    Stop,
    utc_now,
)
from enforcement.base import Action, Attempt, EnforcementError, Outcome, Reason, Result


class Watched(StrEnum):
    FILES = "files"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen(Observation):
    kind: ClassVar[str] = "pupil-file-found"

    def facts(self) -> Facts:
        return {"persons": 3}

    def details(self) -> dict[str, str]:
        return {"path": self.subject}

    def proof(self) -> Proof:
        return {"sha256": "ab"}

    def once(self) -> str | None:
        return self.subject


def seen(subject: str = "/home/x/list.csv") -> Seen:
    return Seen(observed_at=utc_now(), subject=subject)


@dataclass
class Listed:
    """A collector that yields what it was given and waits to be stopped."""

    observations: list[Observation]
    name: str = "files"

    def observe(self, stop: Stop) -> Iterator[Observation]:
        yield from self.observations
        stop.wait()

    def condition(self) -> Condition:
        return {"waits": True}


@dataclass
class Scripted:
    """An action that answers as it was told and remembers what it was asked."""

    answer: Outcome | Exception = field(default_factory=lambda: Outcome(result=Result.DONE))
    asked: list[Attempt | str] = field(default_factory=list)
    journal: Journal | None = None
    name: str = "seal-file"
    left_open: dict[str, Outcome] = field(default_factory=dict)

    def apply(self, attempt: Attempt) -> Outcome:
        assert self.journal is None or [e.id for e in self.journal.attempts()] == [attempt.id]
        return self._said(attempt)

    def resume(self, attempt_id: str) -> Outcome:
        return self._said(attempt_id)

    def recover(self) -> dict[str, Outcome]:
        return self.left_open

    def _said(self, asked: Attempt | str) -> Outcome:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def build(
    journal: Journal,
    action: Action,
    *observations: Observation,
    mode: Mode = Mode.ENFORCE,
    noticed: bool = True,
) -> Daemon:
    seal = Rule(name="seal", kind=Seen.kind, action="seal-file")
    policy = Policy(version=1, mode=mode, rules=(seal,))
    long_ago = datetime.now(UTC) - timedelta(days=30)
    notice = Notice(policy_version=1, given_on=long_ago.date(), language="nl")
    guard = Guard(
        policy=policy, notice=notice if noticed else None, installed_at=long_ago, journal=journal
    )
    return Daemon(
        policy=policy,
        guard=guard,
        journal=journal,
        recorder=Recorder(key=b"k" * 32, seal=lambda plain: b"sealed", now=utc_now),
        collectors={"files": lambda: Listed(list(observations))},
        actions={action.name: action},
        now=utc_now,
    )


def events(journal: Journal) -> list[wire.Event]:
    return [wire.decode(record.body) for record in journal.pending().records]


def run_until(daemon: Daemon, journal: Journal, count: int) -> list[wire.Event]:
    """Run the daemon until ``count`` events are journalled, or half a minute went by."""
    stop = threading.Event()
    thread = threading.Thread(target=daemon.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 30
    while journal.count() < count and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    return events(journal)


def test_an_observation_becomes_an_attempt_an_act_and_one_event(journal: Journal) -> None:
    action = Scripted(journal=journal)
    started, event = run_until(build(journal, action, seen()), journal, 2)
    assert started.kind == "agent-started"
    assert event.decision == wire.DecisionPart(action="seal-file", rule="seal", enforced=True)
    assert event.outcome == wire.OutcomePart(result="done", reason="none")
    assert (event.facts, event.sealed) == ({"persons": 3}, "c2VhbGVk")
    (attempt,) = action.asked
    assert isinstance(attempt, Attempt)
    assert (attempt.id, attempt.subject) == (event.id, "/home/x/list.csv")
    assert attempt.proof == {"sha256": "ab"}


def test_in_report_mode_nothing_is_done_and_the_decision_is_told(journal: Journal) -> None:
    action = Scripted()
    _, event = run_until(build(journal, action, seen(), mode=Mode.REPORT), journal, 2)
    assert action.asked == []
    assert event.decision == wire.DecisionPart(action="seal-file", rule="seal", enforced=False)
    assert event.outcome is None


def test_without_a_staff_notice_nothing_is_done_and_the_event_says_why(journal: Journal) -> None:
    action = Scripted()
    _, event = run_until(build(journal, action, seen(), noticed=False), journal, 2)
    assert action.asked == []
    assert event.decision is not None
    assert event.decision.held == "no-notice"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EnforcementError(Reason.IN_USE), "in-use"),
        (OSError(5, "input/output error"), "fault"),
        (ZeroDivisionError(), "fault"),
    ],
)
def test_an_action_that_fails_is_an_outcome(
    journal: Journal, error: Exception, reason: str
) -> None:
    action = Scripted(answer=error)
    daemon = build(journal, action, seen("/a"), seen("/b"))
    _, first, second = run_until(daemon, journal, 3)
    for event in (first, second):
        assert event.outcome == wire.OutcomePart(result="failed", reason=reason)
    assert len(action.asked) == 2, "the daemon went on after the failure"


def test_what_a_crash_cut_off_is_resumed_before_anything_else(journal: Journal) -> None:
    cut = build(journal, Scripted()).recorder.event(
        seen(), build(journal, Scripted())._decide(seen())
    )
    journal.begin(cut, once="o", action="seal-file", size=1)
    action = Scripted(answer=Outcome(result=Result.FAILED, reason=Reason.INTERRUPTED))
    first, second = run_until(build(journal, action), journal, 2)
    assert action.asked == [cut.id]
    assert (first.id, first.outcome) == (
        cut.id,
        wire.OutcomePart(result="failed", reason="interrupted"),
    )
    assert second.facts["resumed"] == 1
    assert journal.attempts() == []


def test_what_an_action_left_open_without_the_journals_knowing_is_told(journal: Journal) -> None:
    action = Scripted(left_open={"a": Outcome(result=Result.DONE)})
    recovered, started = run_until(build(journal, action), journal, 2)
    assert recovered.kind == "action-recovered"
    assert recovered.facts == {"action": "seal-file", "result": "done", "reason": "none"}
    assert started.facts["resumed"] == 1


def test_an_attempt_of_an_action_that_is_no_more_is_closed_as_a_fault(journal: Journal) -> None:
    daemon = build(journal, Scripted(name="lock-session"))
    cut = daemon.recorder.event(seen(), daemon._decide(seen()))
    journal.begin(cut, once=None, action="seal-file", size=1)
    first, _ = run_until(daemon, journal, 2)
    assert first.outcome == wire.OutcomePart(result="failed", reason="fault")


def test_a_repeated_observation_is_acted_upon_and_told_once(journal: Journal) -> None:
    action = Scripted()
    daemon = build(journal, action, seen("/a"), seen("/a"), seen("/b"), seen("/a"))
    assert [e.kind for e in run_until(daemon, journal, 3)][1:] == [Seen.kind] * 2
    assert len(action.asked) == 2


def test_what_was_held_back_is_done_and_told_when_it_no_longer_is(journal: Journal) -> None:
    action = Scripted()
    held = build(journal, action, noticed=False)
    assert held.record(seen("/a")) is not None
    assert held.record(seen("/a")) is None, "the same is no news while it is held back"
    free = build(journal, action)
    assert free.record(seen("/a")) is not None
    assert free.record(seen("/a")) is None
    assert [e.outcome is not None for e in events(journal)] == [False, True]
    assert len(action.asked) == 1


@dataclass
class Dying:
    """A collector that dies at once the first times and then works."""

    tries: list[int]
    name: str = "files"

    def observe(self, stop: Stop) -> Iterator[Observation]:
        self.tries.append(1)
        if len(self.tries) < 3:
            raise OSError(12, "no memory")
        yield seen()
        stop.wait()

    def condition(self) -> Condition:
        return {}


def test_a_collector_that_dies_is_reported_and_started_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "FIRST_PAUSE", 0.01)
    tries: list[int] = []
    daemon = build(journal, Scripted())
    made: dict[str, object] = {"files": lambda: Dying(tries)}
    daemon.collectors = made  # type: ignore[assignment]
    kinds = [(e.kind, e.facts.get("failures")) for e in run_until(daemon, journal, 4)]
    assert kinds == [
        ("agent-started", None),
        ("collector-failed", 1),
        ("collector-failed", 2),
        (Seen.kind, None),
    ]


def test_a_collector_that_cannot_be_made_is_a_failure_too(journal: Journal) -> None:
    def broken() -> Collector:
        raise ImportError("no such library")

    daemon = build(journal, Scripted())
    daemon.collectors = {"usb": broken}
    _, failed = run_until(daemon, journal, 2)
    assert failed.facts == {"collector": "usb", "failures": 1}
    assert daemon.watching.running == {"usb": False}


def test_lost_coverage_shows_until_it_is_restored(journal: Journal) -> None:
    lost = CoverageLost(
        observed_at=utc_now(), subject="udev", what=Watched.FILES, gap=Gap.MISSING, count=2
    )
    daemon = build(journal, Scripted())
    daemon.record(lost)
    assert daemon.coverage == {"files": "missing"}
    daemon.record(CoverageRestored(observed_at=utc_now(), subject="udev", what=Watched.FILES))
    assert daemon.coverage == {}
    kinds = [event.kind for event in events(journal)]
    assert kinds == ["coverage-lost", "coverage-restored"]


def lost_and_found(what: Watched, where: str) -> tuple[CoverageLost, CoverageRestored]:
    lost = CoverageLost(observed_at=utc_now(), subject=where, what=what, gap=Gap.MISSING)
    return lost, CoverageRestored(observed_at=utc_now(), subject=where, what=what)


def test_of_two_places_that_are_lost_one_stays_lost_when_the_other_is_back(
    journal: Journal,
) -> None:
    daemon = build(journal, Scripted())
    (first, back), (second, _) = (lost_and_found(Watched.FILES, place) for place in ("/a", "/b"))
    for observation in (first, second, back):
        daemon.record(observation)
    assert daemon.coverage == {"files": "missing"}


def test_what_is_lost_again_on_the_same_day_is_told_again(journal: Journal) -> None:
    daemon = build(journal, Scripted())
    lost, back = lost_and_found(Watched.FILES, "/a")
    for observation in (lost, lost, back, lost, lost):
        daemon.record(observation)
    kinds = [event.kind for event in events(journal)]
    assert kinds == ["coverage-lost", "coverage-restored", "coverage-lost"]


@dataclass
class Flooding:
    """A collector that never stops yielding."""

    name: str = "files"

    def observe(self, stop: Stop) -> Iterator[Observation]:
        while True:
            yield seen()

    def condition(self) -> Condition:
        return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting(Seen):
    """An observation whose collector waits until it was dealt with."""

    known: list[int] = field(default_factory=list, compare=False)
    journal: Journal

    def handled(self) -> None:
        self.known.append(self.journal.count())


def test_a_collector_learns_that_what_it_saw_was_recorded_and_acted_upon(
    journal: Journal,
) -> None:
    waiting = Waiting(observed_at=utc_now(), subject="/home/x/list.csv", journal=journal)
    action = Scripted()
    run_until(build(journal, action, waiting), journal, 2)
    assert len(action.asked) == 1
    assert waiting.known == [2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Farewell(Seen):
    last_word: ClassVar[bool] = True


class Leaving(Listed):
    """A collector that says something as it ends, and something that must not be said then."""

    def observe(self, stop: Stop) -> Iterator[Observation]:
        yield seen("/first")
        stop.wait()
        yield Farewell(observed_at=utc_now(), subject="/last")
        yield seen("/too late")


def test_the_last_word_of_a_collector_is_recorded_and_nothing_else(journal: Journal) -> None:
    daemon = build(journal, Scripted(), mode=Mode.REPORT)
    daemon.collectors = {"files": lambda: Leaving([])}
    run_until(daemon, journal, 2)
    assert [event.kind for event in events(journal)] == ["agent-started", Seen.kind, Seen.kind]


def test_a_collector_that_floods_does_not_keep_the_agent_from_stopping(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "QUEUE_LENGTH", 2)
    monkeypatch.setattr(daemon_module, "TURN", 0.01)
    monkeypatch.setattr(watching, "TURN", 0.01)
    daemon = build(journal, Scripted())
    daemon.collectors = {"files": Flooding}
    run_until(daemon, journal, 2)


def test_when_the_daemon_ends_with_an_error_no_collector_waits_for_it_for_ever(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object, **__: object) -> bool:
        raise JournalError("the journal is damaged")

    monkeypatch.setattr(daemon_module, "QUEUE_LENGTH", 1)
    monkeypatch.setattr(daemon_module, "TURN", 0.01)
    monkeypatch.setattr(watching, "TURN", 0.01)
    monkeypatch.setattr(journal, "begin", damaged)
    daemon, stop = build(journal, Scripted()), threading.Event()
    daemon.collectors = {"files": Flooding}
    before = set(threading.enumerate())
    with pytest.raises(JournalError):
        daemon.run(stop)
    stop.set()
    (left,) = set(threading.enumerate()) - before
    left.join(20)
    assert not left.is_alive()


@dataclass
class DyingLate(Dying):
    """A collector that says something before it dies, each time."""

    def observe(self, stop: Stop) -> Iterator[Observation]:
        yield seen(f"/{len(self.tries)}")
        self.tries.append(1)
        raise OSError(5, "input/output error", "/home/sofie/klas 3b.csv")


def test_a_collector_that_always_dies_soon_is_started_ever_less_often(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watching, "FIRST_PAUSE", 0.001)
    tries: list[int] = []
    daemon = build(journal, Scripted())
    made: dict[str, object] = {"files": lambda: DyingLate(tries)}
    daemon.collectors = made  # type: ignore[assignment]
    found = run_until(daemon, journal, 7)
    failures = [e.facts["failures"] for e in found if e.kind == "collector-failed"]
    assert failures[:3] == [1, 2, 3]
    assert "OSError at" in caplog.text
    assert "sofie" not in caplog.text


def test_the_end_of_an_action_that_found_no_room_is_recorded_when_there_is(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise JournalFull("the journal cannot be written now")

    daemon = build(journal, Scripted())
    with monkeypatch.context() as patched:
        patched.setattr(journal, "complete", full)
        assert daemon.record(seen()) is not None
        daemon._finish()
    assert len(journal.attempts()) == 1
    daemon._finish()
    assert (journal.attempts(), daemon.unfinished) == ([], {})
    outcomes = [e.outcome.result for e in events(journal) if e.outcome]
    assert outcomes == ["done"], "what the action answered, and not what a resumption would"


def test_no_word_of_an_action_about_a_file_stands_in_the_log(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for answer in (
        Outcome(result=Result.DONE, note="/home/sofie/klas 3b.csv"),
        EnforcementError(Reason.PARKED, "File exists: 'klas 3b.csv' of sofie"),
        OSError(17, "File exists", "/home/sofie/klas 3b.csv"),
    ):
        build(journal, Scripted(answer=answer)).record(seen(str(answer)))
    assert "pupil-file-found: seal-file failed parked" in caplog.text
    assert "sofie" not in caplog.text


def test_an_error_that_ends_a_thread_is_logged_without_its_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ValueError("/home/sofie/klas 3b.csv")

    monkeypatch.setattr(threading, "excepthook", None)
    run.log_without_words()
    thread = threading.Thread(target=broken, name="control")
    thread.start()
    thread.join()
    assert "control failed: ValueError at" in caplog.text
    assert "sofie" not in caplog.text


def test_what_cannot_be_journalled_is_not_acted_upon(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> bool:
        raise JournalFull("cannot write the journal: database or disk is full")

    monkeypatch.setattr(journal, "begin", full)
    action = Scripted()
    assert build(journal, action).record(seen()) is None
    assert action.asked == []

"""``dossierwacht run``: the one place that builds every part and sets it going."""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from agent import identity, outward, retired, starting, supervised
from agent.answers import Answers
from agent.config import Config, prepare_state
from agent.contact import Contact
from agent.control_server import ControlServer
from agent.daemon import Daemon
from agent.dispute_shelf import Shelf
from agent.disputes import Disputes
from agent.drill import Drill
from agent.expiry import Expiry
from agent.gatekeeper import Gatekeeper
from agent.guard import Caps
from agent.journal import Journal
from agent.leak_reports import LeakReports
from agent.letter_desk import LetterDesk
from agent.lost import Lost
from agent.lost_keeper import LostKeeper
from agent.lost_questions import LostQuestions
from agent.notice_read import notices_read
from agent.outbox import Outbox
from agent.override_requests import OverrideRequests
from agent.parts import condition_of, daemon_of, held_back_of, icons_of, left_alone_of, record_of
from agent.standing import Standing
from agent.stick_judge import StickJudge
from agent.stick_keeper import StickKeeper
from agent.walk_away import WalkAway
from agent.wanted_back import WantedBack
from agent.watching import fault
from collectors import posture, session, stick_files
from collectors.base import utc_now
from collectors.pupil_files import PupilFilesCollector
from collectors.recognise.recogniser import recogniser_for
from collectors.recognise.rules.own import OwnRules, read_own
from collectors.recognise.thorough import Thorough
from collectors.recognise.verdict import Verdict
from enforcement.vault import Vault

log = logging.getLogger(__name__)


def run(
    config: Config,
    stop: threading.Event,
    *,
    caps: Caps | None = None,
    with_sender: bool = True,
) -> None:
    """Run the agent until ``stop`` is set, or another policy is to be gone by.

    Raises AgentError if it cannot start. ``with_sender`` starts the sender as a child; an installed
    laptop has a service for it.
    """
    retired.refuse(config.state)
    prepare_state(config.state)
    starting.use_starter()
    journal = Journal(config.state, config.journal_bytes)
    try:
        left_alone = left_alone_of(config.state)
        daemon = daemon_of(config, journal, caps or Caps(), left_alone)
        shelf = _shelf(config)
        keeper = _keeper(config, daemon)
        lost = _lost_keeper(config, daemon)
        orders = outward.orders(config, daemon, lost, left_alone)
        desk = LetterDesk.of(config.state, daemon)
        touch = outward.in_touch(config, daemon, orders, stop.set, desk.box)
        answers = _answers(config, daemon, outward.outbox(config, journal, touch), shelf, keeper)
        daemon.alive = supervised.by().alive
        answers.lost, answers.letters = LostQuestions(orders=orders, keeper=lost), desk
        answers.mine = record_of(config, daemon)
        answers.more = retired.answers(config.state, stop.set)
        touch.condition = answers.condition
        control = ControlServer(config.socket, answers.table(), answers.allowed)
        control.start()
        keepers = {
            "tidier": shelf.keep_tidy,
            "watchers": answers.watchers.keep,
            "icons": icons_of(answers.watchers, daemon).keep,
            "gatekeeper": keeper.keep,
            "stick-keeper": _stick_keeper(config, daemon).keep,
            "expiry": daemon.once_begun(_expiry(config, daemon).keep),
            "drill": daemon.once_begun(_drill(config, daemon).keep),
            "standing": daemon.once_begun(_standing(config, daemon).keep),
            "lost": daemon.once_begun(lost.keep),
            "record": answers.mine.keep,
        }
        threads = [_begun(name, keep, stop) for name, keep in keepers.items()]
        if with_sender:
            threads.append(outward.sender(config, stop))
        try:
            log.info("the agent runs; policy %s %d", config.policy.name, config.policy.version)
            daemon.run(stop)
        finally:
            stop.set()
            control.close()
            touch.close()
            for thread in threads:
                thread.join()
    finally:
        journal.close()


class Told(threading.Event):
    """Set when the whole agent is to end; what runs under it ends with it."""

    def __init__(self) -> None:
        super().__init__()
        self.under = threading.Event()

    def begin(self) -> threading.Event:
        """An event for one run, which can also end on its own."""
        self.under = threading.Event()
        if self.is_set():
            self.under.set()
        return self.under

    def set(self) -> None:
        super().set()
        self.under.set()


def run_again(load: Callable[[], Config], told: Told, *, with_sender: bool) -> None:
    """Run the agent until it is told to end, each time a policy was taken up with that one."""
    while not told.is_set():
        run(load(), told.begin(), with_sender=with_sender)


def until_signal(stop: threading.Event) -> None:
    """Set ``stop`` at SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def log_without_words() -> None:
    """An error that ends a thread is logged by its kind and place; its words may name a file."""

    def told(given: threading.ExceptHookArgs) -> None:
        name = given.thread.name if given.thread is not None else "a thread"
        kind = fault(given.exc_value) if given.exc_value is not None else given.exc_type.__name__
        log.error("%s failed: %s", name, kind)

    threading.excepthook = told


def _begun(
    name: str, keep: Callable[[threading.Event], None], stop: threading.Event
) -> threading.Thread:
    thread = threading.Thread(target=keep, args=(stop,), name=name)
    thread.start()
    return thread


def _shelf(config: Config) -> Shelf:
    keep_for = timedelta(days=config.dispute_days)
    return Shelf(config.state, config.policy.recipients, keep_for, utc_now)


def _stick_keeper(config: Config, daemon: Daemon) -> StickKeeper:
    own = read_own(config.policy.collectors.get("pupil_files", {}))
    return StickKeeper(
        policy=config.policy,
        guard=daemon.guard,
        sticks=stick_files.mounted,
        judge=lambda: StickJudge(recogniser_for(own), utc_now),
        record=daemon.record,
        now=utc_now,
    )


def _expiry(config: Config, daemon: Daemon) -> Expiry:
    return Expiry(state=config.state, record=daemon.record, now=utc_now)


def _standing(config: Config, daemon: Daemon) -> Standing:
    return Standing(
        state=config.state,
        roots=config.policy.roots(),
        plain=posture.on_plain_disk,
        open_files=partial(condition_of, daemon, "pupil_files", "pupil-files"),
        record=daemon.record,
        now=utc_now,
    )


def _lost_keeper(config: Config, daemon: Daemon) -> LostKeeper:
    def seek() -> None:
        collector = daemon.watching.live.get("pupil_files")
        if isinstance(collector, PupilFilesCollector):
            collector.seek()

    lost = Lost(config.state)
    daemon.is_lost = lost
    return LostKeeper(
        policy=config.policy.lost,
        lost=lost,
        vault=Vault(config.state / "vault"),
        contact=Contact(state=config.state, now=utc_now),
        desk=session.this_machine,
        record=daemon.record,
        seek=seek,
        can_seal=daemon.recorder.seal is not None,
        now=utc_now,
    )


def _drill(config: Config, daemon: Daemon) -> Drill:
    return Drill(
        state=config.state,
        recipients=config.policy.recipients if config.policy.seals() else (),
        record=daemon.record,
        now=utc_now,
    )


def _keeper(config: Config, daemon: Daemon) -> Gatekeeper:
    return Gatekeeper(
        policy=config.policy,
        guard=daemon.guard,
        gate=config.gate,
        now=utc_now,
        overrides=daemon.overrides,
    )


def _override_requests(daemon: Daemon, keeper: Gatekeeper) -> OverrideRequests:
    return OverrideRequests(
        policy=daemon.policy,
        overrides=daemon.overrides,
        record=daemon.record,
        judge_again=keeper.judge_again,
        now=utc_now,
    )


def _disputes(config: Config, daemon: Daemon, shelf: Shelf) -> Disputes:
    settings = config.policy.collectors.get("pupil_files", {})
    with_ocr = settings.get("ocr_pages_an_hour", 1) > 0
    return Disputes(
        roots=config.policy.roots(),
        shelf=shelf,
        judge=partial(_judge, read_own(settings), with_ocr),
        record=daemon.record,
        told=lambda: list(daemon.messages),
        now=utc_now,
    )


def _judge(own: OwnRules, with_ocr: bool, descriptor: int) -> Verdict:
    """By workers of its own, since disputes are rare and the collector's are busy."""
    thorough = Thorough(own, with_ocr)
    try:
        return thorough.judge(descriptor, utc_now().date())
    finally:
        thorough.close()


def _answers(
    config: Config, daemon: Daemon, outbox: Outbox, shelf: Shelf, keeper: Gatekeeper
) -> Answers:
    return Answers(
        config=config,
        daemon=daemon,
        outbox=outbox,
        identity=partial(identity.enrolled, config.state),
        sender_uid=outward.sender_uid(config),
        leaks=LeakReports.of(config.policy, daemon),
        disputes=_disputes(config, daemon, shelf),
        overrides=_override_requests(daemon, keeper),
        back=WantedBack(state=config.state, record=daemon.record, now=utc_now),
        held_back=held_back_of(config, daemon),
        notices=notices_read(config, daemon.record, utc_now),
        away=WalkAway(
            desk=session.this_machine,
            record=daemon.record,
            told=lambda: list(daemon.messages),
            now=utc_now,
        ),
    )

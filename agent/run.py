"""``dossierwacht run``: the one place that builds every part and sets it going."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from agent import identity, processes, seat, texts
from agent.answers import Answers
from agent.config import Config, prepare_state
from agent.control_server import ControlServer
from agent.daemon import Daemon, fault
from agent.dispute_shelf import Shelf
from agent.disputes import Disputes
from agent.gatekeeper import Gatekeeper
from agent.guard import Caps, Guard
from agent.journal import Journal
from agent.outbox import Outbox
from agent.override_requests import OverrideRequests
from agent.overrides import Overrides
from agent.policy import Policy
from agent.recorder import Recorder
from agent.stick_judge import StickJudge
from agent.stick_keeper import StickKeeper
from agent.walk_away import WalkAway
from collectors import COLLECTORS, session, stick_files
from collectors.base import Collector, utc_now
from collectors.recognise.recogniser import recogniser_for
from collectors.recognise.rules.own import OwnRules, read_own
from collectors.recognise.thorough import Thorough
from collectors.recognise.verdict import Verdict
from enforcement import ACTIONS, age
from enforcement.base import Action, Settings

log = logging.getLogger(__name__)


def run(
    config: Config,
    stop: threading.Event,
    *,
    caps: Caps | None = None,
    with_sender: bool = True,
) -> None:
    """Run the agent until ``stop`` is set. Raises AgentError if it cannot start.

    ``with_sender`` starts the sender as a child; an installed laptop has a service for it.
    """
    prepare_state(config.state)
    journal = Journal(config.state, config.journal_bytes)
    try:
        daemon = _daemon(config, journal, caps or Caps())
        outbox = _outbox(config, journal)
        shelf = _shelf(config)
        keeper = _keeper(config, daemon)
        control = _control(config, daemon, outbox, shelf, keeper)
        control.start()
        keepers = {
            "tidier": shelf.keep_tidy,
            "gatekeeper": keeper.keep,
            "stick-keeper": _stick_keeper(config, daemon).keep,
        }
        threads = [_begun(name, keep, stop) for name, keep in keepers.items()]
        if with_sender:
            threads.append(_sender(config, stop))
        try:
            log.info("the agent runs; policy %s %d", config.policy.name, config.policy.version)
            daemon.run(stop)
        finally:
            stop.set()
            control.close()
            for thread in threads:
                thread.join()
    finally:
        journal.close()


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


def _daemon(config: Config, journal: Journal, caps: Caps) -> Daemon:
    policy, state = config.policy, config.state
    guard = Guard(
        policy=policy,
        notice=config.notice,
        installed_at=identity.installed_at(state),
        journal=journal,
        caps=caps,
        locked=seat.nobody_there if policy.usb.withhold_while_locked else lambda: False,
    )
    return Daemon(
        policy=policy,
        guard=guard,
        journal=journal,
        recorder=Recorder(key=identity.digest_key(state), seal=_seal(policy), now=utc_now),
        collectors=load_collectors(policy, state),
        actions=load_actions(config),
        now=utc_now,
        overrides=Overrides(file=config.gate.verdicts / "overrides"),
    )


def load_collectors(policy: Policy, state: Path) -> dict[str, Callable[[], Collector]]:
    """A maker for each collector: importing it is left to its own thread's first start."""
    return {_last(name): partial(_make_collector, name, policy, state) for name in COLLECTORS}


def load_actions(config: Config) -> dict[str, Action]:
    """Each action by the word a rule calls it."""
    settings = Settings(
        state=config.state,
        roots=config.policy.roots(),
        recipients=config.policy.recipients,
        note=_note(config.policy),
        stage=config.stage,
        gate=config.gate,
    )
    made: list[Action] = [import_module(name).make(settings) for name in ACTIONS]
    return {action.name: action for action in made}


def _note(policy: Policy) -> str:
    """What is left where files were sealed: what happened, why, and whom to ask."""
    contact = policy.contact
    named = ", ".join(part for part in (contact.name, contact.phone, contact.mail) if part)
    whom = named or texts.say(policy.language, "sealed-note-contact")
    return texts.say(policy.language, "sealed-note", contact=whom)


def _make_collector(module: str, policy: Policy, state: Path) -> Collector:
    settings: Mapping[str, Any] = {**policy.collectors.get(_last(module), {}), "state": state}
    made: Collector = import_module(module).make(settings)
    return made


def _seal(policy: Policy) -> Callable[[bytes], bytes] | None:
    proven = tuple(recipient for recipient in policy.recipients if recipient.proven)
    if not proven:
        return None
    return partial(age.seal_bytes, recipients=proven)


def _outbox(config: Config, journal: Journal) -> Outbox:
    return Outbox(
        journal,
        key=identity.device_key(config.state),
        identity=partial(identity.enrolled, config.state),
        ca=lambda: (config.state / "ca.pem").read_text("ascii"),
        boot_id=processes.boot_id(),
        now=utc_now,
    )


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


def _control(
    config: Config, daemon: Daemon, outbox: Outbox, shelf: Shelf, keeper: Gatekeeper
) -> ControlServer:
    answers = Answers(
        config=config,
        daemon=daemon,
        outbox=outbox,
        identity=partial(identity.enrolled, config.state),
        sender_uid=_sender_uid(config),
        disputes=_disputes(config, daemon, shelf),
        overrides=_override_requests(daemon, keeper),
        away=WalkAway(
            desk=session.this_machine,
            record=daemon.record,
            told=lambda: list(daemon.messages),
            now=utc_now,
        ),
    )
    return ControlServer(config.socket, answers.table(), answers.allowed)


def _sender_uid(config: Config) -> int:
    return processes.account_uid(config.sender_user) if os.geteuid() == 0 else os.geteuid()


def _sender(config: Config, stop: threading.Event) -> threading.Thread:
    user, parent = config.sender_user, str(os.getpid())
    arguments = ["--socket", str(config.socket), "--user", user, "--parent", parent]
    thread = threading.Thread(
        target=processes.keep_running, args=("agent.sender", arguments, stop), name="sender"
    )
    thread.start()
    return thread


def _last(module: str) -> str:
    return module.rpartition(".")[2]

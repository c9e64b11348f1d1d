"""The parts of the daemon, built from a laptop's configuration: what sees, what decides, what acts.

Collectors and actions are named by their modules, in ``collectors.COLLECTORS`` and
``enforcement.ACTIONS``; what stands between the two is put together here.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from agent import held_back, identity, journal_record, return_address, seat, texts
from agent.breaker import Breaker
from agent.config import Config
from agent.daemon import Daemon
from agent.grace import Grace
from agent.guard import Caps, Guard
from agent.icon_watch import IconWatch
from agent.journal import Journal
from agent.left_alone import LeftAlone
from agent.mine import Mine
from agent.objections import Objections
from agent.overrides import Overrides
from agent.person_keys import PersonKeys
from agent.policy import Policy
from agent.presenting import Presenting
from agent.recorder import Recorder
from agent.watchers import Watchers
from agent.whose import Persons, world_of
from collectors import COLLECTORS, posture, session
from collectors.base import Collector, utc_now
from enforcement import ACTIONS, age
from enforcement.base import Action, Recipient, Settings


def left_alone_of(state: Path) -> LeftAlone:
    """What an officer gave back, known to whoever gives it and to whoever would seal it again."""
    digest = partial(identity.keyed_digest, identity.digest_key(state))
    return LeftAlone(state=state, digest=digest)


def daemon_of(config: Config, journal: Journal, caps: Caps, left_alone: LeftAlone) -> Daemon:
    policy, state = config.policy, config.state
    guard = Guard(
        policy=policy,
        notice=config.notice,
        installed_at=identity.installed_at(state),
        journal=journal,
        caps=caps,
        locked=seat.nobody_there if policy.usb.withhold_while_locked else lambda: False,
    )
    daemon = Daemon(
        policy=policy,
        guard=guard,
        journal=journal,
        recorder=Recorder(
            key=identity.digest_key(state),
            seal=_seal(tuple(one for one in policy.recipients if one.proven)),
            now=utc_now,
            shared_key=partial(identity.stick_key, state),
        ),
        grace=Grace(
            policy=policy,
            journal=journal,
            digest=partial(identity.keyed_digest, identity.digest_key(state)),
            plain_disk=posture.on_plain_disk,
            left_alone=left_alone,
        ),
        collectors=load_collectors(policy, state),
        actions=load_actions(config),
        now=utc_now,
        overrides=Overrides(file=config.gate.verdicts / "overrides"),
    )
    files = partial(_files_known, daemon)
    daemon.breaker = Breaker(
        state=state, version=policy.version, files=files, now=utc_now, fewest=caps.matches
    )
    return daemon


def record_of(config: Config, daemon: Daemon) -> Mine:
    """What is kept for the people of this laptop; from now on events are recorded as theirs."""
    keys = PersonKeys(config.state, utc_now)
    journal = daemon.journal

    def earlier(number: str) -> int | None:
        return journal.reading(partial(journal_record.whose, number=number))

    daemon.whose = Persons(world=world_of(earlier), keys=keys, details=daemon.recorder.readable)
    running = daemon.watching.running
    return Mine(
        journal=journal,
        keys=keys,
        config=config,
        running=lambda: dict(running),
        objections=Objections(keep=daemon.keep, now=utc_now),
        now=utc_now,
    )


def held_back_of(config: Config, daemon: Daemon) -> held_back.HeldBack:
    """Which messages wait; those that did when the agent last ran are told from now on."""
    policy = config.policy
    presenting = Presenting(desk=session.this_machine)
    holding = held_back.HeldBack(
        spans=policy.quiet,
        presenting=presenting if policy.waits_while_presenting else lambda _: False,
        now=utc_now,
        file=config.state / held_back.FILE,
    )
    for event in holding.waiting():
        whose = partial(journal_record.whose, number=event.id)
        daemon.messages.tell(event, daemon.journal.reading(whose))
    return holding


def icons_of(watchers: Watchers, daemon: Daemon) -> IconWatch:
    """Who sees to it that IT hears of people whom no icon tells anything."""
    return IconWatch(
        desk=session.this_machine,
        place_of=watchers.place_of,
        record=daemon.record,
        now=daemon.now,
    )


def condition_of(daemon: Daemon, name: str, word: str) -> int | None:
    """A number that a collector tells of itself; None if it does not, or not yet."""
    collector = daemon.watching.live.get(name)
    found = None if collector is None else collector.condition().get(word)
    return None if found is None else int(found)


def _files_known(daemon: Daemon) -> int:
    return condition_of(daemon, "pupil_files", "files") or 0


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
        return_to=return_address.address(config.state),
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


def _seal(whom: Sequence[Recipient]) -> Callable[[bytes], bytes] | None:
    return partial(age.seal_bytes, recipients=tuple(whom)) if whom else None


def _last(module: str) -> str:
    return module.rpartition(".")[2]

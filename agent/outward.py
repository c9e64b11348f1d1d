"""The parts that face the collector, built from a laptop's configuration."""

import logging
import os
import threading
from collections.abc import Callable
from functools import partial

import msgspec

from agent import identity, processes
from agent.config import Config
from agent.daemon import Daemon
from agent.file_return import FileReturn
from agent.in_touch import Condition, InTouch
from agent.journal import Journal
from agent.left_alone import LeftAlone
from agent.letter_box import LetterBox
from agent.lost_keeper import LostKeeper
from agent.managed.intake import Intake
from agent.order_desk import OrderDesk
from agent.orders import Orders
from agent.outbox import Outbox
from agent.rotation import Rotation
from agent.wire import orders as wire
from agent.wire.signed import DocumentError, Signed
from collectors import session
from collectors.base import utc_now

log = logging.getLogger(__name__)


def outbox(config: Config, journal: Journal, touch: InTouch | None) -> Outbox:
    """What signs and verifies; without ``touch`` it delivers what waits and asks for no news."""
    return Outbox(
        journal,
        key=partial(identity.device_key, config.state),
        identity=partial(identity.enrolled, config.state),
        ca=partial(_authorities, config),
        boot_id=processes.boot_id(),
        now=utc_now,
        in_touch=touch,
        proxy=config.proxy,
        rotation=Rotation(state=config.state),
    )


def in_touch(
    config: Config,
    daemon: Daemon,
    orders: Orders,
    changed: Callable[[], None],
    letters: LetterBox,
) -> InTouch:
    """What gives a word every few minutes; ``changed``: another policy is to be gone by."""
    return InTouch(
        journal=daemon.journal,
        policy=config.policy,
        managed=config.managed,
        intake=_intake(config, daemon, changed),
        condition=lambda: Condition(state="fine", held=None),
        follow=partial(_follow, orders),
        now=utc_now,
        letters=letters,
    )


def sender(config: Config, stop: threading.Event) -> threading.Thread:
    """A sender of the agent's own, with few rights, kept running until ``stop`` is set."""
    user, parent = config.sender_user, str(os.getpid())
    arguments = ["--socket", str(config.socket), "--user", user, "--parent", parent]
    thread = threading.Thread(
        target=processes.keep_running, args=("agent.sender", arguments, stop), name="sender"
    )
    thread.start()
    return thread


def sender_uid(config: Config) -> int:
    """Whom the sender runs as; it may ask for batches and bring replies."""
    return processes.account_uid(config.sender_user) if os.geteuid() == 0 else os.geteuid()


def orders(config: Config, daemon: Daemon, lost: LostKeeper, left_alone: LeftAlone) -> Orders:
    """What takes orders, wherever they come from."""
    back = FileReturn(
        state=config.state,
        roots=config.policy.roots(),
        left_alone=left_alone,
        record=daemon.record,
        now=utc_now,
    )
    desk = OrderDesk(
        state=config.state, lost=lost, desk=session.this_machine, daemon=daemon, back=back
    )
    return Orders(
        state=config.state,
        keys=config.policy.lost.keys,
        two_signers=config.policy.lost.two_signers,
        device=partial(_device, config),
        follow=desk.follow,
        now=utc_now,
    )


def _intake(config: Config, daemon: Daemon, changed: Callable[[], None]) -> Intake:
    return Intake(
        state=config.state,
        root=partial(_root, config),
        running=config.policy,
        version=config.managed.document.version if config.managed else 0,
        record=daemon.record,
        changed=changed,
        now=utc_now,
    )


def _root(config: Config) -> str | None:
    """An administrator's own word counts before what enrolment brought."""
    if config.policy_root is not None:
        return config.policy_root
    who = identity.enrolled(config.state)
    return who.policy_root if who else None


def _device(config: Config) -> str | None:
    who = identity.enrolled(config.state)
    return who.device if who else None


def _authorities(config: Config) -> str:
    """The pinned CA, and that of a proxy which an administrator says opens TLS here."""
    pinned = (config.state / "ca.pem").read_text("ascii")
    if config.inspection_ca is None:
        return pinned
    try:
        return pinned + "\n" + config.inspection_ca.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        log.error("%s cannot be read: %s", config.inspection_ca, type(error).__name__)
        return pinned


def _follow(orders: Orders, given: Signed) -> str | None:
    """Follow an order that the collector brought; its number, unless it is to be brought again."""
    try:
        number = wire.order_in(given).number
    except DocumentError as error:
        log.warning("an order is not followed: %s", error)
        return None
    try:
        orders.take(msgspec.json.encode(given))
    except DocumentError as error:
        log.warning("an order is not followed: %s", error)
    except OSError as error:
        log.error("an order could not be followed: %s", error.strerror)
        return None
    return number

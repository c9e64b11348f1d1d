"""How long until an open screen is locked: what the tray warns of."""

from agent.daemon import Daemon
from collectors.session import SessionCollector
from collectors.session_spells import SessionUnattended

LOCK = "lock-session"


def lock_in(daemon: Daemon) -> int | None:
    """Seconds until the screen is locked if nobody touches anything; None before the warning.

    None also where a screen left open is only reported, or where nothing may be enforced yet.
    """
    collector = daemon.watching.live.get("session")
    seconds = collector.lock_in() if isinstance(collector, SessionCollector) else None
    return seconds if seconds is not None and _locks(daemon) else None


def _locks(daemon: Daemon) -> bool:
    rules = daemon.policy.rules_for(SessionUnattended.kind)
    decided = daemon.policy.enforces() and any(rule.action == LOCK for rule in rules)
    return decided and daemon.guard.hold(LOCK, 0, daemon.now()) is None

"""Everything IT may know of a laptop, while its agent runs and while it does not."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from agent import __version__, identity
from agent.config import Config
from agent.daemon import Daemon
from agent.errors import AgentError, JournalError
from agent.journal import Journal
from agent.journal_file import last_receipt
from agent.policy_told import told
from agent.wire import reports
from agent.wire.reports import LaptopReport
from agent.wire.signed import Signed


def of_running(status: Mapping[str, Any], config: Config, daemon: Daemon) -> dict[str, Any]:
    """The status and what IT wants to know besides."""
    own = psutil.Process()
    children = own.children(recursive=True)
    return {
        **status,
        **_from_state(config),
        "conditions": {n: dict(c.condition()) for n, c in list(daemon.watching.live.items())},
        "memory_mb": round(sum(_memory(p) for p in (own, *children)) / 2**20, 1),
        "processes": len(children) + 1,
        "open_attempts": len(daemon.journal.attempts()),
    }


def of_stopped(config: Config, why: str, now: datetime) -> dict[str, Any]:
    """What the files tell when no agent answers. Raises AgentError if they may not be read."""
    try:
        who = identity.enrolled(config.state)
        waiting, attempts = _journal(config)
    except PermissionError as error:
        says = f"{why}, and {config.state} may be read by the agent's owner only"
        raise AgentError(says) from error
    return {
        "version": __version__,
        "state": "stopped",
        "why": why,
        "policy": told(config, now),
        "mode": config.policy.mode.value,
        "device": who.device if who else None,
        "pending": waiting,
        "open_attempts": attempts,
        **_from_state(config),
    }


def signed(config: Config, report: Mapping[str, Any], now: datetime) -> Signed:
    """A report that the laptop's key has signed. Raises AgentError if it has no name yet."""
    who = identity.enrolled(config.state)
    if who is None:
        raise AgentError("this laptop was not enrolled yet: nobody could check its signature")
    made = LaptopReport(
        device=who.device, made_at=now, agent_version=__version__, report=dict(report)
    )
    return reports.sign(made, identity.device_key(config.state))


def _from_state(config: Config) -> dict[str, Any]:
    policy, notice = config.policy, config.notice
    receipt = last_receipt(config.state)
    return {
        "roots": [str(root) for root in policy.roots()],
        "rules": len(policy.rules),
        "recipients": len(policy.recipients),
        "notice": str(notice.given_on) if notice else None,
        "last_receipt": receipt.last if receipt else None,
        "last_receipt_at": receipt.received_at.isoformat() if receipt else None,
        "last_drill_done": _moment_of(config.state / "drill.last"),
    }


def _journal(config: Config) -> tuple[int, int]:
    """How much waits, and how many actions are not finished; the journal is nobody's now."""
    if not (config.state / "journal.db").exists():
        return 0, 0
    try:
        journal = Journal(config.state, config.journal_bytes)
    except JournalError as error:
        raise AgentError(str(error)) from error
    try:
        return journal.count(), len(journal.attempts())
    finally:
        journal.close()


def _moment_of(path: Path) -> str | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat()
    except OSError:
        return None


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0

"""The policy in a few words, for those who ask how the agent is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent.config import Config


def told(config: Config, now: datetime) -> Mapping[str, Any]:
    """What it is called, whether it came signed, by whom, until when it could be taken up, and what
    is wrong."""
    found, short = config.managed, {"name": config.policy.name, "version": config.policy.version}
    if found is None:
        return {**short, "signed": False, "damaged": bool(config.damaged)}
    return {
        **short,
        "signed": True,
        "people": list(found.people),
        "scope": found.document.scope.kind,
        "expires_at": found.document.expires_at.isoformat(),
        "expired": found.document.expired(now),
        "damaged": found.damaged,
    }

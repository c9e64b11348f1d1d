"""The policy in a few words, for those who ask how the agent is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent.config import Config
from agent.policy import Policy


def in_short(policy: Policy) -> Mapping[str, Any]:
    """What it is called."""
    return {"name": policy.name, "version": policy.version}


def how_it_came(config: Config, now: datetime) -> Mapping[str, Any]:
    """Whether it came signed, by whom, until when it could be taken up, and what is wrong."""
    found = config.managed
    if found is None:
        return {"signed": False, "damaged": bool(config.damaged)}
    return {
        "signed": True,
        "people": list(found.people),
        "scope": found.document.scope.kind,
        "expires_at": found.document.expires_at.isoformat(),
        "expired": found.document.expired(now),
        "damaged": found.damaged,
    }

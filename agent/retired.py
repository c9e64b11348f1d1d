"""A laptop that takes part no more: the mark that keeps its agent down, and what is forgotten.

The mark stands before anything is taken away, so a retirement that was cut off goes on from there,
and an agent that ends is not started again in the middle of it: it ends with a code after which
systemd leaves it alone. Enrolling the laptop again takes the mark away.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import identity
from agent.control_server import Answer, Caller, Refused
from agent.errors import ConfigError
from agent.journal_file import sync_folder, write_durably
from agent.managed import kept

MARK = "retired"
TIES = (
    "identity.json",
    identity.DEVICE_KEY,
    identity.NEXT_KEY,
    "ca.pem",
    "stick.key",
    kept.FILE,
    kept.BEFORE,
    kept.KEYRING,
)
"""What makes a laptop one of a collector's, in its state folder: who it is there, the keys it is
known by, and the policy that came from there. What is sealed needs none of it."""


def retired_at(state: Path) -> datetime | None:
    """When this laptop was retired, also by a mark that is damaged; None if it was not. OSError."""
    path = state / MARK
    try:
        return datetime.fromisoformat(path.read_text("ascii").strip()).astimezone(UTC)
    except FileNotFoundError:
        return None
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def mark(state: Path, now: datetime) -> datetime:
    """Say that this laptop is retired; since when it is. OSError."""
    earlier = retired_at(state)
    if earlier is None:
        write_durably(state / MARK, now.isoformat().encode("ascii"))
    return earlier or now


def unmark(state: Path) -> None:
    """This laptop takes part again. OSError."""
    (state / MARK).unlink(missing_ok=True)


def refuse(state: Path) -> None:
    """Raises ConfigError if this laptop was retired."""
    if at := retired_at(state):
        raise ConfigError(
            f"this laptop was retired on {at:%Y-%m-%d};"
            " to have it take part again: dossierwacht enrol"
        )


def tied(state: Path) -> bool:
    """Whether anything is left of what makes this laptop one of a collector's."""
    return any((state / name).exists() for name in TIES)


def forget(state: Path) -> None:
    """Take away what makes this laptop one of a collector's. OSError."""
    for name in TIES:
        (state / name).unlink(missing_ok=True)
    sync_folder(state)


def answers(state: Path, end: Callable[[], None]) -> dict[str, Answer]:
    """What a running agent answers to somebody who retires its laptop: it ends."""

    def retire(_: Caller, __: Mapping[str, Any]) -> Mapping[str, Any]:
        if retired_at(state) is None:
            raise Refused("not-retired", "use the command: dossierwacht retire")
        end()
        return {"pid": os.getpid()}

    return {"retire": retire}

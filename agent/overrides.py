"""The sticks that are withheld now, and those that people were given back for a while.

What was given lies beside the gate's verdicts, in a folder that a start of the machine empties: it
outlives the agent and ends with the machine. A stick that was withheld before the agent was started
is not known here until it is plugged in again.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec

from agent.policy import Decision
from agent.policy_usb import BLOCK, KIND, Override
from collectors.base import Observation

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
"""How long an override counts against the limits; longer than any holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """An override and the user it was given to."""

    uid: int
    override: Override


@dataclass(kw_only=True)
class Overrides:
    """Remembers both. Without a ``file`` what was given is forgotten with the agent."""

    file: Path | None = None
    withheld: dict[str, Observation] = field(default_factory=dict)
    _given: tuple[Given, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        if self.file is not None:
            self._given = _read(self.file)

    def given(self) -> tuple[Given, ...]:
        """What was given in the last day, oldest first."""
        return self._given

    def all(self) -> tuple[Override, ...]:
        """The overrides alone; whether one still holds the policy says."""
        return tuple(one.override for one in self._given)

    def add(self, name: str, given: Given) -> None:
        """Keep one more, of the stick of that name, and forget what is older than a day."""
        self.withheld.pop(name, None)
        since = given.override.at - DAY
        self._given = (*(one for one in self._given if one.override.at > since), given)
        if self.file is not None:
            _write(self.file, self._given)

    def note(self, observation: Observation, decision: Decision) -> None:
        """Keep in mind which sticks are withheld: as attached last, by their name."""
        if observation.kind == KIND and decision.enforced and decision.action == BLOCK:
            self.withheld[observation.subject] = observation
        elif observation.kind in (KIND, "usb-storage-removed"):
            self.withheld.pop(observation.subject, None)


def _read(file: Path) -> tuple[Given, ...]:
    """What an agent before this one gave; nothing if that cannot be known, which gives nothing."""
    try:
        return tuple(msgspec.json.decode(file.read_bytes(), type=list[Given]))
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError) as error:
        log.error("the overrides in %s cannot be read and ended: %s", file, type(error).__name__)
        return ()


def _write(file: Path, given: Sequence[Given]) -> None:
    """Beside its place and renamed. What cannot be kept still holds until the agent ends."""
    new = file.with_name(f"{file.name}-new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(new, flags, 0o600), "wb") as opened:
            opened.write(msgspec.json.encode(list(given)))
            opened.flush()
            os.fsync(opened.fileno())
        new.rename(file)
    except OSError as error:
        log.error("an override will not outlive the agent: %s", error.strerror)

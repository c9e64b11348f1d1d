"""The posture: how this laptop is set up, told at the start and when something about it changes.

A good posture is what keeps an accident small: a lost laptop whose disk is encrypted, a screen
that locks, a home that nobody else reads. Each check (``collectors.checks``) has a state and a
reason in closed words. It only reports and never repairs: a setting belongs to whoever made it. It
looks again on a slow timer, since settings seldom change.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from collectors.base import (
    Clock,
    CollectorError,
    Condition,
    Details,
    Facts,
    Keyed,
    Observation,
    Setting,
    Settings,
    Stop,
    utc_now,
)
from collectors.checks import open_home
from collectors.checks.laptop import Laptop
from collectors.checks.open_home import Open
from collectors.checks.programs import known
from collectors.checks.reading import Unreadable
from collectors.checks.since import Since
from collectors.checks.told import ONLY_IF_ASKED, Check, Told, Why

if sys.platform == "linux":
    from collectors.posture_linux import Machine, Wishes, on_plain_disk
else:
    raise ImportError(f"the posture cannot be checked on {sys.platform} yet")

__all__ = ["SETTINGS", "PostureCollector", "make", "on_plain_disk"]

SETTINGS: Mapping[str, Setting] = {
    "look_minutes": Setting(15, "how often to look again"),
    "skip": Setting([], "checks that are left out"),
    "also": Setting([], "checks that are made only if asked for: media-files, printers"),
    "one_person": Setting(False, "whether nobody else may have an account on the laptop"),
    "lock_minutes": Setting(15, "after how many minutes the screen must have locked itself"),
    "update_days": Setting(14, "for how many days updates need not have been looked for"),
    "approved": Setting([], "programs that may be used, such as nextcloud"),
    "connections": Setting([], "interfaces of a VPN, or places where a share is mounted"),
}
_RANGES = {"look_minutes": (1, 1440), "lock_minutes": (1, 120), "update_days": (1, 365)}

Checks = Mapping[Check, Callable[[], Told]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PostureChecked(Observation):
    """How one thing stands: told first at the start, then when its state or reason changes."""

    kind: ClassVar[str] = "posture-checked"
    check: Check
    told: Told
    since: str

    def facts(self) -> Facts:
        return {
            "check": self.check,
            "state": self.told.state,
            "why": self.told.why,
            "count": self.told.count,
        }

    def details(self) -> Details:
        return {"names": ", ".join(self.told.names)} if self.told.names else {}

    def once(self) -> str:
        return f"{self.since}/{self.check}/{_how(self.told)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class LaptopDescribed(Observation):
    """What kind of laptop it is: told at first, and when another system or memory is found."""

    kind: ClassVar[str] = "laptop-described"
    laptop: Laptop
    since: str

    def facts(self) -> Facts:
        return {
            "shape": self.laptop.shape,
            "model": Keyed(self.laptop.model),
            "system": self.laptop.system,
            "system-major": self.laptop.major,
            "system-minor": self.laptop.minor,
            "memory-gb": self.laptop.memory,
            "installed-months": self.laptop.months,
        }

    def details(self) -> Details:
        return {"model": self.laptop.model}

    def once(self) -> str:
        return f"{self.since}/{_described(self.laptop)}"


class PostureCollector:
    """Reports how the laptop is set up."""

    name = "posture"

    def __init__(
        self,
        checks: Checks,
        laptop: Callable[[], Laptop],
        since: Since,
        *,
        homes: Callable[[], Sequence[Open]] = lambda: (),
        every: float = 900.0,
        now: Clock = utc_now,
    ) -> None:
        self.checks = checks
        self.laptop = laptop
        self.since = since
        self.homes = homes
        self.every = every
        self.now = now
        self.last: dict[str, str | None] = {}

    def condition(self) -> Condition:
        return {}

    def observe(self, stop: Stop) -> Iterator[Observation]:
        while not stop.is_set():
            for seen in self._look(stop):
                if self.last.get(seen.subject) != seen.once():
                    self.last[seen.subject] = seen.once()
                    yield seen
            stop.wait(self.every)

    def _look(self, stop: Stop) -> Iterator[Observation]:
        yield self._described()
        for check, find_out in self.checks.items():
            if stop.is_set():
                return
            told = judged(find_out)
            since = self.since.of(check, _how(told))
            yield PostureChecked(
                observed_at=self.now(), subject=check, check=check, told=told, since=since
            )
        if Check.HOME_FOLDERS in self.checks:
            with contextlib.suppress(Unreadable, OSError, ValueError):  # the check has told of it
                yield from open_home.seen(self.homes, self.now)

    def _described(self) -> Observation:
        laptop = self.laptop()
        since = self.since.of("laptop", _described(laptop))
        return LaptopDescribed(observed_at=self.now(), subject="laptop", laptop=laptop, since=since)


def judged(find_out: Callable[[], Told]) -> Told:
    """What a check finds; what makes no sense to it is unknown."""
    try:
        return find_out()
    except (Unreadable, OSError, ValueError, TypeError, AttributeError, KeyError):
        return Told(Why.NOT_READABLE)


def this_machine(settings: Settings) -> tuple[Machine, Checks]:
    """This machine, and the checks that a policy leaves standing."""
    machine = Machine()
    chosen = machine.checks(
        Wishes(
            one_person=settings["one_person"],
            lock_minutes=settings["lock_minutes"],
            update_days=settings["update_days"],
            approved=tuple(settings["approved"]),
            connections=tuple(settings["connections"]),
        )
    )
    left_out = (ONLY_IF_ASKED - set(settings["also"])) | set(settings["skip"])
    return machine, {check: one for check, one in chosen.items() if check not in left_out}


def faults(settings: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What cannot be meant, by key."""
    for key, (least, most) in _RANGES.items():
        if not least <= settings[key] <= most:
            yield key, f"give '{key}' as a whole number from {least} to {most}"
    for key, allowed in (
        ("skip", {str(check) for check in Check}),
        ("also", {str(check) for check in ONLY_IF_ASKED}),
        ("approved", known()),
    ):
        for word in settings[key]:
            if not isinstance(word, str) or word not in allowed:
                yield key, f"'{key}' cannot hold '{word}'; one of {', '.join(sorted(allowed))}"
    if not all(isinstance(one, str) and one for one in settings["connections"]):
        yield "connections", "'connections' holds texts in quotes"


def make(settings: Settings) -> PostureCollector:
    """Build the collector from its section of the policy. Raises CollectorError."""
    for _, says in faults(settings):
        raise CollectorError(f"posture: {says}")
    machine, checks = this_machine(settings)
    folder: Path | None = settings.get("state")
    every = settings["look_minutes"] * 60.0
    since = Since(folder, utc_now)
    homes = machine.open_homes
    return PostureCollector(checks, machine.laptop, since, homes=homes, every=every)


def _how(told: Told) -> str:
    return "/".join((told.state, told.why, *told.names))


def _described(one: Laptop) -> str:
    return f"{one.shape}/{one.model}/{one.system}/{one.major}.{one.minor}/{one.memory}"

"""What collectors of attached things share: look at everything, tell what differs, and wait.

After each change it waits until it is quiet, looks at all that is attached and tells what differs
from the look before, so a lost message costs time and hides nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Generic, Protocol, TypeVar

from collectors.base import (
    Clock,
    CollectorError,
    Condition,
    CoverageLost,
    CoverageRestored,
    Gap,
    Observation,
    Settings,
    Stop,
    utc_now,
)
from collectors.media.verdict import Volume, Why
from collectors.usb_device import Disk

D = TypeVar("D")
"""How the system describes one thing."""


class Tree(Protocol[D]):
    """The part of the operating system that knows what is attached."""

    def answers(self) -> bool:
        """Whether changes will be told, not only found by looking."""
        ...

    def devices(self) -> Mapping[str, D]:
        """What is attached, by a key of its own."""
        ...

    def present(self, device: D) -> bool:
        """Whether the very same device is still plugged in, whatever it does now."""
        ...

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        """What is on a disk; one unreadable volume if it could not be read."""
        ...

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        """Wait for changes and then for quiet; what was touched. Seconds."""
        ...

    def boot(self) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Look(Generic[D]):
    """One look at a device: what is told of it, and under which key a repeat is no news.

    ``why`` is what a verdict rests on; None where there is nothing to judge.
    """

    device: D
    told: Observation
    once: str
    why: Why | None


class Snapshots(Generic[D]):
    """The flow. What is told, and when a device is still the same, each collector says itself."""

    what: ClassVar[StrEnum]
    """What is reported as not watched where udev does not answer."""
    told_when_spoken_of: ClassVar[bool]
    """Whether a device of which udev speaks is told again also where nothing differs."""

    def __init__(
        self, tree: Tree[D], *, settle: float = 0.8, retry: float, now: Clock = utc_now
    ) -> None:
        self.tree = tree
        self.settle = settle
        self.retry = retry
        self.now = now
        self.known: dict[str, Look[D]] = {}

    def look(self, device: D) -> Look[D]:
        """Look at a device that is attached."""
        raise NotImplementedError

    def removed(self, device: D) -> Observation:
        """What is told of a device that is gone."""
        raise NotImplementedError

    def spoken_of(self, device: D, touched: frozenset[str]) -> bool:
        """Whether what was touched is this device or a part of it."""
        raise NotImplementedError

    def still_there(self, before: Look[D], now: D | None) -> Look[D] | None:
        """What is still known of a device, whatever it does now; None if it is gone."""
        raise NotImplementedError

    def condition(self) -> Condition:
        return {}

    def observe(self, stop: Stop) -> Iterator[Observation]:
        lost, touched = False, frozenset[str]()
        while not stop.is_set():
            if self.tree.answers() is lost:
                lost = not lost
                yield self._coverage(lost)
            yield from self._news(touched)
            touched = self.tree.wait(stop, self.settle, self.retry)

    def _coverage(self, lost: bool) -> Observation:
        now, what = self.now(), self.what
        if lost:
            return CoverageLost(observed_at=now, subject="udev", what=what, gap=Gap.MISSING)
        return CoverageRestored(observed_at=now, subject="udev", what=what)

    def _news(self, touched: frozenset[str]) -> Iterator[Observation]:
        found = self.tree.devices()
        for key, before in list(self.known.items()):
            kept = self.still_there(before, found.get(key))
            if kept is None:
                del self.known[key]
                yield self.removed(before.device)
            else:
                self.known[key] = kept
        for key, device in found.items():
            yield from self._news_of(key, device, self.spoken_of(device, touched))

    def _news_of(self, key: str, device: D, spoken: bool) -> Iterator[Observation]:
        known = self.known.get(key)
        if known is not None and known.device == device and not spoken:
            return
        seen = self.look(device)
        if self._pulled_meanwhile(key, seen):
            return
        self.known[key] = seen
        again = spoken and self.told_when_spoken_of
        if known is None or known.once != seen.once or again:
            yield seen.told

    def _pulled_meanwhile(self, key: str, seen: Look[D]) -> bool:
        """What cannot be read because it was just pulled out is told as removed, not as unknown."""
        return seen.why is Why.PROBE_FAILED and self.tree.devices().get(key) != seen.device


def timing(name: str, settings: Settings) -> tuple[float, float]:
    """How long it must be quiet and how often to look anyway, in seconds. Raises CollectorError."""
    settle, retry = settings["settle_milliseconds"], settings["retry_seconds"]
    if not 0 <= settle <= 10_000 or not 1 <= retry <= 3600:
        raise CollectorError(f"{name}: settle_milliseconds is 0 to 10000, retry_seconds 1 to 3600")
    return settle / 1000, float(retry)

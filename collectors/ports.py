"""What is plugged in besides USB storage and carries files or a network.

Network adapters and docks, telephones that hand files over or share their connection, memory cards
in built-in readers, and whatever hangs on Thunderbolt. As with USB storage the collector works on
snapshots: after each change it waits until it is quiet, looks at everything that is attached and
reports what differs from before. Of cards and of storage on Thunderbolt it also says whether a
finder could read them. It only reports: nothing of this can be switched off yet.

A keyboard, a security key, a headset or a camera of the laptop itself carries nothing away and is
not looked at.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from collectors.base import (
    Clock,
    CollectorError,
    Condition,
    CoverageLost,
    CoverageRestored,
    Details,
    Facts,
    Gap,
    Keyed,
    Observation,
    Setting,
    Settings,
    Stop,
    utc_now,
)
from collectors.media.verdict import Judgement, Volume, Why, judge
from collectors.port_device import PortDevice
from collectors.usb_device import Disk

if sys.platform == "linux":
    from collectors.ports_linux import PortsTree
else:
    raise ImportError(f"ports cannot be watched on {sys.platform} yet")

SETTINGS: Mapping[str, Setting] = {
    "settle_milliseconds": Setting(800, "how long it must be quiet before it is looked again"),
    "retry_seconds": Setting(60, "how often to look when udev does not tell; also a safety net"),
}


class Watched(StrEnum):
    """What this collector may have to report as not watched."""

    PORTS = "ports"


@dataclass(frozen=True, kw_only=True, slots=True)
class PortDeviceAttached(Observation):
    """Something is plugged in; ``judgement`` is None for what has no disk of its own."""

    kind: ClassVar[str] = "port-device-attached"
    device: PortDevice
    judgement: Judgement | None
    boot: str

    def facts(self) -> Facts:
        return {
            **_who(self.device),
            "also-keyboard": self.device.keyboard,
            **_verdict(self.judgement),
        }

    def details(self) -> Details:
        return _texts(self.device)

    def once(self) -> str:
        """Told once each time it is plugged in, and again when it turns out to be another thing."""
        verdict = "/".join(str(word) for word in _verdict(self.judgement).values())
        place = f"{self.boot}/{self.device.path}/{self.device.sequence}"
        return f"{place}/{self.device.what}/{self.device.keyboard}/{verdict}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PortDeviceRemoved(Observation):
    """Something that was plugged in is no longer there."""

    kind: ClassVar[str] = "port-device-removed"
    device: PortDevice

    def facts(self) -> Facts:
        return _who(self.device)

    def details(self) -> Details:
        return _texts(self.device)


class Tree(Protocol):
    """The part of the operating system that knows what is plugged in."""

    def answers(self) -> bool:
        """Whether changes will be told, not only found by looking."""
        ...

    def devices(self) -> Mapping[str, PortDevice]:
        """What is plugged in, by its path."""
        ...

    def present(self, device: PortDevice) -> bool:
        """Whether the very same device is still plugged in, whatever it does now."""
        ...

    def volumes(self, disk: Disk) -> tuple[Volume, ...]: ...

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        """Wait for changes and then for quiet; the paths touched. Seconds."""
        ...

    def boot(self) -> str: ...


class PortsCollector:
    """Reports what is plugged in and what is taken out."""

    name = "ports"

    def __init__(
        self, tree: Tree, *, settle: float = 0.8, retry: float = 60.0, now: Clock = utc_now
    ) -> None:
        self.tree = tree
        self.settle = settle
        self.retry = retry
        self.now = now
        self.known: dict[str, PortDeviceAttached] = {}

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
        now, what = self.now(), Watched.PORTS
        if lost:
            return CoverageLost(observed_at=now, subject="udev", what=what, gap=Gap.MISSING)
        return CoverageRestored(observed_at=now, subject="udev", what=what)

    def _news(self, touched: frozenset[str]) -> Iterator[Observation]:
        found = self.tree.devices()
        for path, before in list(self.known.items()):
            if not self._still_there(before.device, found):
                del self.known[path]
                yield PortDeviceRemoved(
                    observed_at=self.now(), subject=before.subject, device=before.device
                )
        for device in found.values():
            known = self.known.get(device.path)
            if known is None or known.device != device or device.spoken_of(touched):
                seen = seen_now(self.tree, device, self.now())
                if self._pulled_meanwhile(seen):
                    continue
                self.known[device.path] = seen
                if known is None or known.once() != seen.once():
                    yield seen

    def _pulled_meanwhile(self, seen: PortDeviceAttached) -> bool:
        """What cannot be read because it was just pulled out is told as removed, not as unknown."""
        failed = seen.judgement is not None and seen.judgement.why is Why.PROBE_FAILED
        return failed and self.tree.devices().get(seen.device.path) != seen.device

    def _still_there(self, before: PortDevice, found: Mapping[str, PortDevice]) -> bool:
        """A telephone that is switched off, or to charging only, is no removal."""
        now = found.get(before.path)
        return now.sequence == before.sequence if now else self.tree.present(before)


def seen_now(tree: Tree, device: PortDevice, now: datetime) -> PortDeviceAttached:
    """A device, with the verdict over its disks where it has some."""
    everything = tuple(volume for disk in device.disks for volume in tree.volumes(disk))
    return PortDeviceAttached(
        observed_at=now,
        subject=device.name,
        device=device,
        judgement=judge(everything) if device.disks else None,
        boot=tree.boot(),
    )


def make(settings: Settings) -> PortsCollector:
    """Build the collector from its section of the policy. Raises CollectorError."""
    settle, retry = settings["settle_milliseconds"], settings["retry_seconds"]
    if not 0 <= settle <= 10_000 or not 1 <= retry <= 3600:
        raise CollectorError("ports: settle_milliseconds is 0 to 10000, retry_seconds 1 to 3600")
    return PortsCollector(PortsTree(), settle=settle / 1000, retry=float(retry))


def _who(device: PortDevice) -> Facts:
    told: Facts = {"what": device.what, "device": Keyed(device.identity)}
    if device.vendor is None or device.product is None:
        return told
    return {**told, "vendor": device.vendor, "product": device.product}


def _verdict(judgement: Judgement | None) -> Facts:
    return {} if judgement is None else {"verdict": judgement.verdict, "why": judgement.why}


def _texts(device: PortDevice) -> Details:
    return {"serial": device.serial, "model": device.model}

"""USB storage: a stick or disk was plugged in, and whether what is on it could be read by a finder.

One observation a device: all its units and partitions are judged together, by their own headers
(``collectors.media``), never by what udev or a label says. The collector works on snapshots: after
each change it waits until it is quiet (partitions arrive after their disk), looks at everything
that is attached and reports what differs from before and what udev spoke of, so a lost message
costs time and hides nothing. Hubs, keyboards and phones have no disk and are not looked at; cards
in a laptop's own reader are not USB.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
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
    Proof,
    Setting,
    Settings,
    Stop,
    utc_now,
)
from collectors.media.verdict import Judgement, Verdict, Volume, Why, judge
from collectors.usb_device import Disk, UsbDevice, size_band

if sys.platform == "linux":
    from collectors.usb_linux import UsbTree
else:
    raise ImportError(f"USB cannot be watched on {sys.platform} yet")

SETTINGS: Mapping[str, Setting] = {
    "settle_milliseconds": Setting(800, "how long it must be quiet before a device is judged"),
    "retry_seconds": Setting(10, "how often to look when udev does not tell; also a safety net"),
}


class Watched(StrEnum):
    """What this collector may have to report as not watched."""

    USB = "usb"


@dataclass(frozen=True, kw_only=True, slots=True)
class UsbStorageAttached(Observation):
    """A storage device is attached; ``volumes`` are those of all its disks."""

    kind: ClassVar[str] = "usb-storage-attached"
    device: UsbDevice
    judgement: Judgement
    volumes: tuple[Volume, ...]
    boot: str

    def facts(self) -> Facts:
        return {
            **_who(self.device),
            "verdict": self.judgement.verdict,
            "why": self.judgement.why,
            "size-gb": size_band(sum(disk.size for disk in self.device.disks)),
            "volumes": len(self.volumes),
            "also-keyboard": self.device.keyboard,
            "opened": any(disk.opened for disk in self.device.disks),
        }

    def details(self) -> Details:
        kinds = ", ".join(f"{volume.kind} ({volume.role})" for volume in self.volumes)
        return {**_texts(self.device), "label": self.device.label, "volumes": kinds}

    def proof(self) -> Proof:
        device = self.device
        return {
            "busnum": device.busnum,
            "devnum": device.devnum,
            "vendor": f"{device.vendor:04x}",
            "product": f"{device.product:04x}",
            "media": " ".join(f"{disk.name}={disk.sequence}" for disk in device.disks),
            "encrypted": int(self.judgement.verdict is Verdict.ENCRYPTED),
        }

    def once(self) -> str:
        """Told once each time the kernel makes its disks, and again when the verdict changes."""
        disks = "+".join(str(disk.sequence) for disk in self.device.disks)
        place = f"{self.boot}/{self.device.busnum}/{self.device.devnum}"
        return f"{place}/{disks}/{self.judgement.verdict}/{self.judgement.why}"


@dataclass(frozen=True, kw_only=True, slots=True)
class UsbStorageRemoved(Observation):
    """A storage device that was attached is no longer there."""

    kind: ClassVar[str] = "usb-storage-removed"
    device: UsbDevice

    def facts(self) -> Facts:
        return _who(self.device)

    def details(self) -> Details:
        return _texts(self.device)


class Tree(Protocol):
    """The part of the operating system that knows what is attached."""

    def answers(self) -> bool:
        """Whether changes will be told, not only found by looking."""
        ...

    def devices(self) -> Mapping[str, UsbDevice]: ...

    def present(self, device: UsbDevice) -> bool:
        """Whether the very same device is still plugged in, blocked or not."""
        ...

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        """What is on a disk; one unreadable volume if it could not be read."""
        ...

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        """Wait for changes and then for quiet; the devices touched. Seconds."""
        ...

    def boot(self) -> str: ...


class UsbCollector:
    """Reports storage devices as they come, change and go."""

    name = "usb"

    def __init__(
        self, tree: Tree, *, settle: float = 0.8, retry: float = 10.0, now: Clock = utc_now
    ) -> None:
        self.tree = tree
        self.settle = settle
        self.retry = retry
        self.now = now
        self.known: dict[str, UsbStorageAttached] = {}

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
        now, what = self.now(), Watched.USB
        if lost:
            return CoverageLost(observed_at=now, subject="udev", what=what, gap=Gap.MISSING)
        return CoverageRestored(observed_at=now, subject="udev", what=what)

    def _news(self, touched: Iterable[str]) -> Iterator[Observation]:
        found = self.tree.devices()
        for before in list(self.known.values()):
            if not self._still_there(before, found):
                del self.known[before.subject]
                yield UsbStorageRemoved(
                    observed_at=self.now(), subject=before.subject, device=before.device
                )
        for device in found.values():
            known = self.known.get(device.name)
            if known is None or known.device != device or device.name in touched:
                seen = judged(self.tree, device, self.now())
                if self._pulled_meanwhile(seen):
                    continue
                self.known[device.name] = seen
                if known is None or known.once() != seen.once() or device.name in touched:
                    yield seen

    def _pulled_meanwhile(self, seen: UsbStorageAttached) -> bool:
        """What cannot be read because it was just pulled out is told as removed, not as unknown."""
        failed = seen.judgement.why is Why.PROBE_FAILED
        return failed and self.tree.devices().get(seen.subject) != seen.device

    def _still_there(self, before: UsbStorageAttached, found: Mapping[str, UsbDevice]) -> bool:
        """A blocked device loses its disks and is still plugged in: that is no removal."""
        now = found.get(before.subject)
        if now is None and self.tree.present(before.device):
            self.known[before.subject] = replace(
                before, device=replace(before.device, disks=()), volumes=()
            )
            return True
        return now is not None and _place(now) == _place(before.device)


def judged(tree: Tree, device: UsbDevice, now: datetime) -> UsbStorageAttached:
    """A device with the verdict over everything on it."""
    volumes = [tree.volumes(disk) for disk in device.disks]
    everything = tuple(volume for found in volumes for volume in found)
    return UsbStorageAttached(
        observed_at=now,
        subject=device.name,
        device=device,
        judgement=judge(everything),
        volumes=everything,
        boot=tree.boot(),
    )


def this_machine() -> Tree:
    """What is attached to this machine."""
    return UsbTree()


def make(settings: Settings) -> UsbCollector:
    """Build the collector from its section of the policy. Raises CollectorError."""
    settle, retry = settings["settle_milliseconds"], settings["retry_seconds"]
    if not 0 <= settle <= 10_000 or not 1 <= retry <= 3600:
        raise CollectorError("usb: settle_milliseconds is 0 to 10000, retry_seconds 1 to 3600")
    return UsbCollector(this_machine(), settle=settle / 1000, retry=float(retry))


def _who(device: UsbDevice) -> Facts:
    whole = Keyed(f"{device.vendor:04x}:{device.product:04x}:{device.serial}")
    return {"vendor": device.vendor, "product": device.product, "device": whole}


def _texts(device: UsbDevice) -> Details:
    return {"serial": device.serial, "model": device.model}


def _place(device: UsbDevice) -> tuple[int, int]:
    return device.busnum, device.devnum

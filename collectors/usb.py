"""USB storage: a stick or disk was plugged in, and whether what is on it could be read by a finder.

One observation a device: all its units and partitions are judged together, by their own headers
(``collectors.media``), never by what udev or a label says. The collector works on snapshots: after
each change it waits until it is quiet (partitions arrive after their disk), looks at everything
that is attached and reports what differs from before and what udev spoke of, so a lost message
costs time and hides nothing. Hubs, keyboards and phones have no disk and are not looked at; cards
in a laptop's own reader are not USB.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from collectors import snapshots
from collectors.base import (
    Clock,
    Details,
    Facts,
    Keyed,
    Observation,
    Proof,
    Setting,
    Settings,
    utc_now,
)
from collectors.media.verdict import Judgement, Verdict, Volume, judge
from collectors.snapshots import Look, Snapshots, timing
from collectors.usb_device import UsbDevice, size_band

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


Tree = snapshots.Tree[UsbDevice]


class UsbCollector(Snapshots[UsbDevice]):
    """Reports storage devices as they come, change and go."""

    name = "usb"
    what = Watched.USB
    told_when_spoken_of = True

    def __init__(
        self, tree: Tree, *, settle: float = 0.8, retry: float = 10.0, now: Clock = utc_now
    ) -> None:
        super().__init__(tree, settle=settle, retry=retry, now=now)

    def look(self, device: UsbDevice) -> Look[UsbDevice]:
        seen = judged(self.tree, device, self.now())
        return Look(device=device, told=seen, once=seen.once(), why=seen.judgement.why)

    def removed(self, device: UsbDevice) -> Observation:
        return UsbStorageRemoved(observed_at=self.now(), subject=device.name, device=device)

    def spoken_of(self, device: UsbDevice, touched: frozenset[str]) -> bool:
        return device.name in touched

    def still_there(self, before: Look[UsbDevice], now: UsbDevice | None) -> Look[UsbDevice] | None:
        """A blocked device loses its disks and is still plugged in: that is no removal."""
        if now is None and self.tree.present(before.device):
            return replace(before, device=replace(before.device, disks=()), once="")
        return before if now is not None and _place(now) == _place(before.device) else None


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
    settle, retry = timing("usb", settings)
    return UsbCollector(this_machine(), settle=settle, retry=retry)


def _who(device: UsbDevice) -> Facts:
    text = f"{device.vendor:04x}:{device.product:04x}:{device.serial}"
    whole = Keyed(text, shared=True)
    return {"vendor": device.vendor, "product": device.product, "device": whole}


def _texts(device: UsbDevice) -> Details:
    return {"serial": device.serial, "model": device.model}


def _place(device: UsbDevice) -> tuple[int, int]:
    return device.busnum, device.devnum

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
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from collectors import snapshots
from collectors.base import (
    Clock,
    Details,
    Facts,
    Keyed,
    Observation,
    Setting,
    Settings,
    utc_now,
)
from collectors.media.verdict import Judgement, judge
from collectors.port_device import PortDevice
from collectors.snapshots import Look, Snapshots, timing

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


Tree = snapshots.Tree[PortDevice]


class PortsCollector(Snapshots[PortDevice]):
    """Reports what is plugged in and what is taken out."""

    name = "ports"
    what = Watched.PORTS
    told_when_spoken_of = False

    def __init__(
        self, tree: Tree, *, settle: float = 0.8, retry: float = 60.0, now: Clock = utc_now
    ) -> None:
        super().__init__(tree, settle=settle, retry=retry, now=now)

    def look(self, device: PortDevice) -> Look[PortDevice]:
        """A device, with the verdict over its disks where it has some."""
        everything = tuple(volume for disk in device.disks for volume in self.tree.volumes(disk))
        judgement = judge(everything) if device.disks else None
        seen = PortDeviceAttached(
            observed_at=self.now(),
            subject=device.name,
            device=device,
            judgement=judgement,
            boot=self.tree.boot(),
        )
        why = judgement.why if judgement else None
        return Look(device=device, told=seen, once=seen.once(), why=why)

    def removed(self, device: PortDevice) -> Observation:
        return PortDeviceRemoved(observed_at=self.now(), subject=device.name, device=device)

    def spoken_of(self, device: PortDevice, touched: frozenset[str]) -> bool:
        return device.spoken_of(touched)

    def still_there(
        self, before: Look[PortDevice], now: PortDevice | None
    ) -> Look[PortDevice] | None:
        """A telephone that is switched off, or to charging only, is no removal."""
        old = before.device
        same = now.sequence == old.sequence if now else self.tree.present(old)
        return before if same else None


def make(settings: Settings) -> PortsCollector:
    """Build the collector from its section of the policy. Raises CollectorError."""
    settle, retry = timing("ports", settings)
    return PortsCollector(PortsTree(), settle=settle, retry=retry)


def _who(device: PortDevice) -> Facts:
    told: Facts = {"what": device.what, "device": Keyed(device.identity)}
    if device.vendor is None or device.product is None:
        return told
    return {**told, "vendor": device.vendor, "product": device.product}


def _verdict(judgement: Judgement | None) -> Facts:
    return {} if judgement is None else {"verdict": judgement.verdict, "why": judgement.why}


def _texts(device: PortDevice) -> Details:
    return {"serial": device.serial, "model": device.model}

"""Ports: what is plugged in and is no USB storage, but carries data or makes a network.

Network adapters, telephones (as a camera, a drive of pictures, or as a network), cards in the
laptop's own reader, and what hangs on Thunderbolt or USB4. It is told and nothing is done about it.
The collector works on snapshots, as that for USB storage does: a lost message costs time and hides
nothing. Keyboards, mice, sound and security keys are nobody's business here.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

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
from collectors.port_device import Plugged

if sys.platform == "linux":
    from collectors.ports_linux import Ports
else:
    raise ImportError(f"ports cannot be watched on {sys.platform} yet")

SETTINGS: Mapping[str, Setting] = {
    "settle_milliseconds": Setting(1500, "how long it must be quiet before ports are looked at"),
    "retry_seconds": Setting(60, "how often to look when udev does not tell; also a safety net"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PortDeviceAttached(Observation):
    """Something was plugged in."""

    kind: ClassVar[str] = "port-device-attached"
    plugged: Plugged

    def facts(self) -> Facts:
        return _who(self.plugged)

    def details(self) -> Details:
        return _texts(self.plugged)


@dataclass(frozen=True, kw_only=True, slots=True)
class PortDeviceRemoved(Observation):
    """It was taken out."""

    kind: ClassVar[str] = "port-device-removed"
    plugged: Plugged

    def facts(self) -> Facts:
        return _who(self.plugged)

    def details(self) -> Details:
        return _texts(self.plugged)


class Tree(Protocol):
    """The part of the operating system that knows what is plugged in."""

    def answers(self) -> bool:
        """Whether changes will be told, not only found by looking."""
        ...

    def plugged(self) -> Mapping[str, Plugged]: ...

    def wait(self, stop: Stop, settle: float, most: float) -> None:
        """Wait for changes and then for quiet. Seconds."""
        ...


class PortsCollector:
    """Reports what comes to the ports and goes."""

    name = "ports"

    def __init__(
        self, tree: Tree, *, settle: float = 1.5, retry: float = 60.0, now: Clock = utc_now
    ) -> None:
        self.tree = tree
        self.settle = settle
        self.retry = retry
        self.now = now
        self.known: dict[str, Plugged] = {}

    def condition(self) -> Condition:
        return {}

    def observe(self, stop: Stop) -> Iterator[Observation]:
        while not stop.is_set():
            self.tree.answers()  # begins to listen as soon as there is somebody to listen to
            yield from self._news()
            self.tree.wait(stop, self.settle, self.retry)

    def _news(self) -> Iterator[Observation]:
        found = self.tree.plugged()
        for name, before in list(self.known.items()):
            if found.get(name) != before:
                del self.known[name]
                yield PortDeviceRemoved(observed_at=self.now(), subject=name, plugged=before)
        for name, one in found.items():
            if name not in self.known:
                self.known[name] = one
                yield PortDeviceAttached(observed_at=self.now(), subject=name, plugged=one)


def this_machine() -> Tree:
    """The ports of this machine."""
    return Ports()


def make(settings: Settings) -> PortsCollector:
    """Build the collector from its section of the policy. Raises CollectorError."""
    settle, retry = settings["settle_milliseconds"], settings["retry_seconds"]
    if not 0 <= settle <= 10_000 or not 1 <= retry <= 3600:
        raise CollectorError("ports: settle_milliseconds is 0 to 10000, retry_seconds 1 to 3600")
    return PortsCollector(this_machine(), settle=settle / 1000, retry=float(retry))


def _who(one: Plugged) -> Facts:
    whole = Keyed(f"{one.vendor:04x}:{one.product:04x}:{one.serial}")
    return {"what": one.what, "vendor": one.vendor, "product": one.product, "device": whole}


def _texts(one: Plugged) -> Details:
    return {"serial": one.serial, "model": one.model}

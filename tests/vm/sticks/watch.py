"""What the laptop itself says happened: udev's messages, the agent's log, the thief's notes.

All moments are the guest's monotonic clock, in seconds; only differences mean anything. Under
emulation a guest is ten to thirty times slower than the machine it runs on.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.vm.laptop.machine import Laptop

THIEF = Path(__file__).with_name("thief.py")
GRANTED = "got"
LONGEST = 86_400
"""Seconds a thief goes on if nobody ends him."""
_START = """\
mkdir -p /run/lab && chmod 755 /run/lab
systemd-run -q --unit=lab-udev -p StandardOutput=truncate:/run/lab/udev.log \
  udevadm monitor --kernel --udev --property
rm -f /tmp/thief.log
"""
_MESSAGE = re.compile(r"^(KERNEL|UDEV) *\[(\d+\.\d+)\] (\w+) +(\S+) \((\w+)\)$")


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of the kernel or of udev about a device."""

    source: str
    at: float
    action: str
    path: str
    subsystem: str
    properties: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen of one case."""

    messages: tuple[Message, ...]
    outcomes: tuple[tuple[float, str], ...]
    """What the agent's log said of devices, with its moments."""
    tried: tuple[dict[str, Any], ...]
    """The thief's notes."""
    events: tuple[dict[str, Any], ...] = field(default=())

    def gains(self) -> list[str]:
        """What the thief got."""
        return [f"{one['what']} {one['thing']}" for one in self.tried if one["answer"] == GRANTED]

    def layers(self) -> list[str]:
        """What stood in the way, as far as the thief ran into it or udev and sysfs show it."""
        found = []
        if any(m.properties.get("UDISKS_IGNORE") == "1" for m in self.messages):
            found.append("udev")
        if any(one["answer"].startswith("NotAuthorized") for one in self.tried):
            found.append("polkit")
        if any(one["what"] == "read" and "denied" in one["answer"] for one in self.tried):
            found.append("node")
        if any("block-usb done" in text for _, text in self.outcomes):
            found.append("sysfs")
        return found

    def times(self) -> dict[str, float]:
        """Seconds from the kernel's first word of the device to what followed."""
        start = _first(self.messages, "KERNEL", "add", "usb")
        if start is None:
            return {}
        found = {
            "disk": _first(self.messages, "KERNEL", "add", "block"),
            "offered or withheld": _first(self.messages, "UDEV", "add", "block"),
            "agent": self.outcomes[0][0] if self.outcomes else None,
        }
        return {name: round(at - start, 2) for name, at in found.items() if at is not None}


class Watch:
    """Watching in one laptop."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop

    def start(self) -> None:
        """Have udev's messages written down, and let the thief in."""
        self.laptop.sh(_START)
        self.laptop.put(THIEF, "/run/lab/thief.py")
        self.laptop.sh(
            "as-staff -b lab-thief /usr/lib/dossierwacht/bin/python3 /run/lab/thief.py"
            f" /tmp/thief.log {LONGEST}"
        )
        self.laptop.wait_until("pgrep -f thief.py", 60)

    def thief(self, works: bool) -> None:
        """Send the thief to work, or to rest and wait until he does."""
        self.laptop.sh(f"{'rm -f' if works else 'touch'} /run/lab/thief-rests")
        self.laptop.wait_until(f"test {'!' if works else ''} -e /tmp/thief-rests", 60, 0.1)

    def mark(self) -> dict[str, float]:
        """Where the logs end now."""
        said = self.laptop.sh(
            "cut -d' ' -f1 /proc/uptime; stat -c %s /run/lab/udev.log;"
            " stat -c %s /tmp/thief.log 2>/dev/null || echo 0"
        )
        at, udev, thief = said.split()
        return {"at": float(at), "udev": int(udev), "thief": int(thief)}

    def outcomes(self, since: float) -> tuple[tuple[float, str], ...]:
        """What the agent's log said of USB storage since a moment."""
        said = self.laptop.sh(
            "journalctl -u dossierwacht-agent -b -o json --output-fields=MESSAGE"
            " -n 100 --quiet | grep usb-storage-attached: || true"
        )
        lines = (json.loads(line) for line in said.splitlines())
        found = ((int(m["__MONOTONIC_TIMESTAMP"]) / 1e6, str(m["MESSAGE"])) for m in lines)
        return tuple((at, text) for at, text in found if at >= since)

    def since(self, mark: dict[str, float]) -> Seen:
        """Everything since a mark."""
        udev = self.laptop.sh(f"tail -c +{mark['udev'] + 1:.0f} /run/lab/udev.log")
        thief = self.laptop.sh(f"tail -c +{mark['thief'] + 1:.0f} /tmp/thief.log || true")
        return Seen(
            messages=tuple(read_messages(udev)),
            outcomes=self.outcomes(mark["at"]),
            tried=tuple(json.loads(line) for line in thief.splitlines()),
        )


def read_messages(text: str) -> Iterator[Message]:
    """The messages in what ``udevadm monitor --property`` printed."""
    for block in text.split("\n\n"):
        head, *rest = block.strip().split("\n")
        if match := _MESSAGE.match(head.strip()):
            source, at, action, path, subsystem = match.groups()
            pairs = (line.partition("=") for line in rest)
            yield Message(
                source=source,
                at=float(at),
                action=action,
                path=path,
                subsystem=subsystem,
                properties={name: value for name, _, value in pairs},
            )


def _first(messages: tuple[Message, ...], source: str, action: str, subsystem: str) -> float | None:
    found = (
        m.at for m in messages if (m.source, m.action, m.subsystem) == (source, action, subsystem)
    )
    return next(found, None)

"""What the product sees of captured devices, as JSON: runs under umockdev, a process of its own.

    umockdev-run -d FILE -- python -m tests.captured_sight
        what is attached
    umockdev-wrapper python -m tests.captured_sight ports FILE FILE
        what a collector tells when the device of each file is plugged in after that of the last

Nothing is put in the place of anything: the trees read ``/sys``, and pyudev and libudev are the
real ones. Only what lies below them is umockdev's.
"""

import ctypes
import json
import socket
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.ports import PortsCollector
from collectors.ports_linux import PortsTree
from collectors.usb import UsbCollector
from collectors.usb_device import Disk
from collectors.usb_linux import UsbTree
from enforcement import durable, usb_tree
from enforcement.base import EnforcementError

SYSFS = Path("/sys")
NEVER = 600.0
"""Seconds after which a collector looks without being told: longer than any test."""


def sight() -> dict[str, dict[str, object]]:
    """Storage devices, other devices, and the interfaces that blocking would switch off."""
    return {
        "storage": {
            one.name: {
                "disks": {disk.name: disk.size for disk in whole(one.disks)},
                "parts": sum(len(disk.parts) for disk in one.disks),
                "keyboard": one.keyboard,
                "serial": one.serial,
            }
            for one in UsbTree().devices().values()
        },
        "ports": {
            one.name: {
                "what": one.what,
                "disks": [disk.name for disk in whole(one.disks)],
                "serial": one.serial,
            }
            for one in PortsTree().devices().values()
        },
        "blockable": {name: blockable(name) for name in usb_tree.names(SYSFS)},
    }


def whole(disks: Iterable[Disk]) -> list[Disk]:
    """The disks without the partitions that umockdev, unlike a kernel, puts beside them."""
    return [disk for disk in disks if not (SYSFS / "block" / disk.name / "partition").exists()]


def blockable(name: str) -> list[str] | None:
    """The storage interfaces that enforcement would switch off; None if it refuses the device."""
    with durable.held(usb_tree.open_device(SYSFS, name)) as device:
        try:
            return list(usb_tree.storage_interfaces(device))
        except EnforcementError:
            return None


def told(name: str, files: list[str]) -> list[str]:
    """What a collector tells, one line for each file, and then that it ends when it is told to."""
    stop, bed, lines = threading.Event(), Bed(), []
    with udev_that_listens() as control:
        collector = {
            "usb": lambda: UsbCollector(UsbTree(udev=control), settle=0.2, retry=NEVER),
            "ports": lambda: PortsCollector(PortsTree(udev=control), settle=0.2, retry=NEVER),
        }[name]()
        watching = collector.observe(stop)
        for file in files:
            bed.plug(file)
            seen = next(watching)
            lines.append(f"{seen.kind} {seen.subject}")
        threading.Timer(0.5, stop.set).start()
        lines += [f"{seen.kind} {seen.subject}" for seen in watching]
    return lines


class Bed:
    """umockdev's system of devices, which begins empty."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libumockdev.so.0")
        self._library.umockdev_testbed_new.restype = ctypes.c_void_p
        self._bed = ctypes.c_void_p(self._library.umockdev_testbed_new())

    def plug(self, file: str) -> None:
        """Plug in what a file has and the bed has not yet, with the messages that udev sends."""
        parts = Path(file).read_text("utf-8").split("\n\n")
        new = "\n\n".join(part for part in parts if not _place(part).exists()) + "\n"
        text = ctypes.c_char_p(new.encode())
        assert self._library.umockdev_testbed_add_from_string(self._bed, text, None), file


def _place(part: str) -> Path:
    """The directory of one device in a file: its first line is ``P: /devices/...``."""
    return SYSFS / part.strip().splitlines()[0].removeprefix("P: /")


@contextmanager
def udev_that_listens() -> Iterator[Path]:
    """A socket that stands for udev's: umockdev brings the messages and no daemon."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(f"{folder}/control")
            listening.listen(64)
            yield Path(folder) / "control"


if __name__ == "__main__":
    print(json.dumps(told(sys.argv[1], sys.argv[2:]) if sys.argv[1:] else sight()))

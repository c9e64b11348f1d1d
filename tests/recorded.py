"""Looks at the devices of /sys as the product does, and prints what it makes of them.

Run by ``tests/test_recorded_devices.py`` under ``umockdev-run``, which shows it a captured device
in the place of this machine's own.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from collectors.ports_linux import PortsTree
from collectors.usb_linux import UsbTree
from enforcement import durable, usb_tree
from enforcement.base import EnforcementError

SYSFS = Path("/sys")


def blockable(name: str) -> list[str] | str:
    """The interfaces that a block would switch off, or why there would be none."""
    try:
        with durable.held(usb_tree.open_device(SYSFS, name)) as device:
            return list(usb_tree.storage_interfaces(device))
    except EnforcementError as error:
        return str(error.reason)


def seen() -> dict[str, Any]:
    """What the collectors see, and what enforcement would do to each device."""
    return {
        "storage": {name: asdict(device) for name, device in UsbTree().devices().items()},
        "ports": {path: str(one.what) for path, one in PortsTree().devices().items()},
        "blockable": {name: blockable(name) for name in usb_tree.names(SYSFS)},
    }


if __name__ == "__main__":
    print(json.dumps(seen()))

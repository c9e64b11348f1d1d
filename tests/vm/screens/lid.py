"""Runs in the laptop: a lid that is made of software, closed whenever a file appears.

lid.py FILE       until the file FILE.end appears, or an hour has passed
"""

import fcntl
import os
import struct
import sys
import time
from pathlib import Path

UI_SET_EVBIT, UI_SET_SWBIT, UI_DEV_CREATE = 0x40045564, 0x4004556D, 0x5501
EV_SYN, EV_SW, SW_LID = 0, 5, 0
LONGEST = 3600


def made() -> int:
    """The kernel's end of a device whose only switch is that of a lid."""
    device = os.open("/dev/uinput", os.O_WRONLY)
    fcntl.ioctl(device, UI_SET_EVBIT, EV_SW)
    fcntl.ioctl(device, UI_SET_SWBIT, SW_LID)
    os.write(device, struct.pack("80sHHHHi256i", b"Lab lid", 6, 1, 1, 1, 0, *[0] * 256))
    fcntl.ioctl(device, UI_DEV_CREATE)
    return device


def turn(device: int, closed: bool) -> None:
    """Close the lid, or open it."""
    for kind, code, value in ((EV_SW, SW_LID, int(closed)), (EV_SYN, 0, 0)):
        os.write(device, struct.pack("llHHi", 0, 0, kind, code, value))


if __name__ == "__main__":
    wish, lid, closed, end = Path(sys.argv[1]), made(), False, time.monotonic() + LONGEST
    while time.monotonic() < end and not wish.with_suffix(".end").exists():
        if wish.exists() is not closed:
            closed = wish.exists()
            turn(lid, closed)
        time.sleep(0.1)

"""Runs in the laptop: describes a USB device and all below it, in the words of umockdev.

    record.py NAME       NAME as in /sys/bus/usb/devices, such as 2-1

Prints a block for each device, the outermost first: its path, its node, what udev knows of it, its
attributes and links.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 4096
"""Bytes of an attribute; what is longer is a table that nobody here reads."""
_SKIPPED = frozenset({"uevent", "descriptors", "remove", "power", "firmware_node", "subsystem"})


def devices(top: Path) -> Iterator[Path]:
    """The device and those below it."""
    for folder, names, _ in os.walk(top):
        here = Path(folder)
        names[:] = sorted(name for name in names if not (here / name).is_symlink())
        if (here / "uevent").exists() and (here / "subsystem").exists():
            yield here


def describe(device: Path) -> Iterator[str]:
    """The lines of one device."""
    yield f"P: {str(device).removeprefix('/sys')}"
    known = subprocess.run(
        ["udevadm", "info", "--query=property", f"--path={device}"], capture_output=True, text=True
    ).stdout
    pairs = dict(line.partition("=")[::2] for line in known.splitlines())
    if name := pairs.get("DEVNAME"):
        yield f"N: {name.removeprefix('/dev/')}"
    yield from (f"E: {key}={value}" for key, value in pairs.items() if key != "DEVPATH")
    yield from attributes(device)


def attributes(device: Path) -> Iterator[str]:
    """Attributes and links of a device; what cannot be read or is no text is left out."""
    for entry in sorted(device.iterdir()):
        if entry.name in _SKIPPED:
            continue
        if entry.is_symlink():
            yield f"L: {entry.name}={os.readlink(entry)}"
        elif entry.is_file():
            yield from _attribute(entry)


def _attribute(file: Path) -> Iterator[str]:
    try:
        text = file.read_bytes()[:LONGEST].decode("ascii")
    except (OSError, UnicodeDecodeError):
        return
    if not text.replace("\n", "").replace("\t", "").isprintable():
        return
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"A: {file.name}={escaped}"


if __name__ == "__main__":
    top = Path("/sys/bus/usb/devices", sys.argv[1]).resolve()
    for one in devices(top):
        print("\n".join(describe(one)), end="\n\n")

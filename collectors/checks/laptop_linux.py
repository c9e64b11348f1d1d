"""Linux: what kind of laptop this is: its shape, system, memory and age."""

import contextlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from collectors import sysfs_linux as sysfs
from collectors.checks.laptop import Laptop, Shape, System
from collectors.checks.reading import Unreadable, below, lines, text
from collectors.usb_device import clean, size_band

_DMI = "/sys/class/dmi/id"
_SHAPES = {
    **dict.fromkeys((8, 9, 10, 14, 31, 32), Shape.LAPTOP),
    **dict.fromkeys((11, 30), Shape.TABLET),
    **dict.fromkeys((3, 4, 5, 6, 7, 13, 15, 16, 24, 35, 36), Shape.DESKTOP),
}
"""Chassis types of SMBIOS 3.7, 7.4.1."""
_VIRTUAL = ("qemu", "vmware", "innotek", "virtualbox", "xen", "microsoft corporation virtual")
_FIRST_FILES = ("/lost+found", "/var/log/installer", "/etc/machine-id")
"""Made when the system was installed, the surest first."""
_NOT_BEFORE = 946_684_800.0
"""The year 2000, in seconds since 1970."""
_MONTH = 30.44 * 86400
"""Seconds."""


def laptop(root: Path, now: datetime) -> Laptop:
    """This laptop, as it describes itself."""
    dmi = [sysfs.text(below(root, f"{_DMI}/{name}")) for name in ("sys_vendor", "product_name")]
    release = _release(root)
    major, _, minor = release.get("VERSION_ID", "").partition(".")
    return Laptop(
        shape=_shape(root, " ".join(dmi)),
        model=clean(" ".join(dmi)),
        system=System.of(release.get("ID", "")),
        major=_number(major),
        minor=_number(minor.partition(".")[0]),
        memory=_memory(root),
        months=_months(root, now),
    )


def _shape(root: Path, model: str) -> Shape:
    if model.lower().startswith(_VIRTUAL):
        return Shape.VIRTUAL
    return _SHAPES.get(sysfs.number(below(root, f"{_DMI}/chassis_type")), Shape.OTHER)


def _release(root: Path) -> Mapping[str, str]:
    with contextlib.suppress(Unreadable):
        said = text(root, "/etc/os-release") or text(root, "/usr/lib/os-release")
        pairs = (line.partition("=") for line in lines(said))
        return {key: value.strip("\"'") for key, _, value in pairs}
    return {}


def _memory(root: Path) -> int:
    with contextlib.suppress(Unreadable):
        told = dict(line.partition(":")[::2] for line in lines(text(root, "/proc/meminfo")))
        return size_band(max(0, _number(told.get("MemTotal", "").split(" kB")[0].strip())) * 1024)
    return 0


def _months(root: Path, now: datetime) -> int:
    for path in _FIRST_FILES:
        with contextlib.suppress(OSError):
            made_at = below(root, path).stat().st_mtime
            if made_at > _NOT_BEFORE:  # images are often built with a clock of zero
                return max(0, int((now.timestamp() - made_at) / _MONTH))
    return -1


def _number(told: str) -> int:
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else -1

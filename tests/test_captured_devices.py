"""Devices recorded from a running kernel, replayed below the real libudev: who sees what in them.

``tests/data/devices/README.md`` says where they come from.
"""

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEVICES = ROOT / "tests/data/devices"
MIB = 1024 * 1024

# What each file must be seen as: storage by its disks and parts, other devices, what is blockable.
STORAGE: dict[str, dict[str, tuple[dict[str, int], int]]] = {
    "usb-stick": {"2-1": ({"sda": 64 * MIB}, 1)},
    "uas-disk-behind-hub": {"2-1.4": ({"sda": 64 * MIB}, 1)},
    "stick-with-two-units": {"2-2": ({"sda": 64 * MIB, "sdb": 64 * MIB}, 2)},
    "stick-that-types": {"1-2": ({"sdc": 64 * MIB}, 0)},
    "card-reader-empty": {"2-3": ({"sda": 0}, 0)},
}
PORTS = {
    "sd-card": {"mmcblk0": "card"},
    "mtp-phone": {"1-4": "phone"},
    "player-by-hint": {"1-4": "phone"},
    "tethered-phone": {"1-4": "tethered-phone"},
    "ethernet-dock": {"2-1": "dock", "2-1.1": "network-adapter"},
}
NOTHING = ("keyboard", "security-key", "headset")
NAMES = sorted({*STORAGE, *PORTS, *NOTHING})


@cache
def seen(name: str) -> dict[str, Any]:
    """What is seen of a captured device."""
    device = str(DEVICES / f"{name}.umockdev")
    found: dict[str, Any] = replayed("umockdev-run", "-d", device, "--")
    return found


def replayed(program: str, *before: str, given: tuple[str, ...] = ()) -> Any:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program}")
    command = [path, *before, sys.executable, "-m", "tests.captured_sight", *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return json.loads(done.stdout)


def test_every_file_is_expected_to_be_something() -> None:
    assert sorted(file.stem for file in DEVICES.glob("*.umockdev")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_storage_on_usb_and_what_is_not(name: str) -> None:
    storage = seen(name)["storage"]
    found = {one: (told["disks"], told["parts"]) for one, told in storage.items()}
    assert found == STORAGE.get(name, {})


@pytest.mark.parametrize("name", NAMES)
def test_what_else_carries_files_or_a_network_and_what_does_not(name: str) -> None:
    found = {one: told["what"] for one, told in seen(name)["ports"].items()}
    assert found == PORTS.get(name, {})


@pytest.mark.parametrize("name", NAMES)
def test_enforcement_takes_storage_and_refuses_everything_else(name: str) -> None:
    found = {one: parts for one, parts in seen(name)["blockable"].items() if parts is not None}
    assert found == {one: [f"{one}:1.0"] for one in STORAGE.get(name, {})}


def test_only_the_stick_that_types_is_marked_as_a_keyboard() -> None:
    marked = {name for name in STORAGE for one in seen(name)["storage"].values() if one["keyboard"]}
    assert marked == {"stick-that-types"}


def test_a_hub_between_laptop_and_disk_is_looked_at_and_refused() -> None:
    assert set(seen("uas-disk-behind-hub")["blockable"]) == {"2-1", "2-1.4"}


def test_serial_numbers_are_read_from_the_device_itself() -> None:
    assert seen("usb-stick")["storage"]["2-1"]["serial"] == "INVENTED0001"
    assert seen("tethered-phone")["ports"]["1-4"]["serial"] == "INVENTED0004"


def test_a_card_is_seen_with_its_disk() -> None:
    assert seen("sd-card")["ports"]["mmcblk0"]["disks"] == ["mmcblk0"]


@pytest.mark.parametrize(
    ("collector", "plugged", "lines"),
    [
        (
            "usb",
            ("usb-stick", "stick-that-types"),
            ["usb-storage-attached 2-1", "usb-storage-attached 1-2"],
        ),
        (
            "ports",
            ("mtp-phone", "sd-card"),
            ["port-device-attached 1-4", "port-device-attached mmcblk0"],
        ),
    ],
)
def test_what_is_plugged_in_later_is_told_when_udev_says_so(
    collector: str, plugged: tuple[str, ...], lines: list[str]
) -> None:
    files = tuple(str(DEVICES / f"{name}.umockdev") for name in plugged)
    assert replayed("umockdev-wrapper", given=(collector, *files)) == lines

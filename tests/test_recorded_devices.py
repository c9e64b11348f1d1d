"""Devices of a real kernel, captured by ``./dev lab record``, replayed by umockdev without root.

The real libudev, pyudev and paths are at work; only the kernel is a recording.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DEVICES = ROOT / "tests/data/recorded"
STORAGE = {
    "stick-fat": ["sda"],
    "stick-luks": ["sda"],
    "uas-disk-behind-hub": ["sda"],
    "two-units": ["sda", "sdb"],
    "reader-empty": ["sda"],
    "stick-and-keyboard": ["sda"],
}
"""The disks of each that has any."""
PORTS = {"network-adapter": "network-adapter", "phone": "phone"}
NOBODYS = ("keyboard", "mouse", "smart-card", "headset")


def replayed(name: str) -> dict[str, Any]:
    """What the product makes of a captured device."""
    program = shutil.which("umockdev-run")
    if program is None:
        pytest.skip("needs umockdev-run")
    done = subprocess.run(
        [program, "-d", DEVICES / f"{name}.umockdev", "--", sys.executable, "-m", "tests.recorded"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_captured_device_has_its_test() -> None:
    known = {*STORAGE, *PORTS, *NOBODYS}
    assert {path.stem for path in DEVICES.glob("*.umockdev")} == known


@pytest.mark.parametrize("name", sorted(STORAGE))
def test_storage_is_seen_with_its_disks_and_can_be_blocked(name: str) -> None:
    found = replayed(name)
    ((device, stick),) = found["storage"].items()
    assert [disk["name"] for disk in stick["disks"]] == STORAGE[name]
    assert all(disk["sequence"] > 0 for disk in stick["disks"])
    assert stick["keyboard"] is (name == "stick-and-keyboard")
    assert found["ports"] == {}
    blocked = found["blockable"].pop(device)
    assert blocked == [f"{device}:1.0"], "the storage and nothing else"
    assert set(found["blockable"].values()) <= {"unsupported"}, "no hub"


def test_what_a_stick_says_of_itself_is_read_from_the_device() -> None:
    (stick,) = replayed("stick-luks")["storage"].values()
    assert (stick["vendor"], stick["product"], stick["serial"]) == (0x46F4, 1, "INVENTED-2")
    (disk,) = stick["disks"]
    assert disk["size"] == 64 * 1024 * 1024
    assert [(part["offset"], part["size"]) for part in disk["parts"]] == [(2**20, 63 * 2**20)]


def test_a_stick_behind_a_hub_is_itself_and_not_the_hub() -> None:
    found = replayed("uas-disk-behind-hub")
    (name,) = found["storage"]
    assert "." in name
    assert found["blockable"][name.rpartition(".")[0]] == "unsupported"


def test_an_empty_reader_has_a_disk_without_a_size() -> None:
    (reader,) = replayed("reader-empty")["storage"].values()
    assert reader["disks"][0]["size"] == 0


@pytest.mark.parametrize(("name", "what"), sorted(PORTS.items()))
def test_what_is_no_storage_is_told_of_and_never_blocked(name: str, what: str) -> None:
    found = replayed(name)
    assert list(found["ports"].values()) == [what]
    assert found["storage"] == {}
    assert set(found["blockable"].values()) == {"unsupported"}


@pytest.mark.parametrize("name", NOBODYS)
def test_keyboards_mice_smart_cards_and_sound_are_left_alone(name: str) -> None:
    found = replayed(name)
    assert (found["storage"], found["ports"]) == ({}, {})
    assert set(found["blockable"].values()) == {"unsupported"}

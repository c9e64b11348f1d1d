"""What kind of laptop it is: words and numbers from what a machine says of itself."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.checks.laptop import Shape, System
from collectors.checks.laptop_linux import laptop
from tests.made_up_system import MadeUp, aged

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def system(tmp_path: Path) -> MadeUp:
    made = MadeUp(tmp_path)
    made.write("/sys/class/dmi/id/sys_vendor", "Invented\n")
    made.write("/sys/class/dmi/id/product_name", "Note\u202eBook 14\n")
    made.write("/sys/class/dmi/id/chassis_type", "10\n")
    made.write("/etc/os-release", 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\n')
    made.write("/proc/meminfo", "MemTotal:        7912345 kB\nMemFree: 1 kB\n")
    aged(made.write("/etc/machine-id", "0" * 32), 100, NOW.timestamp())
    return made


def test_a_laptop_says_what_it_is(system: MadeUp) -> None:
    seen = laptop(system.root, NOW)
    assert (seen.shape, seen.model) == (Shape.LAPTOP, "Invented Note Book 14")
    assert (seen.system, seen.major, seen.minor) == (System.UBUNTU, 24, 4)
    assert (seen.memory, seen.months) == (16, 3)


def test_a_virtual_machine_is_one_whatever_its_case_says(system: MadeUp) -> None:
    system.write("/sys/class/dmi/id/sys_vendor", "QEMU\n")
    assert laptop(system.root, NOW).shape is Shape.VIRTUAL


@pytest.mark.parametrize(
    ("release", "system", "major", "minor"),
    [
        ("ID=debian\nVERSION_ID='12'\n", System.DEBIAN, 12, -1),
        ("ID=opensuse-leap\nVERSION_ID=15.6\n", System.OPENSUSE, 15, 6),
        ("ID=invented\nVERSION_ID=a.b\n", System.OTHER, -1, -1),
        ("", System.OTHER, -1, -1),
        (b"\xff\x00=\n=ID\nID\n", System.OTHER, -1, -1),
    ],
)
def test_a_system_is_a_word_and_two_numbers(
    tmp_path: Path, release: str | bytes, system: System, major: int, minor: int
) -> None:
    MadeUp(tmp_path).write("/etc/os-release", release)
    seen = laptop(tmp_path, NOW)
    assert (seen.system, seen.major, seen.minor) == (system, major, minor)


def test_a_machine_that_says_nothing_is_not_known(tmp_path: Path) -> None:
    seen = laptop(tmp_path, NOW)
    assert (seen.shape, seen.model, seen.memory, seen.months) == (Shape.OTHER, "", 0, -1)


def test_a_moment_before_the_clock_was_set_is_no_age(system: MadeUp) -> None:
    aged(system.write("/var/log/installer/x").parent, 20_000, NOW.timestamp())
    assert laptop(system.root, NOW).months == 3

"""Disk encryption: followed from a file system down to the disk, in a tree like the kernel's."""

from pathlib import Path

import pytest

from collectors.checks.storage_linux import Kept, disk_encryption, file_system, mounted
from collectors.checks.told import Why
from tests.made_up_system import MadeUp

LUKS = "CRYPT-LUKS2-0123456789abcdef-luks-root"


@pytest.fixture
def system(tmp_path: Path) -> MadeUp:
    """A disk with two partitions in the open, and no swap."""
    made = MadeUp(tmp_path)
    made.block("sda", "8:0")
    made.part("sda", "sda1", "8:1")
    made.part("sda", "sda2", "8:2")
    made.swaps()
    return made


def luks(system: MadeUp, name: str = "dm-0", device: str = "254:0", on: str = "sda2") -> None:
    system.block(name, device, uuid=LUKS, label="luks-root", on=(on,))


def why(system: MadeUp) -> Why:
    return disk_encryption(system.root, ["/home/anna"]).why


def test_a_plain_disk_is_not_encrypted(system: MadeUp) -> None:
    system.mount("/", "8:1")
    assert why(system) is Why.NOT_ENCRYPTED


def test_everything_on_luks_is_encrypted(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "254:0")
    assert why(system) is Why.ALL_ENCRYPTED


def test_volumes_of_lvm_on_luks_are_encrypted(system: MadeUp) -> None:
    luks(system)
    system.block("dm-1", "254:1", uuid="LVM-abc", label="vg-root", on=("dm-0",))
    system.block("dm-2", "254:2", uuid="LVM-def", label="vg-swap", on=("dm-0",))
    system.mount("/", "254:1")
    system.swaps("/dev/dm-2 partition")
    assert why(system) is Why.ALL_ENCRYPTED


def test_a_volume_that_also_lies_on_a_plain_disk_is_plain(system: MadeUp) -> None:
    luks(system)
    system.block("dm-1", "254:1", uuid="LVM-abc", label="vg-root", on=("dm-0", "sda1"))
    system.mount("/", "254:1")
    assert why(system) is Why.NOT_ENCRYPTED


def test_a_plain_system_with_an_encrypted_home_is_told_apart(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "8:1")
    system.mount("/home", "254:0")
    assert why(system) is Why.SYSTEM_NOT_ENCRYPTED


def test_one_home_on_a_plain_disk_is_enough(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "254:0")
    system.mount("/home/anna", "8:1")
    assert why(system) is Why.NOT_ENCRYPTED
    assert disk_encryption(system.root, ["/home/bo"]).why is Why.ALL_ENCRYPTED


def test_a_partition_on_an_encrypted_array_is_encrypted(system: MadeUp) -> None:
    luks(system)
    system.block("md0", "9:0", on=("dm-0",))
    system.part("md0", "md0p1", "259:0")
    system.mount("/", "259:0")
    assert why(system) is Why.ALL_ENCRYPTED


def test_plain_swap_is_told_and_swap_in_memory_is_not(system: MadeUp) -> None:
    luks(system)
    system.block("zram0", "253:0")
    system.mount("/", "254:0")
    system.swaps("/dev/zram0 partition")
    assert why(system) is Why.ALL_ENCRYPTED
    system.swaps("/dev/zram0 partition", "/dev/sda1 partition")
    assert why(system) is Why.SWAP_NOT_ENCRYPTED


def test_memory_that_is_written_to_a_disk_is_unknown(system: MadeUp) -> None:
    luks(system)
    (system.block("zram0", "253:0") / "backing_dev").write_text("/dev/sda1\n")
    system.mount("/", "254:0")
    system.swaps("/dev/zram0 partition")
    assert why(system) is Why.NOT_TOLD


def test_a_swap_file_lies_on_its_file_system(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "254:0")
    system.mount("/plain\\040place", "8:1")
    system.swaps("/swapfile file")
    assert why(system) is Why.ALL_ENCRYPTED
    system.swaps("/plain\\040place/swapfile file")
    assert why(system) is Why.SWAP_NOT_ENCRYPTED


def test_swap_that_cannot_be_told_is_unknown(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "254:0")
    for lines in (["/dev/gone partition"], ["nonsense"]):
        system.swaps(*lines)
        assert why(system) is Why.NOT_TOLD
    (system.root / "proc/swaps").unlink()
    assert why(system) is Why.NOT_TOLD


def test_btrfs_is_found_by_its_source_and_all_its_devices(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "0:35", "btrfs", "/dev/mapper/luks-root")
    assert why(system) is Why.ALL_ENCRYPTED
    devices = system.root / "sys/fs/btrfs/1234/devices"
    devices.mkdir(parents=True)
    for name in ("dm-0", "sda1"):
        (devices / name).symlink_to((system.root / "sys/class/block" / name).resolve())
    assert why(system) is Why.NOT_ENCRYPTED


@pytest.mark.parametrize(
    ("device", "kind", "source"),
    [
        ("0:40", "overlay", "overlay"),
        ("0:41", "nfs4", "server.example:/root"),
        ("0:42", "zfs", "rpool/ROOT"),
        ("8:77", "ext4", "/dev/gone"),
        ("0:43", "btrfs", "/dev/mapper/gone"),
    ],
)
def test_what_lies_on_no_disk_of_this_laptop_is_unknown(
    system: MadeUp, device: str, kind: str, source: str
) -> None:
    system.mount("/", device, kind, source)
    assert why(system) is Why.NOT_TOLD


def test_a_loop_device_is_unknown(system: MadeUp) -> None:
    system.block("loop0", "7:0")
    system.mount("/", "7:0")
    assert why(system) is Why.NOT_TOLD


@pytest.mark.parametrize(
    "place", ["/.fscrypt/policies/abc", "/home/.fscrypt/policies/abc", "/home/anna.home"]
)
def test_homes_that_are_encrypted_by_folder_are_partly_so(system: MadeUp, place: str) -> None:
    system.mount("/", "8:1")
    system.write(place)
    assert why(system) is Why.HOME_PARTLY_ENCRYPTED


def test_a_home_on_ecryptfs_is_partly_encrypted(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "254:0")
    system.mount("/home/anna", "0:50", "ecryptfs", "/home/anna/.Private")
    assert why(system) is Why.HOME_PARTLY_ENCRYPTED


def test_of_two_mounts_on_one_path_the_last_counts(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "8:1")
    system.mount("/", "254:0")
    assert file_system(system.root, "/home/anna") is Kept.ENCRYPTED


def test_a_name_that_only_begins_alike_is_another_place(system: MadeUp) -> None:
    luks(system)
    system.mount("/", "254:0")
    system.mount("/home/an", "8:1")
    assert file_system(system.root, "/home/anna") is Kept.ENCRYPTED


def test_a_table_that_makes_no_sense_is_no_mount(system: MadeUp) -> None:
    system.write("/proc/self/mountinfo", b"\xff\xfe \x00 nonsense\n - \n1 2 3 - ext4 x\n" * 9)
    assert list(mounted(system.root)) == []
    assert why(system) is Why.NOT_TOLD

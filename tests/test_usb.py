"""USB storage: a copied device tree is read, real images probed, changes become observations."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import CollectorError, CoverageLost, CoverageRestored, Gap, Keyed, Stop
from collectors.disk_linux import open_disk
from collectors.media import probe as media_probe
from collectors.media.probe import ProbeError, probe, read_answer
from collectors.media.tables import Span
from collectors.media.verdict import Role, Verdict, Volume, VolumeKind, Why
from collectors.usb import (
    SETTINGS,
    UsbCollector,
    UsbStorageAttached,
    UsbStorageRemoved,
    make,
)
from collectors.usb_device import Disk, UsbDevice, clean, device_name, size_band
from collectors.usb_linux import UsbTree

MIB = 1024 * 1024
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOOLS = "/usr/sbin:/usr/bin:/sbin:/bin"


# --- a device tree on disk ------------------------------------------------------------------------


class Sysfs:
    """A copied piece of sysfs, laid out as the kernel does it, with udev's sign beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "sys"
        self.nodes = root / "dev"
        self.udev = root / "udev-control"
        for folder in (self.root / "block", self.root / "bus/usb/devices", self.nodes):
            folder.mkdir(parents=True)
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listening.bind(str(self.udev))
        self.listening.listen()

    def tree(self) -> UsbTree:
        return UsbTree(self.root, self.nodes, self.udev)

    def device(self, name: str = "1-2", **attributes: str) -> Path:
        usual = {
            "idVendor": "0951",
            "idProduct": "1666",
            "busnum": "1",
            "devnum": "7",
            "serial": "60A44C425324F1A0",
            "manufacturer": "Kingston",
            "product": "DataTraveler 3.0",
        }
        parents = name.rpartition(".")[0]
        home = self.root / "devices/pci0000:00/usb1" / parents / name
        write(home, {**usual, **attributes})
        (self.root / "bus/usb/devices" / name).symlink_to(home)
        return home

    def disk(self, home: Path, name: str, *, mib: int = 64, sequence: int = 11) -> Path:
        block = home / f"{home.name}:1.0/host3/target3:0:0/3:0:0:0/block" / name
        number = f"8:{16 * (ord(name[-1]) - ord('a'))}"
        write(
            block,
            {
                "dev": number,
                "size": str(mib * 2048),
                "diskseq": str(sequence),
                "queue/logical_block_size": "512",
            },
        )
        (self.root / "block" / name).symlink_to(block)
        return block

    def part(self, block: Path, number: int, start: int, size: int) -> Path:
        part = block / f"{block.name}{number}"
        write(part, {"partition": str(number), "start": str(start), "size": str(size)})
        return part

    def interface(self, home: Path, name: str, kind: str, protocol: str) -> Path:
        folder = home / f"{home.name}:{name}"
        write(folder, {"bInterfaceClass": kind, "bInterfaceProtocol": protocol})
        return folder


def write(folder: Path, attributes: Mapping[str, str]) -> None:
    for name, value in attributes.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(value.encode("utf-8", "surrogateescape") + b"\n")


@pytest.fixture
def sysfs(tmp_path: Path) -> Iterator[Sysfs]:
    copied = Sysfs(tmp_path)
    yield copied
    copied.listening.close()


def test_a_stick_is_found_with_its_disk_and_partitions(sysfs: Sysfs) -> None:
    block = sysfs.disk(sysfs.device("1-2.3"), "sda")
    sysfs.part(block, 1, 2048, 126_976)
    (device,) = sysfs.tree().devices().values()
    assert (device.name, device.busnum, device.devnum) == ("1-2.3", 1, 7)
    assert (device.vendor, device.product) == (0x0951, 0x1666)
    assert (device.serial, device.model) == ("60A44C425324F1A0", "Kingston DataTraveler 3.0")
    (disk,) = device.disks
    assert (disk.name, disk.number, disk.size, disk.sequence) == ("sda", "8:0", 64 * MIB, 11)
    assert disk.parts == (Span(MIB, 62 * MIB),)


def test_two_units_of_one_device_are_one_device(sysfs: Sysfs) -> None:
    home = sysfs.device()
    sysfs.disk(home, "sda")
    sysfs.disk(home, "sdb")
    (device,) = sysfs.tree().devices().values()
    assert [disk.name for disk in device.disks] == ["sda", "sdb"]


def test_a_disk_that_hangs_on_no_usb_device_is_left_alone(sysfs: Sysfs) -> None:
    write(sysfs.root / "devices/pci0000:00/ata1/block/sda", {"dev": "8:0", "size": "2048"})
    (sysfs.root / "block/sda").symlink_to(sysfs.root / "devices/pci0000:00/ata1/block/sda")
    assert sysfs.tree().devices() == {}


def test_a_keyboard_without_a_disk_is_left_alone(sysfs: Sysfs) -> None:
    sysfs.interface(sysfs.device(), "1.0", "03", "01")
    assert sysfs.tree().devices() == {}


@pytest.mark.parametrize(
    ("kind", "protocol", "keys", "expected"),
    [
        ("03", "01", "", True),
        ("03", "00", "10000 7fffffffffffff fffffffffffffffe", True),
        ("03", "00", "1c0000 0 0 0 0", False),
        ("08", "50", "", False),
    ],
)
def test_a_stick_that_also_types_is_marked(
    sysfs: Sysfs, kind: str, protocol: str, keys: str, expected: bool
) -> None:
    home = sysfs.device()
    sysfs.disk(home, "sda")
    folder = sysfs.interface(home, "1.1", kind, protocol)
    if keys:
        write(folder / "0003:0951:1666.0001/input/input9/capabilities", {"key": keys})
    (device,) = sysfs.tree().devices().values()
    assert device.keyboard is expected


def test_an_unlocked_volume_is_seen_through_its_holder(sysfs: Sysfs) -> None:
    block = sysfs.disk(sysfs.device(), "sda")
    part = sysfs.part(block, 1, 2048, 126_976)
    assert not sysfs.tree().devices()["1-2"].disks[0].opened
    write(part / "holders/dm-0/dm", {"uuid": "CRYPT-LUKS2-0123-luks-0123"})
    assert sysfs.tree().devices()["1-2"].disks[0].opened


def test_attributes_that_make_no_sense_hide_no_other_device(sysfs: Sysfs) -> None:
    sysfs.disk(sysfs.device("1-1", devnum="seven"), "sda")
    sysfs.disk(sysfs.device("1-2"), "sdb")
    sysfs.disk(sysfs.device("1-3", idVendor="zzzz"), "sdc")
    assert list(sysfs.tree().devices()) == ["1-2"]


def test_a_blocked_device_is_still_present_and_another_in_its_place_is_not(sysfs: Sysfs) -> None:
    home = sysfs.device()
    sysfs.disk(home, "sda")
    tree = sysfs.tree()
    device = tree.devices()["1-2"]
    assert tree.present(device)
    (home / "devnum").write_text("8\n")
    assert not tree.present(device)


def test_without_udev_the_tree_says_so(sysfs: Sysfs) -> None:
    tree = sysfs.tree()
    assert tree.answers()
    sysfs.listening.close()
    assert sysfs.udev.exists()
    assert not tree.answers(), "the daemon is gone, though its socket's file is there"
    sysfs.udev.unlink()
    assert not tree.answers()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/sys/devices/pci0000:00/usb1/1-2/1-2.3/1-2.3:1.0/host3/block/sda/sda1", "1-2.3"),
        ("/sys/devices/pci0000:00/usb1/1-2", "1-2"),
        ("/sys/devices/pci0000:00/usb1", None),
        ("/sys/devices/virtual/block/dm-0", None),
    ],
)
def test_the_innermost_usb_device_is_named(path: str, name: str | None) -> None:
    assert device_name(path) == name


# --- text from outside ----------------------------------------------------------------------------


def test_marks_that_hide_or_turn_text_do_not_get_in(sysfs: Sysfs) -> None:
    serial = "AB\x1b[31m\u202eFED\u200b\udcff" + "x" * 300
    sysfs.disk(sysfs.device(serial=serial), "sda")
    text = sysfs.tree().devices()["1-2"].serial
    assert text.startswith("AB [31m FED") and len(text) == 128


@given(st.text(max_size=400))
def test_cleaned_text_is_short_and_printable(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 128
    assert cleaned.isprintable()
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("size", "band"), [(0, 0), (1, 1), (7_900_000_000, 8), (15_700_000_000, 16), (2 * 10**12, 2048)]
)
def test_a_size_is_told_as_a_band(size: int, band: int) -> None:
    assert size_band(size) == band


# --- the probe ------------------------------------------------------------------------------------


def luks_image(path: Path) -> Path:
    program = shutil.which("cryptsetup", path=TOOLS)
    if program is None:
        pytest.skip("needs cryptsetup")
    with path.open("wb") as file:
        file.truncate(20 * MIB)
    command = [program, "luksFormat", "-q", "--type", "luks2", "--pbkdf", "pbkdf2"]
    command += ["--pbkdf-force-iterations", "1000", str(path), "-"]
    subprocess.run(command, input=b"invented", check=True, timeout=60)
    return path


def test_the_probe_reads_a_disk_in_a_child_of_its_own(tmp_path: Path) -> None:
    with luks_image(tmp_path / "disk").open("rb") as disk:
        (volume,) = probe(disk.fileno())
    assert volume == Volume(offset=0, size=20 * MIB, kind=VolumeKind.LUKS2)


def test_no_medium_needs_no_probe(tmp_path: Path) -> None:
    (tmp_path / "disk").touch()
    with (tmp_path / "disk").open("rb") as disk:
        assert probe(disk.fileno()) == ()


@pytest.mark.parametrize(
    "attempt", ["open('/etc/hostname')", "os.fork()", "os.listdir('/')", "socket.socket()"]
)
def test_the_child_is_shut_in_before_it_reads(attempt: str) -> None:
    """The answer is made inside the sandbox: an attempt made in its place gets nowhere."""
    code = (
        "import os, socket, sys; from collectors.media import probe\n"
        "def attempt(asked, disk):\n"
        f"    try: {attempt}; return 'got out'\n"
        "    except PermissionError: return 'refused'\n"
        "probe.answer_for = attempt\n"
        "sys.exit(probe.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "{}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
    )
    assert (done.stdout, done.returncode) == (b"refused", 0), done.stderr


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[" * 5000,
        b'{"volumes": []}',
        b'{"volumes": [[0, 99, "luks2", "data"]]}',
        b'{"volumes": [[0, -1, "luks2", "data"]]}',
        b'{"volumes": [[0, true, "luks2", "data"]]}',
        b'{"volumes": [[0, 10, "perfectly-safe", "data"]]}',
        b'{"volumes": [[0, 10, "luks2"]]}',
        b'{"volumes": [' + b",".join([b'[0, 10, "luks2", "data"]'] * 300) + b"]}",
    ],
)
def test_an_answer_that_makes_no_sense_is_no_verdict(answer: bytes) -> None:
    with pytest.raises(ProbeError):
        read_answer(answer, 64)


def test_a_probe_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk").write_bytes(bytes(4096))
    monkeypatch.setattr(media_probe, "request", lambda seen, sector: "no request at all")
    with (tmp_path / "disk").open("rb") as disk, pytest.raises(ProbeError):
        probe(disk.fileno())


def test_a_plain_file_is_no_disk(tmp_path: Path) -> None:
    (tmp_path / "sda").write_bytes(bytes(4096))
    with pytest.raises(OSError, match="is not the disk"), open_disk(tmp_path / "sda", "8:0"):
        pass


def test_a_disk_that_cannot_be_opened_is_unreadable_not_encrypted(sysfs: Sysfs) -> None:
    sysfs.disk(sysfs.device(), "sda")
    tree = sysfs.tree()
    (volume,) = tree.volumes(tree.devices()["1-2"].disks[0])
    assert volume.kind is VolumeKind.UNREADABLE


@pytest.mark.root
def test_a_real_block_device_is_opened_by_its_number_and_probed(tmp_path: Path) -> None:
    losetup = shutil.which("losetup", path=TOOLS)
    if losetup is None:
        pytest.skip("needs losetup")
    image = luks_image(tmp_path / "disk")
    attach = [losetup, "--find", "--show", "--read-only", str(image)]
    done = subprocess.run(attach, capture_output=True, timeout=30, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"needs a loop device: {done.stderr.strip()}")
    node = Path(done.stdout.strip())
    try:
        number = node.stat().st_rdev
        disk = replace(DISK, name=node.name, number=f"{os.major(number)}:{os.minor(number)}")
        tree = UsbTree(nodes=node.parent)
        assert [volume.kind for volume in tree.volumes(disk)] == [VolumeKind.LUKS2]
        wrong = replace(disk, number="259:7")
        assert [volume.kind for volume in tree.volumes(wrong)] == [VolumeKind.UNREADABLE]
    finally:
        subprocess.run([losetup, "--detach", str(node)], check=True, timeout=30)


# --- from changes to observations -----------------------------------------------------------------

DISK = Disk(
    name="sda", number="8:0", size=20 * MIB, sector=512, sequence=11, parts=(), opened=False
)
STICK = UsbDevice(
    name="1-2",
    busnum=1,
    devnum=7,
    vendor=0x0951,
    product=0x1666,
    serial="60A44C425324F1A0",
    model="Kingston DataTraveler",
    label="KLAS 4",
    keyboard=False,
    disks=(DISK,),
)


class Scenes:
    """A tree that shows one scene after another; the last one sets the stop."""

    def __init__(self, *scenes: dict[str, object]) -> None:
        self.scenes = list(scenes)
        self.at = 0
        self.pulled = False

    def _now(self, name: str, default: object) -> object:
        return self.scenes[self.at].get(name, default)

    def answers(self) -> bool:
        return bool(self._now("answers", True))

    def devices(self) -> Mapping[str, UsbDevice]:
        found = [] if self.pulled else self._now("devices", [STICK])
        return {device.name: device for device in found}

    def present(self, device: UsbDevice) -> bool:
        return bool(self._now("present", False))

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        kinds = self._now("kinds", [VolumeKind.LUKS2])
        self.pulled = bool(self._now("pulled", False))
        return tuple(Volume(offset=i, size=MIB, kind=kind) for i, kind in enumerate(kinds))

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        touched = self._now("touched", [])
        if self.at + 1 == len(self.scenes):
            stop.set()
        else:
            self.at += 1
        return frozenset(touched)

    def boot(self) -> str:
        return "invented-boot"


def play(*scenes: dict[str, object]) -> list[object]:
    collector = UsbCollector(Scenes(*scenes), now=lambda: AT)
    return list(collector.observe(threading.Event()))


def test_what_is_attached_at_the_start_is_told_first() -> None:
    (seen,) = play({})
    assert isinstance(seen, UsbStorageAttached)
    assert (seen.judgement.verdict, seen.judgement.why) == (Verdict.ENCRYPTED, Why.LUKS2)


def test_a_stick_that_comes_and_goes_makes_two_observations() -> None:
    came, went = play({"devices": []}, {}, {"devices": []})
    assert isinstance(came, UsbStorageAttached)
    assert isinstance(went, UsbStorageRemoved)
    assert came.subject == went.subject == "1-2"


def test_nothing_new_is_no_news() -> None:
    assert len(play({}, {}, {})) == 1


def test_what_udev_speaks_of_anew_is_judged_and_told_anew_under_the_same_key() -> None:
    first, second = play({"touched": ["1-2"]}, {})
    assert first.once() == second.once()


def test_a_stick_that_is_formatted_while_attached_is_judged_again() -> None:
    first, second = play({"touched": ["1-2"]}, {"kinds": [VolumeKind.VFAT]})
    assert first.judgement.verdict is Verdict.ENCRYPTED
    assert second.judgement.verdict is Verdict.UNENCRYPTED


def test_a_stick_that_is_pulled_while_it_is_read_is_no_unknown_stick() -> None:
    unreadable = [VolumeKind.UNREADABLE]
    came, went = play({"touched": ["1-2"]}, {"kinds": unreadable, "pulled": True}, {"devices": []})
    assert isinstance(came, UsbStorageAttached) and came.judgement.verdict is Verdict.ENCRYPTED
    assert isinstance(went, UsbStorageRemoved)


def test_a_stick_that_cannot_be_read_and_stays_is_told_as_unknown() -> None:
    (seen,) = play({"kinds": [VolumeKind.UNREADABLE]})
    assert (seen.judgement.verdict, seen.judgement.why) == (Verdict.UNKNOWN, Why.PROBE_FAILED)


def test_a_partition_that_arrives_late_is_judged() -> None:
    late = replace(STICK, disks=(replace(DISK, parts=(Span(MIB, MIB),)),))
    kinds = [VolumeKind.LUKS2, VolumeKind.VFAT]
    _, second = play({}, {"devices": [late], "kinds": kinds})
    assert second.judgement.why is Why.MIXED


def test_another_stick_in_the_same_place_is_a_removal_and_an_arrival() -> None:
    other = replace(STICK, devnum=8, serial="other")
    kinds = [type(seen).__name__ for seen in play({}, {"devices": [other]})]
    assert kinds == ["UsbStorageAttached", "UsbStorageRemoved", "UsbStorageAttached"]


def test_a_blocked_stick_is_not_removed_until_it_is_pulled_out() -> None:
    blocked = {"devices": [], "present": True}
    _, gone = play({}, blocked, blocked, {"devices": [], "present": False})
    assert isinstance(gone, UsbStorageRemoved)


def test_a_blocked_stick_that_is_let_in_again_is_told_again() -> None:
    again = replace(STICK, disks=(replace(DISK, name="sdb", sequence=12),))
    first, second = play({}, {"devices": [], "present": True}, {"devices": [again]})
    assert isinstance(second, UsbStorageAttached)
    assert first.once() != second.once()


def test_without_udev_it_is_said_once_and_sticks_are_still_seen() -> None:
    seen = play({"answers": False}, {"answers": False}, {"answers": True})
    assert [type(one).__name__ for one in seen] == [
        "CoverageLost",
        "UsbStorageAttached",
        "CoverageRestored",
    ]
    lost, _, restored = seen
    assert isinstance(lost, CoverageLost) and lost.gap is Gap.MISSING
    assert isinstance(restored, CoverageRestored)
    assert lost.what == restored.what == "usb"


def test_an_empty_card_reader_has_no_medium() -> None:
    (seen,) = play({"kinds": []})
    assert seen.judgement.verdict is Verdict.NO_MEDIUM


def attached(**changes: object) -> UsbStorageAttached:
    (seen,) = play({"devices": [replace(STICK, **changes)]})
    assert isinstance(seen, UsbStorageAttached)
    return seen


def test_facts_hold_words_numbers_and_a_keyed_digest() -> None:
    facts = attached().facts()
    assert facts == {
        "vendor": 0x0951,
        "product": 0x1666,
        "device": Keyed("0951:1666:60A44C425324F1A0", shared=True),
        "verdict": Verdict.ENCRYPTED,
        "why": Why.LUKS2,
        "size-gb": 1,
        "volumes": 1,
        "also-keyboard": False,
        "opened": False,
    }


def test_serial_and_label_are_details_only() -> None:
    seen = attached()
    assert seen.details()["serial"] == "60A44C425324F1A0"
    assert seen.details()["label"] == "KLAS 4"
    assert seen.details()["volumes"] == f"luks2 ({Role.DATA})"
    readable = {name: value for name, value in seen.facts().items() if name != "device"}
    assert "60A44C425324F1A0" not in str(readable) and "KLAS" not in str(readable)


def test_the_proof_names_the_device_that_was_judged() -> None:
    assert attached().proof() == {
        "busnum": 1,
        "devnum": 7,
        "vendor": "0951",
        "product": "1666",
        "media": "sda=11",
        "encrypted": 1,
    }


def test_the_settings_make_a_collector_and_nonsense_is_refused() -> None:
    usual = {name: setting.default for name, setting in SETTINGS.items()}
    assert make({**usual, "state": Path("unused")}).name == "usb"
    with pytest.raises(CollectorError):
        make({**usual, "retry_seconds": 0})


def test_the_collector_ends_soon_after_it_is_told_to(sysfs: Sysfs) -> None:
    stop = threading.Event()
    collector = UsbCollector(sysfs.tree(), settle=0.1, retry=60.0)
    thread = threading.Thread(target=lambda: list(collector.observe(stop)))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_whole_tree_becomes_an_observation(sysfs: Sysfs) -> None:
    """No message of udev is needed for what is there at the start."""
    sysfs.listening.close()
    sysfs.disk(sysfs.device(), "sda")
    stop = threading.Event()
    watching: Iterator[object] = UsbCollector(sysfs.tree(), retry=60.0).observe(stop)
    assert isinstance(next(watching), CoverageLost)
    seen = next(watching)
    assert isinstance(seen, UsbStorageAttached)
    assert seen.judgement.why is Why.PROBE_FAILED

"""Other devices: a copied device tree is read, and what comes and goes becomes observations."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.base import CollectorError, CoverageLost, CoverageRestored, Keyed, Stop
from collectors.media.verdict import Verdict, Volume, VolumeKind, Why
from collectors.port_device import PortDevice, What
from collectors.ports import (
    SETTINGS,
    PortDeviceAttached,
    PortDeviceRemoved,
    PortsCollector,
    make,
)
from collectors.ports_linux import PortsTree
from collectors.udev_linux import Udev
from collectors.usb_device import Disk
from collectors.usb_functions import Interface, function
from tests.test_usb import write

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SERIAL = "R58N30INVENTED"
BRIDGE = "devices/pci0000:00/0000:00:1d.0/0000:05:00.0"


# --- a device tree on disk ------------------------------------------------------------------------


class Sysfs:
    """A copied piece of sysfs with two root hubs: ``usb1`` is slow, ``usb2`` fast."""

    def __init__(self, root: Path) -> None:
        self.root = root / "sys"
        self.tree = PortsTree(self.root, root / "dev", root / "no-udev")
        for folder in ("block", "bus/usb/devices", "bus/thunderbolt/devices"):
            (self.root / folder).mkdir(parents=True)

    def usb(self, name: str, *interfaces: tuple[str, str, str, str], **attributes: str) -> Path:
        usual = {"idVendor": "04e8", "idProduct": "6860", "busnum": name[0], "devnum": "7"}
        usual |= {"serial": SERIAL, "manufacturer": "Invented", "product": "Thing"}
        usual |= {"bDeviceClass": "00", "removable": "removable"}
        parts = name.split(".")
        above = "/".join(".".join(parts[: count + 1]) for count in range(len(parts)))
        home = self.root / f"devices/pci0000:00/0000:00:14.0/usb{name[0]}" / above
        write(home, {**usual, **attributes})
        for number, (kind, subclass, protocol, text) in enumerate(interfaces):
            words = {"bInterfaceClass": kind, "bInterfaceSubClass": subclass}
            words |= {"bInterfaceProtocol": protocol, "interface": text}
            write(home / f"{name}:1.{number}", words)
        return self._on("bus/usb/devices", home)

    def block(self, home: str, name: str, /, **attributes: str) -> Path:
        block = self.root / home / "block" / name
        write(block, {"dev": "179:0", "size": "2048", "diskseq": "9"})
        write(block.parent.parent, attributes)
        (block / "device").symlink_to(block.parent.parent)
        return self._on("block", block)

    def thunderbolt(self, home: str, **attributes: str) -> Path:
        write(self.root / home, attributes)
        (self.root / home).mkdir(parents=True, exist_ok=True)
        return self._on("bus/thunderbolt/devices", self.root / home)

    def _on(self, bus: str, home: Path) -> Path:
        (self.root / bus / home.name).symlink_to(home)
        return home

    def seen(self) -> dict[str, What]:
        return {device.name: device.what for device in self.tree.devices().values()}


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path)


MTP = ("06", "01", "01", "MTP")
RNDIS = ("e0", "01", "03", "RNDIS")
STORAGE = ("08", "06", "50", "")
MOUSE = ("03", "01", "02", "")
KEYBOARD = ("03", "01", "01", "")
NCM = ("02", "0d", "00", "")
OWN_DRIVER = ("ff", "ff", "00", "")
HUB = ("09", "00", "00", "")


@pytest.mark.parametrize(
    ("interfaces", "network", "media", "what"),
    [
        ([MTP], False, False, What.PHONE),
        ([("ff", "ff", "00", "MTP")], False, False, What.PHONE),
        ([OWN_DRIVER], False, True, What.PHONE),
        ([OWN_DRIVER], False, False, None),
        ([OWN_DRIVER], True, False, What.NETWORK_ADAPTER),
        ([NCM], False, False, What.NETWORK_ADAPTER),
        ([("02", "06", "00", ""), ("0a", "00", "00", "")], False, False, What.NETWORK_ADAPTER),
        ([("ef", "04", "01", "")], False, False, What.NETWORK_ADAPTER),
        ([RNDIS, ("0a", "00", "00", "")], True, False, What.TETHERED_PHONE),
        ([MTP, OWN_DRIVER], True, False, What.TETHERED_PHONE),
        ([NCM, ("ff", "42", "01", "ADB Interface")], True, False, What.TETHERED_PHONE),
        ([("ff", "42", "01", "ADB Interface")], False, False, None),
        ([("02", "02", "01", "serial line")], False, False, None),
        ([("e0", "01", "01", "Bluetooth")], False, False, None),
        ([KEYBOARD, MOUSE, ("0b", "00", "00", "CCID")], False, False, None),
        ([("01", "02", "00", ""), ("03", "00", "00", "")], False, False, None),
        ([("0e", "01", "00", "camera")], False, False, None),
        ([STORAGE], False, False, None),
        ([], False, False, None),
    ],
)  # fmt: skip
def test_what_a_device_is_for_is_told_by_its_functions(
    interfaces: list[tuple[str, str, str, str]], network: bool, media: bool, what: What | None
) -> None:
    told = [Interface(kind=k, subclass=s, protocol=p, name=n) for k, s, p, n in interfaces]
    assert function(told, network=network, media=media) is what


def test_the_class_of_a_function_as_a_whole_counts_as_that_of_its_parts() -> None:
    parts = [Interface(kind="02", subclass="02", protocol="ff", whole=("e0", "01", "03"))]
    assert function(parts) is What.TETHERED_PHONE
    assert function([replace(parts[0], whole=("", "", ""))]) is What.NETWORK_ADAPTER


def test_a_telephone_is_found_with_its_numbers(sysfs: Sysfs) -> None:
    home = sysfs.usb("1-2", MTP)
    (device,) = sysfs.tree.devices().values()
    assert (device.name, device.what, device.path) == ("1-2", What.PHONE, str(home))
    assert (device.vendor, device.product) == (0x04E8, 0x6860)
    assert (device.serial, device.model) == (SERIAL, "Invented Thing")
    assert not device.keyboard and not device.disks


def test_an_adapter_with_a_makers_own_driver_is_found_by_its_network(sysfs: Sysfs) -> None:
    home = sysfs.usb("2-1", OWN_DRIVER)
    assert sysfs.seen() == {}
    (home / "2-1:1.0/net/enx021122334455").mkdir(parents=True)
    assert sysfs.seen() == {"2-1": What.NETWORK_ADAPTER}


def test_an_adapter_that_types_is_marked(sysfs: Sysfs) -> None:
    sysfs.usb("1-2", NCM, KEYBOARD)
    (device,) = sysfs.tree.devices().values()
    assert device.keyboard


def test_a_modem_that_is_part_of_the_laptop_is_left_out(sysfs: Sysfs) -> None:
    sysfs.usb("1-3", bDeviceClass="09", removable="fixed")
    sysfs.usb("1-3.1", ("02", "0e", "00", ""), removable="fixed")
    sysfs.usb("1-4", bDeviceClass="09", removable="removable")
    sysfs.usb("1-4.1", ("02", "0e", "00", ""), removable="fixed")
    assert sysfs.seen() == {"1-4.1": What.NETWORK_ADAPTER}


def test_storage_keyboards_hubs_and_sound_are_left_alone(sysfs: Sysfs) -> None:
    sysfs.usb("1-1", HUB, bDeviceClass="09")
    sysfs.usb("1-1.1", STORAGE)
    sysfs.usb("1-1.2", KEYBOARD)
    sysfs.usb("1-1.3", ("01", "01", "00", ""))
    assert sysfs.seen() == {}


def test_a_hub_with_a_network_and_something_else_is_a_dock(sysfs: Sysfs) -> None:
    sysfs.usb("1-1", HUB, bDeviceClass="09")
    sysfs.usb("1-1.1", NCM)
    assert sysfs.seen() == {"1-1.1": What.NETWORK_ADAPTER}
    sysfs.usb("1-1.2", MOUSE)
    assert sysfs.seen() == {"1-1": What.DOCK, "1-1.1": What.NETWORK_ADAPTER}


def test_a_dock_is_one_place_though_it_is_two_hubs(sysfs: Sysfs) -> None:
    slow = sysfs.usb("1-1", HUB, bDeviceClass="09")
    fast = sysfs.usb("2-1", HUB, bDeviceClass="09")
    sysfs.usb("1-1.3", MOUSE)
    sysfs.usb("2-1.1", NCM)
    assert sysfs.seen() == {"2-1.1": What.NETWORK_ADAPTER}
    ports = [hub.parent / f"{hub.name[0]}-0:1.0/usb{hub.name[0]}-port1" for hub in (slow, fast)]
    for port, hub in zip(ports, (slow, fast), strict=True):
        port.mkdir(parents=True)
        (port / "device").symlink_to(hub)
        (hub / "port").symlink_to(port)
    (ports[0] / "peer").symlink_to(ports[1])
    (ports[1] / "peer").symlink_to(ports[0])
    assert sysfs.seen() == {"2-1": What.DOCK, "2-1.1": What.NETWORK_ADAPTER}


def test_a_memory_card_in_the_laptops_reader_is_found(sysfs: Sysfs) -> None:
    place = "devices/pci0000:00/0000:02:00.0/rtsx_pci_sdmmc.0/mmc_host/mmc0/mmc0:aaaa"
    cid = "035344534c36344785a1b2c3d4015a00"
    sysfs.block(place, "mmcblk0", type="SD", name="SL64G", serial="0xa1b2c3d4", cid=cid)
    (device,) = sysfs.tree.devices().values()
    assert (device.name, device.what) == ("mmcblk0", What.CARD)
    assert (device.serial, device.model) == ("0xa1b2c3d4", "SL64G")
    assert (device.vendor, device.product) == (None, None)
    assert [disk.name for disk in device.disks] == ["mmcblk0"]


def test_a_soldered_chip_and_a_card_in_a_usb_reader_are_no_cards(sysfs: Sysfs) -> None:
    reader = "devices/pci0000:00/0000:00:14.0/usb1/1-7"
    sysfs.block("devices/pci0000:00/mmc_host/mmc0/mmc0:0001", "mmcblk0", type="MMC")
    sysfs.usb("1-7", OWN_DRIVER)
    sysfs.block(f"{reader}/1-7:1.0/mmc_host/mmc1/mmc1:aaaa", "mmcblk1", type="SD")
    assert sysfs.seen() == {}


def test_a_disk_that_can_be_pulled_out_is_thunderbolt_storage(sysfs: Sysfs) -> None:
    outer, inner = "devices/pci0000:00/0000:01:00.0", "devices/pci0000:00/0000:02:00.0"
    for home, removable in ((outer, "removable"), (inner, "fixed")):
        words = {"removable": removable, "vendor": "0x144d", "device": "0xa808"}
        write(sysfs.root / home, words)
    sysfs.block(f"{outer}/nvme/nvme1", "nvme1n1", serial="S4INVENTED", model="Invented SSD")
    sysfs.block(f"{inner}/nvme/nvme0", "nvme0n1", serial="S5INVENTED", model="Invented SSD")
    (device,) = sysfs.tree.devices().values()
    assert (device.name, device.what) == ("0000:01:00.0", What.THUNDERBOLT_STORAGE)
    assert (device.vendor, device.product) == (0x144D, 0xA808)
    assert (device.serial, device.model) == ("S4INVENTED", "Invented SSD")


def test_a_disk_behind_the_bridge_of_a_thunderbolt_controller_is_found(sysfs: Sysfs) -> None:
    sysfs.block(f"{BRIDGE}/0000:06:01.0/0000:08:00.0/nvme/nvme1", "nvme1n1")
    sysfs.block("devices/pci0000:00/0000:00:1d.4/0000:04:00.0/nvme/nvme0", "nvme0n1")
    assert sysfs.seen() == {}
    sysfs.thunderbolt(f"{BRIDGE}/0000:06:00.0/0000:07:00.0/domain0")
    assert sysfs.seen() == {"0000:08:00.0": What.THUNDERBOLT_STORAGE}


def test_what_hangs_on_thunderbolt_is_found_and_the_laptop_itself_is_not(sysfs: Sysfs) -> None:
    own = "devices/pci0000:00/0000:00:0d.2/domain0/0-0"
    words = {"vendor": "0x8086", "device": "0x15ef", "unique_id": "00000000-invented"}
    words |= {"vendor_name": "Invented", "device_name": "Dock"}
    sysfs.thunderbolt(own, **words, authorized="1")
    sysfs.thunderbolt(f"{own}/0-1", **words, authorized="1")
    sysfs.thunderbolt(f"{own}/0-3", **words)
    sysfs.thunderbolt(f"{own}/0-3/0-3.0")
    sysfs.thunderbolt(f"{own}/0-0:1.1")
    assert sysfs.seen() == {"0-1": What.THUNDERBOLT_DEVICE, "0-3": What.THUNDERBOLT_COMPUTER}


def test_a_device_that_is_off_is_present_and_another_in_its_place_is_not(sysfs: Sysfs) -> None:
    home = sysfs.usb("1-2", MTP)
    (device,) = sysfs.tree.devices().values()
    for one in (home / "1-2:1.0").iterdir():
        one.unlink()
    assert sysfs.seen() == {} and sysfs.tree.present(device)
    home.rename(home.with_name("pulled"))
    assert not sysfs.tree.present(device)
    home.mkdir()
    assert not sysfs.tree.present(device)


def test_numbers_that_make_no_sense_hide_no_other_device(sysfs: Sysfs) -> None:
    sysfs.usb("1-1", MTP, idVendor="zzzz")
    sysfs.usb("1-2", MTP)
    assert sysfs.seen() == {"1-2": What.PHONE}


def test_marks_that_hide_or_turn_text_do_not_get_in(sysfs: Sysfs) -> None:
    sysfs.usb("1-2", MTP, product="Pho\u202ene\x1b[31m" + "x" * 300)
    (device,) = sysfs.tree.devices().values()
    assert device.model.startswith("Invented Pho ne [31m") and len(device.model) == 128


# --- from changes to observations -----------------------------------------------------------------

DISK = Disk(
    name="mmcblk0", number="179:0", size=10**9, sector=512, sequence=9, parts=(), opened=False
)
PHONE = PortDevice(
    name="1-2",
    path="/sys/devices/usb1/1-2",
    sequence=40,
    what=What.PHONE,
    identity=f"04e8:6860:{SERIAL}",
    vendor=0x04E8,
    product=0x6860,
    serial=SERIAL,
    model="Invented Phone",
)
CARD = PortDevice(
    name="mmcblk0",
    path="/sys/devices/mmc0:aaaa",
    sequence=41,
    what=What.CARD,
    identity="card:0353445",
    serial="0xa1b2c3d4",
    model="SL64G",
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

    def devices(self) -> Mapping[str, PortDevice]:
        found = [] if self.pulled else self._now("devices", [PHONE])
        return {device.path: device for device in found}

    def present(self, device: PortDevice) -> bool:
        return bool(self._now("present", False))

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        self.pulled = bool(self._now("pulled", False))
        return (Volume(offset=0, size=10**9, kind=self._now("holds", VolumeKind.VFAT)),)

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
    collector = PortsCollector(Scenes(*scenes), now=lambda: AT)
    return list(collector.observe(threading.Event()))


def test_what_is_plugged_in_at_the_start_is_told_once() -> None:
    (seen,) = play({}, {"touched": [PHONE.path]}, {})
    assert isinstance(seen, PortDeviceAttached)
    assert (seen.subject, seen.judgement) == ("1-2", None)


def test_a_telephone_that_comes_and_goes_makes_two_observations() -> None:
    came, went = play({"devices": []}, {}, {"devices": []})
    assert isinstance(came, PortDeviceAttached) and isinstance(went, PortDeviceRemoved)
    assert came.subject == went.subject == "1-2"


def test_a_change_that_udev_never_told_of_is_found_at_the_next_look() -> None:
    _, went, came = play({}, {"devices": [CARD]})
    assert isinstance(went, PortDeviceRemoved) and went.subject == "1-2"
    assert isinstance(came, PortDeviceAttached) and came.subject == "mmcblk0"


def test_another_telephone_in_the_same_place_is_a_removal_and_an_arrival() -> None:
    seen = play({}, {"devices": [replace(PHONE, sequence=50)]})
    assert [type(one).__name__ for one in seen] == [
        "PortDeviceAttached",
        "PortDeviceRemoved",
        "PortDeviceAttached",
    ]
    assert seen[0].once() != seen[2].once()


def test_a_telephone_that_begins_to_share_its_connection_is_told_again() -> None:
    first, second = play({}, {"devices": [replace(PHONE, what=What.TETHERED_PHONE)]})
    assert first.once() != second.once()
    assert second.facts()["what"] is What.TETHERED_PHONE


def test_a_device_that_is_switched_off_is_not_removed_until_it_is_pulled_out() -> None:
    off = {"devices": [], "present": True}
    _, gone = play({}, off, off, {"devices": [], "present": False})
    assert isinstance(gone, PortDeviceRemoved)


def test_a_card_is_judged_and_judged_again_when_it_is_formatted() -> None:
    plain = {"devices": [CARD], "touched": [f"{CARD.path}/block/mmcblk0/mmcblk0p1"]}
    first, second = play(plain, {"devices": [CARD], "holds": VolumeKind.LUKS2})
    assert (first.judgement.verdict, first.judgement.why) == (
        Verdict.UNENCRYPTED,
        Why.PLAIN_FILE_SYSTEM,
    )
    assert second.judgement.verdict is Verdict.ENCRYPTED


def test_a_card_that_is_pulled_while_it_is_read_is_not_told_as_unknown() -> None:
    assert play({"devices": [CARD], "holds": VolumeKind.UNREADABLE, "pulled": True}) == []


def test_without_udev_it_is_said_once_and_things_are_still_seen() -> None:
    lost, seen, restored = play({"answers": False}, {"answers": False}, {"answers": True})
    assert isinstance(lost, CoverageLost) and isinstance(seen, PortDeviceAttached)
    assert isinstance(restored, CoverageRestored)
    assert lost.what == restored.what == "ports"


def test_facts_of_a_telephone_hold_words_numbers_and_a_digest() -> None:
    (seen,) = play({})
    assert seen.facts() == {
        "what": What.PHONE,
        "vendor": 0x04E8,
        "product": 0x6860,
        "device": Keyed(f"04e8:6860:{SERIAL}"),
        "also-keyboard": False,
    }
    assert seen.details() == {"serial": SERIAL, "model": "Invented Phone"}


def test_facts_of_a_card_hold_the_verdict_and_no_numbers() -> None:
    (seen,) = play({"devices": [CARD]})
    assert seen.facts() == {
        "what": What.CARD,
        "device": Keyed("card:0353445"),
        "also-keyboard": False,
        "verdict": Verdict.UNENCRYPTED,
        "why": Why.PLAIN_FILE_SYSTEM,
    }


def test_no_proof_is_given_as_nothing_can_be_done() -> None:
    (seen,) = play({})
    assert seen.proof() == {}


def test_the_settings_make_a_collector_and_nonsense_is_refused() -> None:
    usual = {name: setting.default for name, setting in SETTINGS.items()}
    assert make({**usual, "state": Path("unused")}).name == "ports"
    with pytest.raises(CollectorError):
        make({**usual, "settle_milliseconds": 10_001})


def test_the_collector_ends_soon_after_it_is_told_to(sysfs: Sysfs) -> None:
    stop = threading.Event()
    collector = PortsCollector(sysfs.tree, settle=0.1, retry=60.0)
    thread = threading.Thread(target=lambda: list(collector.observe(stop)))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_nobody_waits_for_messages_where_there_is_no_udev(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    udev = Udev("usb", concerns=lambda place: True, control=tmp_path / "none")
    assert not udev.answers()
    assert udev.wait(stop, 0.1, 60.0) == frozenset()

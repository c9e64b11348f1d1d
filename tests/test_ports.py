"""Ports: what is told of a device tree, and of what nothing is told."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.base import CollectorError, Keyed, Observation, Stop
from collectors.port_device import Plugged, PortKind
from collectors.ports import SETTINGS, PortDeviceAttached, PortDeviceRemoved, PortsCollector, make
from collectors.ports_linux import Ports
from tests.test_usb import Sysfs, write

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PHONE = Plugged(
    name="1-2",
    what=PortKind.PHONE,
    vendor=0x18D1,
    product=0x4EE1,
    serial="INVENTED-7",
    model="Invented telephone",
    place="1/7",
)


# --- what comes and goes --------------------------------------------------------------------------


class Scenes:
    """A tree that shows one scene after another; the last one sets the stop."""

    def __init__(self, *scenes: list[Plugged]) -> None:
        self.scenes = list(scenes)

    def answers(self) -> bool:
        return True

    def plugged(self) -> Mapping[str, Plugged]:
        return {one.name: one for one in self.scenes[0]}

    def wait(self, stop: Stop, settle: float, most: float) -> None:
        del self.scenes[0]
        if not self.scenes:
            assert isinstance(stop, threading.Event)
            stop.set()


def play(*scenes: list[Plugged]) -> list[Observation]:
    return list(PortsCollector(Scenes(*scenes), now=lambda: AT).observe(threading.Event()))


def test_what_comes_and_goes_is_told_once_each() -> None:
    came, went = play([], [PHONE], [PHONE], [])
    assert isinstance(came, PortDeviceAttached)
    assert isinstance(went, PortDeviceRemoved)


def test_a_telephone_that_begins_to_share_its_connection_is_another_thing() -> None:
    shares = replace(PHONE, what=PortKind.TETHERED_PHONE)
    kinds = [(type(one).__name__, one.facts()["what"]) for one in play([PHONE], [shares])]
    assert kinds == [
        ("PortDeviceAttached", "phone"),
        ("PortDeviceRemoved", "phone"),
        ("PortDeviceAttached", "tethered-phone"),
    ]


def test_another_one_in_the_same_port_is_a_removal_and_an_arrival() -> None:
    assert len(play([PHONE], [replace(PHONE, place="1/8")])) == 3


def test_a_serial_number_leaves_only_as_a_digest_or_sealed() -> None:
    (seen,) = play([PHONE])
    assert seen.facts() == {
        "what": PortKind.PHONE,
        "vendor": 0x18D1,
        "product": 0x4EE1,
        "device": Keyed("18d1:4ee1:INVENTED-7"),
    }
    assert seen.details() == {"serial": "INVENTED-7", "model": "Invented telephone"}


@pytest.mark.parametrize("wrong", [{"settle_milliseconds": -1}, {"retry_seconds": 0}])
def test_settings_outside_their_limits_are_refused(wrong: dict[str, int]) -> None:
    usual = {key: setting.default for key, setting in SETTINGS.items()}
    make(usual)
    with pytest.raises(CollectorError):
        make({**usual, **wrong})


# --- a device tree on disk ------------------------------------------------------------------------


@pytest.fixture
def sysfs(tmp_path: Path) -> Iterator[Sysfs]:
    copied = Sysfs(tmp_path)
    yield copied
    copied.listening.close()


def interface(home: Path, number: int, words: str, name: str = "") -> Path:
    folder = home / f"{home.name}:1.{number}"
    kind, subclass, protocol = words.split("/")
    values = {"bInterfaceClass": kind, "bInterfaceSubClass": subclass}
    write(
        folder, {**values, "bInterfaceProtocol": protocol, **({"interface": name} if name else {})}
    )
    return folder


def network(sysfs: Sysfs, folder: Path) -> None:
    write(folder / "net" / "enx0", {"address": "02:00:00:00:00:01"})
    links = sysfs.root / "class/net"
    links.mkdir(parents=True, exist_ok=True)
    (links / "enx0").symlink_to(folder / "net" / "enx0")


def kinds(sysfs: Sysfs) -> dict[str, str]:
    return {name: str(one.what) for name, one in Ports(sysfs.root).plugged().items()}


@pytest.mark.parametrize("words", ["06/01/01", "ff/42/01"])
def test_a_telephone_is_known_by_the_languages_it_speaks(sysfs: Sysfs, words: str) -> None:
    interface(sysfs.device(), 0, words)
    assert kinds(sysfs) == {"1-2": "phone"}


def test_a_telephone_is_known_by_the_name_of_its_interface(sysfs: Sysfs) -> None:
    interface(sysfs.device(), 0, "ff/ff/00", name="MTP")
    assert kinds(sysfs) == {"1-2": "phone"}


def test_a_network_adapter_is_one_and_its_address_is_not_read(sysfs: Sysfs) -> None:
    network(sysfs, interface(sysfs.device("1-2.4"), 0, "ff/ff/00"))
    (one,) = Ports(sysfs.root).plugged().values()
    assert (one.name, one.what, one.vendor) == ("1-2.4", PortKind.NETWORK_ADAPTER, 0x0951)
    assert "02:00" not in repr(one)


def test_a_telephone_with_a_network_shares_its_connection(sysfs: Sysfs) -> None:
    home = sysfs.device()
    network(sysfs, interface(home, 0, "e0/01/03"))
    interface(home, 1, "ff/42/01")
    assert kinds(sysfs) == {"1-2": "tethered-phone"}


@pytest.mark.parametrize("words", ["03/01/01", "03/01/02", "09/00/00", "01/01/00", "0b/00/00"])
def test_keyboards_mice_hubs_sound_and_smart_cards_are_nobodys_business(
    sysfs: Sysfs, words: str
) -> None:
    interface(sysfs.device(), 0, words)
    assert kinds(sysfs) == {}


def test_a_stick_is_not_told_of_here(sysfs: Sysfs) -> None:
    home = sysfs.device()
    interface(home, 0, "08/06/50")
    sysfs.disk(home, "sda")
    assert kinds(sysfs) == {}


def test_a_card_in_the_laptops_own_reader_is_told_of_and_built_in_memory_is_not(
    sysfs: Sysfs,
) -> None:
    for number, kind in enumerate(("SD", "MMC")):
        block = sysfs.root / f"devices/mmc{number}/block/mmcblk{number}"
        write(block, {"size": "1000"})
        write(
            block / "device", {"type": kind, "serial": "0x1234", "name": "SU04G", "manfid": "0x03"}
        )
        (sysfs.root / "block" / block.name).symlink_to(block)
    (one,) = Ports(sysfs.root).plugged().values()
    assert (one.name, one.what, one.vendor, one.model) == ("mmcblk0", PortKind.CARD, 3, "SU04G")


def test_what_hangs_on_thunderbolt_is_told_of_and_the_laptop_itself_is_not(sysfs: Sysfs) -> None:
    for name in ("0-0", "0-1"):
        home = sysfs.root / "bus/thunderbolt/devices" / name
        write(home, {"unique_id": "invented", "vendor": "0x8086", "device_name": "Invented dock"})
    (one,) = Ports(sysfs.root).plugged().values()
    assert (one.name, one.what, one.vendor) == ("0-1", PortKind.THUNDERBOLT, 0x8086)
    assert one.model == "Invented dock"


def test_hostile_words_of_a_device_come_out_harmless(sysfs: Sysfs) -> None:
    evil = "a\x1b[31m\u202eb" + "x" * 500
    interface(sysfs.device(product=evil, serial=evil, idVendor="zz"), 0, "06/01/01")
    (one,) = Ports(sysfs.root).plugged().values()
    assert one.vendor == 0
    for text in (one.model, one.serial):
        assert len(text) <= 128
        assert text.isprintable()

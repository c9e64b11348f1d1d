"""The listings: what they print, what they exit with, and that they ask the real parts."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agent import session_bus
from agent.cli import main
from agent.commands import listings
from collectors.base import Stop
from collectors.media.tables import Span
from collectors.media.verdict import Volume, VolumeKind
from collectors.session_input_linux import InputClock
from collectors.session_linux import LogindDesk
from collectors.usb_device import Disk, UsbDevice
from tests.buses import IdleMonitor, Login1, PrivateBus, private_bus, services

DISK = Disk(
    name="sda",
    number="8:0",
    size=64_000_000_000,
    sector=512,
    sequence=11,
    parts=(Span(1048576, 63_000_000_000),),
    opened=False,
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


class Tree:
    """What is attached, as the test says."""

    def __init__(self, *devices: UsbDevice, answers: bool = True) -> None:
        self.found = {device.name: device for device in devices}
        self.udev = answers

    def answers(self) -> bool:
        return self.udev

    def devices(self) -> Mapping[str, UsbDevice]:
        return self.found

    def present(self, device: UsbDevice) -> bool:
        return True

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        return (Volume(offset=1048576, size=63_000_000_000, kind=VolumeKind.VFAT),)

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        raise AssertionError("a listing waits for nothing")

    def boot(self) -> str:
        return "invented-boot"


def test_usb_list_tells_each_device_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert listings.list_usb(Tree(STICK), as_json=True) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row == {
        "device": "1-2",
        "vendor": "0951",
        "product": "1666",
        "serial": "60A44C425324F1A0",
        "model": "Kingston DataTraveler",
        "label": "KLAS 4",
        "disks": ["sda"],
        "size_gb": 64,
        "verdict": "unencrypted",
        "why": "plain-file-system",
        "volumes": [{"offset": 1048576, "size": 63_000_000_000, "kind": "vfat", "role": "data"}],
        "also_keyboard": False,
        "opened": False,
    }


def test_usb_list_tells_each_device_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    stick = replace(STICK, keyboard=True, disks=(replace(DISK, opened=True),))
    assert listings.list_usb(Tree(stick), as_json=False) == 0
    told = capsys.readouterr().out
    for words in (
        "1-2  Kingston DataTraveler  0951:1666",
        "unencrypted",
        "vfat",
        "64 GB",
        "beware",
    ):
        assert words in told


def test_usb_list_without_a_stick_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert listings.list_usb(Tree(), as_json=False) == 0
    assert capsys.readouterr().out == "no USB storage is attached\n"


def test_usb_list_without_udev_says_so_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert listings.list_usb(Tree(STICK, answers=False), as_json=True) == 1
    told = capsys.readouterr()
    assert "udev" in told.err
    assert len(json.loads(told.out)) == 1


# --- sessions -------------------------------------------------------------------------------------


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateBus]:
    """One bus in both parts: of the system and of the session."""
    with private_bus(tmp_path / "bus") as running:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", running.address)
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running.address)
        yield running


@pytest.fixture
def login1(bus: PrivateBus) -> Iterator[Login1]:
    with services(bus) as running:
        yield Login1(running)


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert main(["session", "list", "--json"]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_session_list_tells_what_logind_knows(
    login1: Login1, capsys: pytest.CaptureFixture[str]
) -> None:
    login1.add("3", LockedHint=True)
    (row,) = listed(capsys)
    assert row == {
        "session": "3",
        "user": "a.devries",
        "kind": "x11",
        "seat": "seat0",
        "active": True,
        "remote": False,
        "watched": True,
        "idle_seconds": None,
        "idle_source": "none",
        "locked": True,
        "locked_source": "logind-hint",
    }


def test_session_list_takes_the_idle_time_from_logind_where_it_was_told(
    login1: Login1, capsys: pytest.CaptureFixture[str]
) -> None:
    login1.add("3", IdleHint=True, IdleSinceHintMonotonic=1)
    (row,) = listed(capsys)
    assert row["idle_source"] == "logind-hint"
    assert isinstance(row["idle_seconds"], int)


def test_session_list_asks_ones_own_desktop_for_the_idle_time(
    login1: Login1, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = {"/org/gnome/Mutter/IdleMonitor/Core": IdleMonitor(61_500)}
    login1.running.offer("org.gnome.Mutter.IdleMonitor", monitor)
    login1.add("3")
    login1.manager.rows[0][1] = os.getuid()
    (row,) = listed(capsys)
    assert (row["idle_seconds"], row["idle_source"]) == (61, "mutter")


def test_session_list_in_words(login1: Login1, capsys: pytest.CaptureFixture[str]) -> None:
    login1.add("3")
    login1.add("4", user="b.jansen", Remote=True, seat="", Type="tty", Active=False)
    assert main(["session", "list"]) == 0
    told = capsys.readouterr().out
    assert "3  a.devries  x11 on seat0, in front" in told
    assert "4  b.jansen  tty on remote, in the background" in told
    assert "idle      unknown" in told


def test_session_list_without_logind_says_so_and_exits_1(
    bus: PrivateBus, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = LogindDesk(InputClock())
    assert listings.list_sessions(desk, as_json=True) == 1
    assert "logind" in capsys.readouterr().err


def test_a_desktop_without_an_idle_time_is_an_error_and_not_a_zero(bus: PrivateBus) -> None:
    with pytest.raises(session_bus.BusError):
        session_bus.session_idle()

# ruff: noqa: F821, F722  (on a bus, an annotation is a signature)
"""Blocking on a copied device tree, with a stand-in kernel and a stand-in udisks on a real bus."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from dbus_fast import DBusError
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from enforcement import block_usb
from enforcement.base import Attempt, EnforcementError, Outcome, Reason, Result, Settings
from enforcement.usb_gate import Pass
from tests.buses import private_bus, services
from tests.device_trees import HUB, PROOF, Tree, gate_in, is_off


@pytest.fixture
def tree(tmp_path, monkeypatch) -> Iterator[Tree]:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")
    tree = Tree(tmp_path / "sys")
    yield tree
    tree.stop.set()
    if tree.kernel:
        tree.kernel.join(10)


def block(tree, subject="1-2", patience=5.0, **proof) -> Outcome:
    settings = Settings(state=tree.top, sysfs=tree.top, gate=gate_in(tree.top))
    action = block_usb.BlockUsb(settings, patience=patience)
    return action.apply(Attempt(id="a", subject=subject, proof=PROOF | proof))


def refused(tree, **asked) -> Reason:
    with pytest.raises(EnforcementError) as error:
        block(tree, **asked)
    return error.value.reason


def is_on(home: Path) -> bool:
    return (home / "authorized").read_text() == "1\n"


def test_a_stick_is_switched_off_and_its_disks_are_gone(tree):
    home = tree.device()
    tree.disk(home)
    tree.obey(home)
    assert block(tree).result is Result.DONE
    assert not is_on(home)
    assert os.listdir(tree.top / "block") == []


def test_a_stick_behind_a_hub_is_blocked_and_the_hub_is_not(tree):
    hub = tree.device("1-2", interfaces=("09",), bDeviceClass="09", devnum="3")
    stick = tree.device("1-2.3", parent=f"{HUB}/1-2")
    tree.disk(stick)
    tree.obey(stick)
    assert block(tree, subject="1-2.3").result is Result.DONE
    assert (is_on(hub), is_on(stick)) == (True, False)
    assert refused(tree, devnum=3) is Reason.UNSUPPORTED
    assert is_on(hub)


def test_a_stick_that_is_off_already_is_left_as_it_is(tree):
    tree.device(interfaces=(), authorized="0")
    assert block(tree) == Outcome(result=Result.ALREADY)


@pytest.mark.parametrize(
    "interfaces",
    [("03",), ("09",), ("08", "09"), ("0b",), ("06",), ("ff",), ()],
)
def test_only_storage_and_nothing_else_is_ever_switched_off(tree, interfaces):
    home = tree.device(interfaces=interfaces)
    assert refused(tree) is Reason.UNSUPPORTED
    assert is_on(home)


@pytest.mark.parametrize(
    "interfaces", [("08", "03"), ("03", "08"), ("08", "0B"), ("08", "08", "03")]
)
def test_a_stick_that_is_also_a_keyboard_or_a_key_loses_its_storage_only(tree, interfaces):
    home = tree.device(interfaces=interfaces)
    number = interfaces.index("08")
    tree.disk(home, interface=number)
    tree.obey(home)
    assert block(tree).result is Result.DONE
    assert is_on(home)
    off = [is_off(home / f"1-2:1.{n}") for n in range(len(interfaces))]
    assert off == [code == "08" for code in interfaces]
    assert os.listdir(tree.top / "block") == []


def test_a_blocked_stick_is_remembered_as_ours_and_its_pass_is_gone(tree):
    home = tree.device()
    tree.disk(home, sequence=17)
    tree.obey(home)
    gate = gate_in(tree.top)
    gate.let_in([17], Pass.UNLOCK)
    assert block(tree).result is Result.DONE
    assert gate.pass_of(17) is None
    assert gate.blocked() == (("1-2", "1/7"),)


def test_a_hub_is_known_by_its_device_class_too(tree):
    home = tree.device(bDeviceClass="09")
    assert refused(tree) is Reason.UNSUPPORTED
    assert is_on(home)


@pytest.mark.parametrize(
    "proof", [{"busnum": 2}, {"devnum": 8}, {"vendor": "0952"}, {"product": "1667"}]
)
def test_another_device_in_the_same_port_stays_on(tree, proof):
    home = tree.device()
    assert refused(tree, **proof) is Reason.CHANGED
    assert is_on(home)


@pytest.mark.parametrize("missing", sorted(PROOF))
def test_a_proof_that_proves_nothing_is_refused(tree, missing):
    home = tree.device()
    assert refused(tree, **{missing: None}) is Reason.FAULT
    assert is_on(home)


def test_a_device_that_was_pulled_out_is_gone(tree):
    assert refused(tree) is Reason.GONE


@pytest.mark.parametrize("subject", ["usb1", "../1-2", "1-2/../1-3", "", "1-2\n", "1-", "sda"])
def test_what_is_no_device_is_refused(tree, subject):
    tree.device()
    assert refused(tree, subject=subject) is Reason.UNSUPPORTED


def test_a_link_out_of_the_tree_is_not_followed(tree, tmp_path):
    outside = tmp_path / "outside" / "1-2"
    shutil.copytree(tree.device("1-3"), outside)
    (tree.top / "bus/usb/devices/1-2").symlink_to(outside)
    assert refused(tree) is Reason.OUTSIDE
    assert is_on(outside)


def test_one_device_does_not_pass_for_another_by_a_link(tree):
    home = tree.device("1-3")
    (tree.top / "bus/usb/devices/1-2").symlink_to(home)
    assert refused(tree) is Reason.OUTSIDE
    assert is_on(home)


@pytest.mark.parametrize(
    "value", [b"", b"\n", b"-7", b"7" * 400, b"\xff\xfe", b"\xd9\xa7", b"7\x007"]
)
def test_hostile_attribute_values_stop_the_block_and_nothing_else(tree, value):
    home = tree.device(devnum=value)
    assert refused(tree) is Reason.CHANGED
    assert is_on(home)


@pytest.mark.parametrize("value", [b"", b"\x1b[31m", b"08" * 200])
def test_an_interface_without_a_class_that_makes_sense_is_no_storage(tree, value):
    home = tree.device()
    (home / "1-2:1.0" / "bInterfaceClass").write_bytes(value)
    assert refused(tree) in (Reason.UNSUPPORTED, Reason.CHANGED)
    assert is_on(home)


def test_attributes_that_are_links_or_pipes_are_not_read(tree, tmp_path):
    home = tree.device()
    (tmp_path / "seven").write_text("7\n")
    (home / "devnum").unlink()
    (home / "devnum").symlink_to(tmp_path / "seven")
    assert refused(tree) is Reason.NOT_PLAIN
    (home / "devnum").unlink()
    os.mkfifo(home / "devnum")
    assert refused(tree) is Reason.CHANGED
    assert is_on(home)


def test_a_truncated_tree_is_told_as_gone(tree):
    home = tree.device()
    (home / "1-2:1.0" / "bInterfaceClass").unlink()
    assert refused(tree) is Reason.GONE
    (home / "idVendor").unlink()
    assert refused(tree) is Reason.GONE


def test_a_kernel_that_keeps_the_disks_is_not_believed(tree):
    home = tree.device()
    tree.disk(home)
    assert refused(tree, patience=0.2) is Reason.NOT_CONFIRMED


def test_without_udisks_it_is_blocked_all_the_same_and_the_note_says_so(tree):
    home = tree.device()
    tree.disk(home)
    tree.obey(home)
    outcome = block(tree)
    assert outcome.result is Result.DONE
    assert "not everything was unmounted" in outcome.note


def test_nothing_is_kept_to_be_resumed(tree):
    action = block_usb.make(Settings(state=tree.top, sysfs=tree.top))
    assert action.resume("a").reason is Reason.INTERRUPTED


class Filesystem(ServiceInterface):
    """org.freedesktop.UDisks2.Filesystem of a mounted volume, perhaps with a file open on it."""

    def __init__(self, home: Path, calls: list[str], name: str, mounts=1, busy=False) -> None:
        super().__init__("org.freedesktop.UDisks2.Filesystem")
        self.home, self.calls, self.volume, self.busy = home, calls, name, busy
        self.points = [b"/media/anna/STICK\0"] * mounts

    @dbus_method()
    def Unmount(self, options: "a{sv}"):
        forced = "force" in options and options["force"].value
        if self.busy and not forced:
            raise DBusError("org.freedesktop.UDisks2.Error.DeviceBusy", "target is busy")
        on = "on" if is_on(self.home) else "off"
        self.calls.append(f"unmount {self.volume} {'by force ' if forced else ''}while {on}")
        self.points.pop()

    @dbus_property(access=PropertyAccess.READ)
    def MountPoints(self) -> "aay":
        return self.points


class Encrypted(ServiceInterface):
    """org.freedesktop.UDisks2.Encrypted of an unlocked volume."""

    def __init__(self, calls: list[str], name: str) -> None:
        super().__init__("org.freedesktop.UDisks2.Encrypted")
        self.calls, self.volume = calls, name

    @dbus_method()
    def Lock(self, options: "a{sv}"):
        self.calls.append(f"close {self.volume}")


@pytest.fixture
def udisks(tree, tmp_path, monkeypatch):
    with private_bus(tmp_path / "bus") as bus, services(bus) as running:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)

        def offer(**objects):
            paths = {f"/org/freedesktop/UDisks2/block_devices/{k}": v for k, v in objects.items()}
            running.offer("org.freedesktop.UDisks2", paths)

        yield offer


def test_a_mounted_volume_is_unmounted_before_the_stick_is_switched_off(tree, udisks):
    home, calls = tree.device(), []
    tree.disk(home)
    udisks(sda1=Filesystem(home, calls, "sda1", mounts=2))
    tree.obey(home)
    assert block(tree) == Outcome(result=Result.DONE)
    assert calls == ["unmount sda1 while on"] * 2


def test_a_volume_in_use_is_detached_by_force_and_the_note_says_so(tree, udisks):
    home, calls = tree.device(), []
    tree.disk(home)
    udisks(sda1=Filesystem(home, calls, "sda1", busy=True))
    tree.obey(home)
    outcome = block(tree)
    assert outcome.result is Result.DONE
    assert calls == ["unmount sda1 by force while on"]
    assert "target is busy" in outcome.note


def test_an_unlocked_volume_is_unmounted_and_then_closed(tree, udisks):
    home, calls = tree.device(), []
    tree.disk(home, opened=("dm-0",))
    udisks(dm_2d0=Filesystem(home, calls, "dm-0"), sda1=Encrypted(calls, "sda1"))
    tree.obey(home)
    assert block(tree) == Outcome(result=Result.DONE)
    assert calls == ["unmount dm-0 while on", "close sda1"]

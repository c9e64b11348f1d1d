"""The gate's files, the pass an allowed stick gets, and the script that polkit asks."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from enforcement import allow_usb, allow_usb_read_only, usb_release
from enforcement.base import Attempt, EnforcementError, Outcome, Reason, Result, Settings
from enforcement.usb_gate import Gate, Pass
from tests.device_trees import PROOF, Tree, gate_in

SCRIPT = Path(__file__).resolve().parent.parent / "installer" / "bin" / "usb-gate"


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    yield Tree(tmp_path / "sys")


def allow(tree: Tree, action=allow_usb, **proof) -> Outcome:
    settings = Settings(state=tree.top, sysfs=tree.top, gate=gate_in(tree.top))
    told = {**PROOF, "media": "sda=17", "encrypted": 1, **proof}
    return action.make(settings).apply(Attempt(id="a", subject="1-2", proof=told))


def refused(tree: Tree, **proof) -> Reason:
    with pytest.raises(EnforcementError) as error:
        allow(tree, **proof)
    return error.value.reason


# --- the files ------------------------------------------------------------------------------------


def test_a_gate_is_open_until_it_is_closed_and_says_whether_that_was_news(tmp_path: Path) -> None:
    gate = gate_in(tmp_path)
    assert not gate.is_closed()
    assert [gate.set_closed(True), gate.set_closed(True)] == [True, False]
    assert gate.is_closed()
    assert [gate.set_closed(False), gate.set_closed(False)] == [True, False]


def test_everybody_may_read_the_gate_whatever_the_umask(tmp_path: Path) -> None:
    """polkit asks as a user of its own; a gate it cannot read would shut every stick out."""
    before = os.umask(0o077)
    try:
        gate = gate_in(tmp_path)
        gate.set_closed(True)
        gate.let_in([17], Pass.UNLOCK)
    finally:
        os.umask(before)
    modes = [path.stat().st_mode & 0o777 for path in (gate.closed, gate.verdicts)]
    assert modes == [0o644, 0o755]
    assert (gate.verdicts / "17.unlock").stat().st_mode & 0o777 == 0o644


def test_a_medium_has_one_pass_at_a_time(tmp_path: Path) -> None:
    gate = gate_in(tmp_path)
    gate.let_in([17], Pass.MOUNT)
    gate.let_in([17], Pass.UNLOCK)
    assert gate.pass_of(17) is Pass.UNLOCK
    gate.shut_out([17, 18])
    assert gate.pass_of(17) is None


def test_new_terms_are_news_once(tmp_path: Path) -> None:
    gate = gate_in(tmp_path)
    assert [gate.new_terms("a"), gate.new_terms("a"), gate.new_terms("b")] == [True, False, True]


def test_a_link_in_the_place_of_the_flag_is_not_written_through(tmp_path: Path) -> None:
    gate = gate_in(tmp_path)
    gate.closed.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        gate.set_closed(True)
    assert not (tmp_path / "elsewhere").exists()


# --- the action -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("encrypted", "how"), [(1, Pass.UNLOCK), (0, Pass.MOUNT)])
def test_an_encrypted_stick_may_be_unlocked_and_another_mounted(tree, encrypted, how) -> None:
    home = tree.device()
    tree.disk(home, parts=2)
    assert allow(tree, encrypted=encrypted).result is Result.DONE
    assert gate_in(tree.top).pass_of(17) is how
    told = [path for path in home.rglob("uevent") if path.read_text() == "change"]
    assert len(told) == 3, "the disk and both parts"


@pytest.mark.parametrize("media", ["sda=16", "sdb=17", "sda=17 sdb=18", "", None])
def test_another_medium_than_the_judged_one_gets_nothing(tree, media) -> None:
    tree.disk(tree.device())
    assert refused(tree, media=media) is Reason.CHANGED
    assert gate_in(tree.top).pass_of(17) is None


def test_a_second_unit_that_came_after_the_verdict_stops_it(tree) -> None:
    home = tree.device(interfaces=("08", "08"))
    tree.disk(home)
    tree.disk(home, name="sdb", sequence=18, interface=1)
    assert refused(tree) is Reason.CHANGED


def test_a_kernel_that_does_not_number_its_media_gets_nothing(tree) -> None:
    home = tree.device()
    tree.disk(home)
    for file in home.rglob("diskseq"):
        file.unlink()
    assert refused(tree) is Reason.UNSUPPORTED


def test_another_device_in_the_same_port_gets_nothing(tree) -> None:
    tree.disk(tree.device(devnum="8"))
    assert refused(tree) is Reason.CHANGED


def test_a_device_that_was_switched_off_is_switched_on_and_gets_no_pass_yet(tree) -> None:
    home = tree.device(interfaces=(), authorized="0")
    gate = gate_in(tree.top)
    gate.note_blocked("1-2", "1/7")
    assert allow(tree).result is Result.DONE
    assert (home / "authorized").read_text().strip() == "1"
    assert gate.blocked() == ()
    assert gate.pass_of(17) is None


def test_what_cannot_be_made_read_only_gets_no_pass(tree) -> None:
    tree.disk(tree.device(), name="sdnone", sequence=17)
    with pytest.raises(EnforcementError) as error:
        allow(tree, allow_usb_read_only, media="sdnone=17")
    assert error.value.reason is Reason.GONE
    assert gate_in(tree.top).pass_of(17) is None


# --- looking again --------------------------------------------------------------------------------


def test_looking_again_speaks_of_every_usb_disk_and_of_no_other(tree) -> None:
    home = tree.device()
    tree.disk(home)
    usb_release.look_again(tree.top)
    assert {path.read_text() for path in home.rglob("uevent")} == {"change"}


@pytest.mark.parametrize(("place", "on"), [("1/7", True), ("1/6", False)])
def test_only_what_the_agent_switched_off_is_switched_on(tree, place, on) -> None:
    """The next device in the same port may have been switched off by somebody else."""
    home = tree.device(interfaces=(), authorized="0")
    gate = gate_in(tree.top)
    gate.note_blocked("1-2", place)
    gate.note_blocked("1-9", "1/9")
    usb_release.release(tree.top, gate)
    assert ((home / "authorized").read_text().strip() == "1") is on
    assert gate.blocked() == ()


def test_a_part_that_was_switched_off_is_bound_anew(tree) -> None:
    home = tree.device(interfaces=("08", "03"))
    (home / "1-2:1.0" / "authorized").write_text("0\n")
    probe = tree.top / "bus/usb/drivers_probe"
    probe.write_text("")
    gate = gate_in(tree.top)
    gate.note_blocked("1-2", "1/7")
    usb_release.release(tree.top, gate)
    assert (home / "1-2:1.0" / "authorized").read_text().strip() == "1"
    assert probe.read_text() == "1-2:1.0"


# --- what polkit asks -----------------------------------------------------------------------------


class Asked:
    """The script, with the places of a test in it, and a device tree for it to look at."""

    def __init__(self, folder: Path) -> None:
        self.sys = folder / "sys"
        self.dev = folder / "dev"
        self.gate = Gate(closed=folder / "etc" / "usb-closed", verdicts=folder / "verdicts")
        for made in (self.sys / "class" / "block", self.dev, folder / "etc"):
            made.mkdir(parents=True)
        text = SCRIPT.read_text("utf-8")
        for name, place in (
            ("sys", self.sys), ("flag", self.gate.closed), ("verdicts", self.gate.verdicts),
        ):  # fmt: skip
            start = text.index(f"\n{name}=") + 1
            text = text[:start] + f"{name}={place}" + text[text.index("\n", start) :]
        self.script = folder / "usb-gate"
        self.script.write_text(text, "utf-8")

    def block(self, name: str, at: str, sequence: int | None = None, slaves=()) -> Path:
        folder = self.sys / "devices" / at / name
        (folder / "slaves").mkdir(parents=True)
        for slave in slaves:
            (folder / "slaves" / slave).symlink_to(self.sys / "class" / "block" / slave)
        if sequence is not None:
            (folder / "diskseq").write_text(f"{sequence}\n")
        self.known(name, folder)
        return folder

    def part(self, disk: Path, name: str) -> None:
        (disk / name).mkdir()
        (disk / name / "partition").write_text("1\n")
        self.known(name, disk / name)

    def known(self, name: str, folder: Path) -> None:
        (self.sys / "class" / "block" / name).symlink_to(folder)
        (self.dev / name).touch()

    def may(self, device: str, action: str = "filesystem-mount") -> bool:
        return self._says("may", action, str(self.dev / device))

    def on_usb(self, name: str) -> bool:
        return self._says("on-usb", name)

    def _says(self, *words: str) -> bool:
        done = subprocess.run(["/bin/sh", str(self.script), *words], timeout=20, check=False)
        assert done.returncode in (0, 1)
        return done.returncode == 0


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    made = Asked(tmp_path)
    usb = "pci0000:00/0000:00:04.0/usb1/1-2/1-2:1.0/host3"
    made.part(made.block("sda", usb, sequence=17), "sda1")
    made.part(made.block("vda", "pci0000:00/0000:00:02.0/virtio1", sequence=1), "vda1")
    made.block("dm-0", "virtual", slaves=("sda1",))
    made.block("dm-1", "virtual", slaves=("vda1",))
    made.gate.set_closed(True)
    return made


def test_an_open_gate_lets_everything_pass(asked: Asked) -> None:
    asked.gate.set_closed(False)
    assert asked.may("sda1")


def test_a_stick_without_a_pass_is_nobodys_and_other_disks_are_as_before(asked: Asked) -> None:
    assert not asked.may("sda1") and not asked.may("sda") and not asked.may("dm-0")
    assert not asked.may("sda1", "modify-device") and not asked.may("sda1", "encrypted-unlock")
    assert asked.may("vda1") and asked.may("dm-1")


def test_an_encrypted_stick_is_unlocked_and_what_comes_out_is_mounted(asked: Asked) -> None:
    asked.gate.let_in([17], Pass.UNLOCK)
    assert asked.may("sda1", "encrypted-unlock")
    assert asked.may("sda1", "encrypted-unlock-other-seat")
    assert asked.may("dm-0")
    assert not asked.may("sda1"), "it showed a file system after it was judged"


def test_a_pass_to_mount_is_for_that_medium_only(asked: Asked) -> None:
    asked.gate.let_in([16, 18], Pass.MOUNT)
    assert not asked.may("sda1")
    asked.gate.let_in([17], Pass.MOUNT)
    assert asked.may("sda1")


def test_a_loop_device_over_a_stick_is_as_the_stick(asked: Asked) -> None:
    loop = asked.block("loop0", "virtual", sequence=9)
    (loop / "loop").mkdir()
    (loop / "loop" / "backing_file").write_text("/dev/sda1\n")
    assert not asked.may("loop0")
    (loop / "loop" / "backing_file").write_text("/home/teacher/lesson.iso\n")
    assert asked.may("loop0")


def test_a_name_for_what_was_unlocked_is_followed(asked: Asked) -> None:
    (asked.dev / "mapper").mkdir()
    (asked.dev / "mapper" / "luks-1").symlink_to("../dm-0")
    assert not asked.may("mapper/luks-1")
    asked.gate.let_in([17], Pass.UNLOCK)
    assert asked.may("mapper/luks-1")


@pytest.mark.parametrize("device", ["", "nothing", "..", "sda1/..", "sda 1", "$(true)", "sda1\n"])
def test_whatever_is_odd_means_no(asked: Asked, device: str) -> None:
    assert not asked.may(device)


def test_devices_that_lie_on_each_other_in_a_ring_mean_no(asked: Asked) -> None:
    asked.block("dm-8", "virtual", slaves=("dm-9",))
    asked.block("dm-9", "virtual", slaves=("dm-8",))
    assert not asked.may("dm-8")
    assert asked.on_usb("dm-8")


def test_what_lies_on_usb_is_known_for_the_options_of_its_mount(asked: Asked) -> None:
    assert asked.on_usb("sda1") and asked.on_usb("dm-0")
    assert not asked.on_usb("vda1") and not asked.on_usb("dm-1")


def test_a_disk_without_a_number_has_no_pass(asked: Asked) -> None:
    asked.gate.let_in([17], Pass.MOUNT)
    next(asked.sys.rglob("diskseq"))
    for file in asked.sys.rglob("sda/diskseq"):
        file.write_text("x/../17\n")
    assert not asked.may("sda1")

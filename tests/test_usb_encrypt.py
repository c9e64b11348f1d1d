"""Making an encrypted stick: what is refused, what is shown, and that real tools make it so."""

import argparse
import fcntl
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.commands import usb_encrypt
from agent.commands.stick_questions import NotEncrypted
from collectors.media.header import survey
from collectors.media.verdict import Judgement, Verdict, Why, judge
from collectors.usb_device import UsbDevice
from enforcement import block_usb, durable, encrypt_usb, encrypt_usb_linux
from enforcement.base import Attempt, EnforcementError, Reason, Settings
from enforcement.encrypt_usb import Stick, Wiped
from tests.device_trees import PROOF, Tree, gate_in, is_off
from tests.media_images import MIB, image
from tests.test_policy_usb import STICK

SECRET = "four invented words here"
needs_tools = pytest.mark.skipif(
    bool(encrypt_usb_linux.missing_tools()),
    reason=f"needs {', '.join(encrypt_usb_linux.missing_tools())}",
)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "sys")


# --- what is refused ------------------------------------------------------------------------------


def test_sticks_that_are_none_are_refused() -> None:
    (disk,) = STICK.disks
    for device, says in (
        (replace(STICK, disks=(disk, replace(disk, name="sdb"))), "2 disks"),
        (replace(STICK, disks=(replace(disk, size=0),)), "no medium"),
    ):
        with pytest.raises(NotEncrypted, match=says):
            usb_encrypt._stick(device)


@pytest.mark.parametrize(
    "name",
    [
        *("vda", "/dev/vda1", "../../etc/passwd", "nvme0n1", "1-2:1.0", ""),
        *(".", "..", "usb1", "usb1/..", "usb1/../usb1", "1-2/", "/dev/..", "1-2\n", "1-\u0662"),
    ],
)
def test_what_is_no_usb_disk_is_refused(tree: Tree, name: str) -> None:
    tree.device()
    tree.device("usb1", parent="devices")
    assert usb_encrypt._usb_name("1-2", tree.top) == "1-2"
    with pytest.raises(NotEncrypted, match="no whole disk of a USB device"):
        usb_encrypt._usb_name(name, tree.top)


@pytest.mark.root
@needs_tools
@pytest.mark.parametrize("label", ["", "twelve letters", "a/b", "l\u00e5st", "x" * 12])
def test_a_label_that_tools_could_misread_is_refused(label: str) -> None:
    with pytest.raises(NotEncrypted, match="label"):
        usb_encrypt._check_place(label)


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(NotEncrypted, match="sudo"):
        usb_encrypt.main(argparse.Namespace(label="X", device="sda", state=Path("/nowhere")))


# --- the stick is held, and is the same throughout ------------------------------------------------


def test_a_stick_that_is_being_encrypted_is_not_blocked_while_the_process_lives(
    tree: Tree,
) -> None:
    home, gate = tree.device(), gate_in(tree.top)
    tree.disk(home)
    action = block_usb.make(Settings(state=tree.top, sysfs=tree.top, gate=gate))
    gate.hold("1-2", os.getpid())
    with pytest.raises(EnforcementError) as error:
        action.apply(Attempt(id="a", subject="1-2", proof=PROOF))
    assert error.value.reason is Reason.IN_USE
    gate.let_go("1-2")
    assert not gate.is_held("1-2")


def test_a_hold_ends_with_its_process_and_does_not_pass_to_the_next_of_that_number(
    tree: Tree,
) -> None:
    gate = gate_in(tree.top)
    gone = subprocess.Popen(["/bin/true"])
    gate.hold("1-2", gone.pid)
    gone.wait(timeout=10)
    assert not gate.is_held("1-2")
    (gate.verdicts / "held" / "1-2").write_text(f"{os.getpid()} 12345")
    assert not gate.is_held("1-2"), "another process of that number"
    for nonsense in ("", "x", f"{os.getpid()}", "999999999 0", "-1 -1"):
        (gate.verdicts / "held" / "1-2").write_text(nonsense)
        assert not gate.is_held("1-2")


def test_a_second_run_on_the_same_stick_is_refused_and_takes_nothing_from_the_first(
    tree: Tree,
) -> None:
    gate = gate_in(tree.top)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as first:
        assert gate.hold("1-2", first.pid)
        with pytest.raises(NotEncrypted, match="nothing was changed: another"):
            with usb_encrypt._held(gate, "1-2"):
                pytest.fail("two at once")
        assert gate.is_held("1-2")
        first.communicate(timeout=10)
    with usb_encrypt._held(gate, "1-2"):
        assert gate.is_held("1-2")
        assert gate.hold("1-2", os.getpid()), "its own hold is no other's"
    assert not gate.is_held("1-2")


def test_looking_for_another_run_and_holding_the_stick_are_one_step(tree: Tree) -> None:
    gate = gate_in(tree.top)
    assert gate.hold("1-2", os.getpid())
    (mine,) = (gate.verdicts / "held").iterdir()
    words = mine.read_bytes()
    mine.unlink()
    code = (
        "import os, sys; from pathlib import Path; from enforcement.usb_gate import Gate\n"
        "gate = Gate(closed=Path('/nowhere'), verdicts=Path(sys.argv[1]))\n"
        "print(gate.hold('1-2', os.getpid()))"
    )
    with durable.held(os.open(mine.parent, os.O_RDONLY)) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        other = subprocess.Popen(
            [sys.executable, "-c", code, gate.verdicts], stdout=subprocess.PIPE
        )
        while other.poll() is None and not waits(other.pid):
            pass
        mine.write_bytes(words)
    assert other.communicate(timeout=30)[0] == b"False\n"


def waits(process: int) -> bool:
    """Whether a process waits for a lock that another has."""
    lines = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    return any(words[1] == "->" and str(process) in words for words in lines)


def test_what_the_agent_switched_off_is_switched_on_and_what_others_did_is_not(tree: Tree) -> None:
    home, gate = tree.device(authorized="0"), gate_in(tree.top)
    tree.disk(home)
    for place in (None, "1/6"):
        if place:
            gate.note_blocked("1-2", place)
        with pytest.raises(EnforcementError, match="not by the agent") as error:
            encrypt_usb.bring_on(tree.top, gate, "1-2")
        assert error.value.reason is Reason.REFUSED
        assert is_off(home)
    gate.note_blocked("1-2", "1/7")
    encrypt_usb.bring_on(tree.top, gate, "1-2")
    assert not is_off(home)
    assert gate.blocked() == ()


@pytest.mark.parametrize("name", ["usb1", ".", "..", "usb1/..", "1-2/../1-2", "1-2:1.0", "1-2\n"])
def test_only_the_name_of_a_device_leads_to_one(tree: Tree, name: str) -> None:
    tree.disk(tree.device())
    with pytest.raises(EnforcementError, match="not the name of a USB device"):
        encrypt_usb.bring_on(tree.top, gate_in(tree.top), name)


@pytest.mark.parametrize(("interfaces", "says"), [(("03",), "not a storage"), (("09",), "hub")])
def test_what_is_no_storage_is_not_touched(
    tree: Tree, interfaces: tuple[str, ...], says: str
) -> None:
    tree.device(interfaces=interfaces)
    with pytest.raises(EnforcementError, match=says):
        encrypt_usb.bring_on(tree.top, gate_in(tree.top), "1-2")


def test_sticks_that_are_switched_off_are_known_by_their_serial_numbers(tree: Tree) -> None:
    gate = gate_in(tree.top)
    tree.device("1-2", authorized="0", serial="A1")
    tree.device("1-3", authorized="0", serial=b"\xff\n")
    tree.device("1-4", serial="on")
    tree.device("1-5", authorized="0", serial="another in its place", devnum="8")
    for name in ("1-2", "1-3", "1-5", "1-9"):
        gate.note_blocked(name, "1/7")
    assert encrypt_usb.blocked_serials(tree.top, gate) == {"A1", ""}


class Attached:
    """A tree in which these devices are."""

    def __init__(self, *devices: UsbDevice) -> None:
        self.by_name = {device.name: device for device in devices}

    def devices(self) -> dict[str, UsbDevice]:
        return self.by_name


def test_a_name_can_mean_every_other_stick_that_has_it_or_shows_none(tmp_path: Path) -> None:
    other = replace(STICK, name="1-3", serial="B2")
    for ours, theirs, serials in (
        ({}, {}, {"B2"}),
        ({"label": "KLAS4"}, {"label": "KLAS4", "model": "Another make"}, {"B2"}),
        ({"label": "KLAS4"}, {"label": "KLAS5"}, set()),
        ({"model": ""}, {"model": ""}, {"B2"}),
    ):
        tree = Attached(replace(STICK, **ours), replace(other, **theirs))
        found = usb_encrypt._mistakable(tree, gate_in(tmp_path), tree.by_name["1-2"])
        assert found == serials


def test_a_failure_says_in_which_state_the_stick_is() -> None:
    for error, says in (
        (EnforcementError(Reason.IN_USE, "mounted"), "sda: nothing was changed: in-use: mounted"),
        (OSError("gone"), "sda: nothing was changed: gone"),
        (Wiped(Reason.REFUSED, "cryptsetup: no"), "it was wiped: nothing is on it"),
    ):
        with pytest.raises(NotEncrypted, match=says), usb_encrypt._told("sda"):
            raise error


def test_a_stick_that_was_changed_meanwhile_is_not_wiped(tree: Tree) -> None:
    tree.disk(tree.device(), sequence=18)
    for stick in (
        Stick(device="1-2", disk="sda", sequence=17),
        Stick(device="1-2", disk="sdb", sequence=18),
    ):
        with pytest.raises(EnforcementError) as error:
            encrypt_usb.confirm(tree.top, stick)
        assert error.value.reason is Reason.CHANGED


# --- the real tools -------------------------------------------------------------------------------


def verdict(path: Path) -> Judgement:
    with path.open("rb") as disk:
        fd = disk.fileno()
        return judge(survey(lambda at, n: os.pread(fd, n, at), path.stat().st_size))


@needs_tools
def test_a_header_is_written_that_our_probe_believes(
    tmp_path: Path,
) -> None:
    disk = image(tmp_path / "disk", 64 * MIB)
    encrypt_usb_linux.luks_format(disk, SECRET.encode(), "VERSLEUTELD")
    assert verdict(disk) == Judgement(Verdict.ENCRYPTED, Why.LUKS2)
    opens = subprocess.run(
        ["/usr/sbin/cryptsetup", "open", "--test-passphrase", "--key-file", "-", disk],
        input=SECRET.encode(),
        capture_output=True,
        check=False,
    )
    assert opens.returncode == 0, opens.stderr


@needs_tools
def test_what_a_tool_says_becomes_the_error(tmp_path: Path) -> None:
    with pytest.raises(EnforcementError, match="cryptsetup") as error:
        encrypt_usb_linux.luks_format(tmp_path / "nothing", SECRET.encode(), "X")
    assert error.value.reason is Reason.REFUSED
    assert SECRET not in str(error.value)

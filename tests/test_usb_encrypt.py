"""Making an encrypted stick: what is refused, what is shown, and that real tools make it so."""

import argparse
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from agent.commands import usb_encrypt
from agent.commands.usb_encrypt import NotEncrypted, losses, name_of
from agent.passphrases import fault
from collectors.media.header import survey
from collectors.media.verdict import Judgement, Verdict, Why, judge
from enforcement import block_usb, encrypt_usb, encrypt_usb_linux
from enforcement.base import Attempt, EnforcementError, Reason, Settings
from enforcement.encrypt_usb import Stick
from tests.device_trees import PROOF, Tree, gate_in
from tests.media_images import MIB, image
from tests.test_policy_usb import PLAIN, STICK, seen

SECRET = "four invented words here"
needs_tools = pytest.mark.skipif(
    bool(encrypt_usb_linux.missing_tools()),
    reason=f"needs {', '.join(encrypt_usb_linux.missing_tools())}",
)


# --- passphrases ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("short", "too short"),
        ("", "too short"),
        ("a" * 40, "same few characters"),
        ("abababababababab", "same few characters"),
        ("x" * 600 + "abcdef", "longer than"),
        ("tab\tinside it is bad", "cannot be typed"),
        ("Invented stick", "little more than"),
        ("KLAS4invented stick", "little more than"),
    ],
)
def test_a_passphrase_that_will_not_do_is_refused_with_the_reason(given: str, says: str) -> None:
    assert says in (fault(given, "Invented stick", "") or "")


@pytest.mark.parametrize("given", [SECRET, "zwaluw fiets lamp kaas", "Blåbær og grød i dag"])
def test_four_words_will_do(given: str) -> None:
    assert fault(given, "Invented stick", "KLAS4") is None


# --- what is shown and asked ----------------------------------------------------------------------


def test_what_will_be_lost_is_shown_with_the_name_to_type() -> None:
    said = "\n".join(losses(seen(PLAIN, label="KLAS4")))
    assert '"KLAS4"' in said
    for part in ("Invented stick", "60A44C41", "sda", "luks2, 67 MB", "will be lost"):
        assert part in said


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"label": "KLAS4"}, "KLAS4"),
        ({}, "Invented stick"),
        ({"model": ""}, "sda"),
        ({"label": "groep \u0430"}, "sda"),
    ],
)
def test_the_name_to_type_is_one_that_can_be_typed(changes: dict[str, str], name: str) -> None:
    assert name_of(replace(STICK, **changes)) == name  # type: ignore[arg-type]


def test_only_the_very_name_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for typed, agreed in ((" KLAS4 ", True), ("klas4", False), ("", False), ("yes", False)):
        monkeypatch.setattr("builtins.input", lambda _, typed=typed: typed)
        assert usb_encrypt._agreed("KLAS4", None) is agreed
    assert usb_encrypt._agreed("KLAS4", "KLAS4")


def test_sticks_that_are_none_are_refused() -> None:
    (disk,) = STICK.disks
    for device, says in (
        (replace(STICK, disks=(disk, replace(disk, name="sdb"))), "2 disks"),
        (replace(STICK, disks=(replace(disk, size=0),)), "no medium"),
    ):
        with pytest.raises(NotEncrypted, match=says):
            usb_encrypt._stick(device)


@pytest.mark.parametrize("name", ["vda", "/dev/vda1", "../../etc/passwd", "nvme0n1", "1-2:1.0", ""])
def test_what_is_no_usb_disk_is_refused(name: str) -> None:
    with pytest.raises(NotEncrypted, match="no whole disk of a USB device"):
        usb_encrypt._usb_name(name)


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


def test_a_passphrase_comes_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\nsecond line\n")
    assert usb_encrypt._passphrase(str(file), "", "") == SECRET
    file.write_text("")
    with pytest.raises(NotEncrypted, match="nothing was changed"):
        usb_encrypt._passphrase(str(file), "", "")


# --- the stick is held, and is the same throughout ------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "sys")


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
def test_signatures_are_wiped_and_a_header_is_written_that_our_probe_believes(
    tmp_path: Path,
) -> None:
    mkfs = shutil.which("mkfs.vfat", path="/usr/sbin:/sbin")
    if mkfs is None:
        pytest.skip("needs mkfs.vfat")
    disk = image(tmp_path / "disk", 64 * MIB)
    subprocess.run([mkfs, disk], check=True, capture_output=True)
    assert verdict(disk).verdict is Verdict.UNENCRYPTED
    encrypt_usb_linux.wipe_signatures(disk)
    with disk.open("r+b") as file:
        encrypt_usb.wipe_edges(file.fileno())
    assert verdict(disk).verdict is Verdict.UNKNOWN
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

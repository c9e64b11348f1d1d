"""A disk that is held: who uses it is found out, nobody else begins, and another is not mistaken.

On real loop devices; that a partition counts is looked at in the lab (``usb-encrypt``).
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from enforcement import encrypt_usb, encrypt_usb_linux
from enforcement.base import EnforcementError, Reason
from enforcement.encrypt_usb import EDGE, Order, Wiped
from enforcement.held_disk_linux import claimed
from tests.media_images import MIB, image

pytestmark = pytest.mark.root
SECRET = "four invented words here"
needs_tools = pytest.mark.skipif(
    bool(encrypt_usb_linux.missing_tools()),
    reason=f"needs {', '.join(encrypt_usb_linux.missing_tools())}",
)


def run(*words: str | Path) -> str:
    return subprocess.run(
        words, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Path]:
    disk = image(tmp_path / "disk", 64 * MIB)
    try:
        node = Path(run("/usr/sbin/losetup", "-P", "-f", "--show", disk))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs loop devices: {error}")
    yield node
    run("/usr/sbin/losetup", "-d", node)


def medium(node: Path) -> int:
    return int(Path(f"/sys/block/{node.name}/diskseq").read_text())


def refusal(node: Path, sequence: int) -> Reason:
    with pytest.raises(EnforcementError) as error:
        with claimed(node, sequence):
            pass
    return error.value.reason


def test_a_disk_that_is_mounted_in_another_mount_namespace_is_not_claimed(
    loop: Path, tmp_path: Path
) -> None:
    run("/usr/sbin/mkfs.ext4", "-q", loop)
    script = f"mount {loop} {tmp_path} && echo there && read -r _"
    with subprocess.Popen(
        ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"there\n"
        assert str(loop) not in Path("/proc/self/mountinfo").read_text()
        assert refusal(loop, medium(loop)) is Reason.IN_USE
        other.communicate(b"\n", timeout=30)
    with claimed(loop, medium(loop)):
        pass


def test_a_claimed_disk_is_nobody_elses(loop: Path, tmp_path: Path) -> None:
    run("/usr/sbin/mkfs.ext4", "-q", loop)
    with claimed(loop, medium(loop)) as disk:
        assert refusal(loop, medium(loop)) is Reason.IN_USE
        with pytest.raises(subprocess.CalledProcessError):
            run("/bin/mount", loop, tmp_path)
        with disk.lent() as node, claimed(node, medium(node)):
            pass
        assert refusal(loop, medium(loop)) is Reason.IN_USE


def test_another_medium_is_not_claimed_and_is_found_out_later(loop: Path) -> None:
    assert refusal(loop, medium(loop) + 1) is Reason.CHANGED
    with claimed(loop, medium(loop)) as disk:
        disk.confirm()
        disk.sequence += 1
        with pytest.raises(EnforcementError) as error:
            disk.confirm()
        assert error.value.reason is Reason.CHANGED
        with pytest.raises(EnforcementError), disk.lent():
            pytest.fail("it was lent")


def test_a_disk_that_cannot_be_written_to_is_refused_and_what_is_none(
    loop: Path, tmp_path: Path
) -> None:
    run("/usr/sbin/blockdev", "--setro", loop)
    assert refusal(loop, medium(loop)) is Reason.REFUSED
    run("/usr/sbin/blockdev", "--setrw", loop)
    assert refusal(image(tmp_path / "file", MIB), 1) is Reason.UNSUPPORTED


def test_the_wipe_leaves_no_signature_of_the_disk_or_a_volume(loop: Path) -> None:
    at, length = 8 * MIB, 16 * MIB
    run("/usr/sbin/mkfs.ext4", "-q", "-E", f"offset={at}", loop, f"{length // 1024}k")
    run(
        "/bin/sh", "-c", f"echo 'start={at // 512}, size={length // 512}' | /usr/sbin/sfdisk {loop}"
    )
    look = ("/usr/sbin/blkid", "-p", "-o", "value", "-s", "TYPE", "-O")
    assert run(*look, str(at), loop) == "ext4"
    assert "dos" in run("/usr/sbin/wipefs", loop)
    with claimed(loop, medium(loop)) as disk:
        disk.write_zeros(at + length - 1, 1)
        encrypt_usb.wipe(disk, [(at, length), (200 * MIB, MIB), (63 * MIB, 4 * MIB)])
    found = subprocess.run([*look, str(at), loop], capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stdout) == (2, "")
    assert run("/usr/sbin/wipefs", loop) == ""


def test_the_wipe_keeps_to_the_edges(loop: Path) -> None:
    with claimed(loop, medium(loop)) as disk:
        written = os.open(loop, os.O_WRONLY | os.O_CLOEXEC)
        os.pwrite(written, b"x" * disk.size(), 0)
        os.fsync(written)
        os.close(written)
        encrypt_usb.wipe(disk, [(8 * MIB, 16 * MIB)])
    left = loop.read_bytes()
    gone = [(0, EDGE), (8 * MIB, EDGE), (24 * MIB - EDGE, EDGE), (64 * MIB - EDGE, EDGE)]
    assert all(left[at : at + count] == bytes(count) for at, count in gone)
    assert left.count(b"x") == 64 * MIB - 4 * EDGE


@needs_tools
def test_a_tool_gets_the_disk_while_it_is_lent_and_not_before(loop: Path) -> None:
    with claimed(loop, medium(loop)) as disk:
        with pytest.raises(EnforcementError, match="in use"):
            encrypt_usb_linux.luks_format(loop, SECRET.encode(), "X")
        with disk.lent() as node:
            encrypt_usb_linux.luks_format(node, SECRET.encode(), "X")
        assert refusal(loop, medium(loop)) is Reason.IN_USE
    assert "crypto_LUKS" in run("/usr/sbin/wipefs", loop)


@needs_tools
def test_told_to_stop_it_says_whether_the_stick_was_wiped(loop: Path) -> None:
    run("/usr/sbin/mkfs.ext4", "-q", loop)
    order = Order(passphrase=SECRET.encode(), label="X", whole=False)
    said: list[str] = []
    for stop_after, error, left in ((0, EnforcementError, "ext4"), (1, Wiped, "")):
        with claimed(loop, medium(loop)) as disk, pytest.raises(error) as stopped:
            encrypt_usb.encrypt(
                disk, [], order, said.append, lambda after=stop_after: len(said) >= after
            )
        assert stopped.value.reason is Reason.INTERRUPTED
        assert isinstance(stopped.value, Wiped) is bool(stop_after)
        assert left in run("/usr/sbin/wipefs", loop)
    assert run("/usr/sbin/wipefs", loop) == ""

"""Linux: cryptsetup, wipefs and mkfs do the work; a passphrase goes through a pipe and no list."""

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from enforcement.base import EnforcementError, Reason
from enforcement.block_usb_linux import put_away

SECONDS = 120.0
"""Longest a tool may take; the slowest is the one that makes a key of the passphrase."""
MEMORY_KB = 256 * 1024
"""What opening takes: a laptop with 2 GB has to be able to."""
_BLKRRPART = 0x125F
_CHUNK = 4 * 1024 * 1024
_TOOLS = {
    "cryptsetup": ("/usr/sbin/cryptsetup", "/sbin/cryptsetup"),
    "wipefs": ("/usr/sbin/wipefs", "/sbin/wipefs"),
    "mkfs.exfat": ("/usr/sbin/mkfs.exfat", "/sbin/mkfs.exfat"),
}
_PACKAGES = {"cryptsetup": "cryptsetup-bin", "wipefs": "util-linux", "mkfs.exfat": "exfatprogs"}


def missing_tools() -> list[str]:
    """The packages of tools that are not there."""
    return [_PACKAGES[name] for name in _TOOLS if _path(name) is None]


def in_use(blocks: Sequence[str]) -> bool:
    """Whether a block device is mounted, swapped to, or the ground of another one. OSError."""
    numbers = {Path(f"/sys/class/block/{name}/dev").read_text().strip() for name in blocks}
    mounted = {line.split()[2] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    swapped = {line.split()[0] for line in Path("/proc/swaps").read_text().splitlines()}
    holders = [one for name in blocks for one in _names(Path(f"/sys/class/block/{name}/holders"))]
    nodes = {f"/dev/{name}" for name in blocks}
    return bool(numbers & mounted or nodes & swapped or holders)


def is_read_only(disk: str) -> bool:
    """Whether the kernel refuses writes to a disk. OSError."""
    return Path(f"/sys/class/block/{disk}/ro").read_text().strip() != "0"


def disk_size(disk: int) -> int:
    """Bytes of an open disk. OSError."""
    return os.lseek(disk, 0, os.SEEK_END)


def wipe_signatures(node: Path) -> None:
    """Take every signature that blkid knows off a disk and its parts. EnforcementError."""
    parts = [node.with_name(name) for name in _parts(node.name)]
    _run("wipefs", "-a", "-q", *map(str, (*parts, node)))


def forget_parts(disk: int) -> None:
    """Have the kernel read the table anew, which is gone."""
    try:
        fcntl.ioctl(disk, _BLKRRPART)
    except OSError as error:
        raise EnforcementError(Reason.IN_USE, "a part of it is in use") from error


def luks_format(node: Path, passphrase: bytes, label: str) -> None:
    """Write a LUKS 2 header. EnforcementError."""
    words = ["--type", "luks2", "--cipher", "aes-xts-plain64", "--key-size", "512"]
    words += ["--pbkdf", "argon2id", "--pbkdf-memory", str(MEMORY_KB), "--label", label]
    _run("cryptsetup", "luksFormat", "-q", *words, "--key-file", "-", str(node), given=passphrase)


@contextmanager
def opened(node: Path, passphrase: bytes) -> Iterator[Path]:
    """The inside of a LUKS stick while it is unlocked; it is locked again in any case."""
    name = f"dossierwacht-{os.getpid()}"
    _run("cryptsetup", "open", "--type", "luks2", "--key-file", "-", str(node), name,
         given=passphrase)  # fmt: skip
    try:
        yield Path("/dev/mapper") / name
    finally:
        os.sync()
        _close(name)


def fill(inside: Path, say: Callable[[str], None]) -> None:
    """Write zeros over the inside, which are noise on the stick itself. OSError."""
    disk = os.open(inside, os.O_WRONLY | os.O_CLOEXEC)
    try:
        size, at, told = disk_size(disk), 0, 0
        while at < size:
            at += os.pwrite(disk, bytes(min(_CHUNK, size - at)), at)
            if at * 10 // size > told:
                told = at * 10 // size
                os.fsync(disk)
                say(f"{told * 10} %")
        os.fsync(disk)
    finally:
        os.close(disk)


def make_file_system(inside: Path, label: str) -> None:
    """An exFAT volume. EnforcementError."""
    _run("mkfs.exfat", "-L", label, str(inside))


def _close(name: str) -> None:
    """An automounter that was quicker than udev's rule is asked to let go of it first."""
    try:
        _run("cryptsetup", "close", name)
    except EnforcementError:
        put_away([os.path.basename(os.path.realpath(f"/dev/mapper/{name}"))])
        _run("cryptsetup", "close", name)


def _run(name: str, *words: str, given: bytes = b"") -> None:
    path = _path(name)
    if path is None:
        raise EnforcementError(Reason.UNSUPPORTED, f"{name} is missing ({_PACKAGES[name]})")
    try:
        done = subprocess.run(
            [path, *words], input=given, capture_output=True, timeout=SECONDS, check=False, env={}
        )
    except subprocess.TimeoutExpired as error:
        raise EnforcementError(Reason.NOT_CONFIRMED, f"{name} does not end") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EnforcementError(Reason.REFUSED, f"{name}: {said[-1] if said else done.returncode}")


def _path(name: str) -> str | None:
    return next((path for path in _TOOLS[name] if os.access(path, os.X_OK)), None)


def _parts(disk: str) -> list[str]:
    folder = Path(f"/sys/class/block/{disk}")
    return [name for name in _names(folder) if (folder / name / "partition").exists()]


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []

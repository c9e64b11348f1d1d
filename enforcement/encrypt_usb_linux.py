"""Linux: cryptsetup and mkfs do the work; a passphrase goes through a pipe and no list.

The tools run in a session of their own: Ctrl-C and a closed terminal reach only this process, which
waits for the tool and locks the stick.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from enforcement import durable
from enforcement.base import EnforcementError, Reason
from enforcement.block_usb_linux import put_away

SECONDS = 120.0
"""Longest a tool may take; the slowest is the one that makes a key of the passphrase."""
MEMORY_KB = 256 * 1024
"""What opening takes: a laptop with 2 GB has to be able to."""
_CHUNK = 4 * 1024 * 1024
_TOOLS = {
    "cryptsetup": ("/usr/sbin/cryptsetup", "/sbin/cryptsetup"),
    "mkfs.exfat": ("/usr/sbin/mkfs.exfat", "/sbin/mkfs.exfat"),
}
_PACKAGES = {"cryptsetup": "cryptsetup-bin", "mkfs.exfat": "exfatprogs"}


def missing_tools() -> list[str]:
    """The packages of tools that are not there."""
    return [_PACKAGES[name] for name in _TOOLS if _path(name) is None]


def luks_format(node: Path, passphrase: bytes, label: str) -> None:
    """Write a LUKS 2 header. EnforcementError."""
    words = ["--type", "luks2", "--cipher", "aes-xts-plain64", "--key-size", "512"]
    words += ["--pbkdf", "argon2id", "--pbkdf-memory", str(MEMORY_KB), "--label", label]
    _run("cryptsetup", "luksFormat", "-q", *words, "--key-file", "-", str(node), given=passphrase)


@contextmanager
def opened(node: Path, passphrase: bytes) -> Iterator[Path]:
    """The inside of a LUKS stick while it is unlocked; it is locked again in any case."""
    name = f"dossierwacht-{os.getpid()}"
    words = ("open", "--type", "luks2", "--key-file", "-", str(node), name)
    try:
        _run("cryptsetup", *words, given=passphrase)
    except EnforcementError:
        with suppress(EnforcementError):  # it may have got as far as the mapping
            _close(name)
        raise
    try:
        yield Path("/dev/mapper") / name
    finally:
        os.sync()
        _close(name)


def fill(inside: Path, say: Callable[[str], None], go_on: Callable[[], None]) -> None:
    """Write zeros over the inside, which are noise on the stick itself. OSError.

    Each chunk is on the stick before the next: nobody who ends it waits for a full memory.
    """
    flags = os.O_WRONLY | os.O_DSYNC | os.O_CLOEXEC
    with durable.held(os.open(inside, flags)) as disk:
        size, at, told = os.lseek(disk, 0, os.SEEK_END), 0, 0
        while at < size:
            go_on()
            at += os.pwrite(disk, bytes(min(_CHUNK, size - at)), at)
            if at * 10 // size > told:
                told = at * 10 // size
                say(f"{told * 10} %")


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
            [path, *words],
            input=given,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={},
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise EnforcementError(Reason.NOT_CONFIRMED, f"{name} does not end") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EnforcementError(Reason.REFUSED, f"{name}: {said[-1] if said else done.returncode}")


def _path(name: str) -> str | None:
    return next((path for path in _TOOLS[name] if os.access(path, os.X_OK)), None)

"""A minimal Debian with what the package depends on: made once, unpacked in seconds."""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.vm.laptop import image

PACKAGES = ("python3", "systemd", "udev", "dbus", "passwd")
"""Those of the package's Depends; libc6 is there."""
OWN_LOGS = (
    "/var/log",
    "/var/cache/ldconfig",
    "/var/lib/dpkg",
    "/etc/passwd-",
    "/etc/group-",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/.pwd.lock",
)
"""What dpkg and the account tools write for themselves."""
_ENTER = """
mount --bind /dev "$1/dev" && mount -t proc proc "$1/proc" && exec chroot "$1" /bin/sh -c "$2"
"""
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
Say = Callable[[str], None]


class Chroot:
    """One unpacked system; everything in it is thrown away with its folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def sh(self, command: str, timeout: float = 300.0) -> "subprocess.CompletedProcess[str]":
        """Run a command in it as root, whether it succeeds or not, in namespaces of its own."""
        given = ["unshare", "--mount", "--pid", "--fork", "--net", "--kill-child"]
        return subprocess.run(
            [*given, "/bin/sh", "-c", _ENTER, "enter", str(self.root), command],
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def must(self, command: str) -> str:
        """The same; what it printed. Raises RuntimeError if it failed."""
        done = self.sh(command)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def put(self, file: Path, where: str) -> None:
        """Copy a file into it."""
        target = self.root / where.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)

    def listing(self) -> set[str]:
        """Each file with its kind, mode, owner and size, and each account, group and unit."""
        found = self.must("find / -xdev -path /proc -prune -o -printf '%p %y %m %u:%g %s %l\\n'")
        lines = {line for line in found.splitlines() if not line.startswith(OWN_LOGS)}
        # A folder's own size says how many names it once held.
        lines = {_without_size(line) for line in lines}
        accounts = self.must("getent passwd; getent group; getent shadow; systemctl --root=/ "
                             "list-unit-files --no-legend --no-pager")  # fmt: skip
        return lines | set(accounts.splitlines())


def _without_size(line: str) -> str:
    words = line.split(" ")
    return " ".join(words[:4]) if len(words) > 4 and words[1] == "d" else line


def unpacked(folder: Path, say: Say) -> Chroot:
    """A fresh system in ``folder``. Raises OSError, SubprocessError."""
    tar = _tar(say)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-xf", tar, "-C", folder, "--exclude=./dev/*"], check=True)
    return Chroot(folder)


def _tar(say: Say) -> Path:
    words = [
        "mmdebstrap",
        "--variant=minbase",
        '--aptopt=APT::Install-Recommends "false"',
        "--dpkgopt=force-unsafe-io",
        f"--include={','.join(PACKAGES)}",
        image.SUITE,
    ]
    key = hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
    folder = image.cache() / f"chroot-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "root.tar").exists():
            say("making a minimal Debian: two minutes, once")
            subprocess.run([*words, folder / "making.tar"], capture_output=True, check=True)
            (folder / "making.tar").rename(folder / "root.tar")
    return folder / "root.tar"

"""The laptop's disk: a Debian desktop made by mmdebstrap, kept in a cache and made once.

The cache's key is everything the image is made from, so a change of the package list makes another
image and never a wrong one. Needs root, since a root folder holds other people's files.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
SUITE = "bookworm"
MODULES = ("virtio_pci", "virtio_blk", "ext4")
"""What the first file system needs; a small initrd starts sooner under emulation."""
ROOM = 900
"""Megabytes left free on the disk."""
_UNWANTED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*")
_PARTS = ("base.img", "vmlinuz", "initrd.img", "ssh_key")
Say = Callable[[str], None]


def cache() -> Path:
    """Where images are kept: ``DOSSIERWACHT_LAB``, else the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("DOSSIERWACHT_LAB") or Path(home) / "dossierwacht-lab")


def key() -> str:
    """A name for what the image is made from."""
    digest = hashlib.sha256("\n".join([*_debootstrap(Path("root")), str(ROOM)]).encode())
    # The snapshot that the machine starts from fits no other hardware.
    for path in (HERE / "machine.py", *sorted((HERE / "files").rglob("*"))):
        if path.is_file():
            digest.update(f"{path.relative_to(HERE)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def image(say: Say) -> Path:
    """The folder of a finished image, made now if need be. Raises OSError, SubprocessError."""
    folder = cache() / key()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            say("making the laptop's disk: four to six minutes, once")
            _make(folder)
            (folder / "made").touch()
    return folder


def _make(folder: Path) -> None:
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    try:
        _run(folder, *_debootstrap(root))
        shutil.copytree(HERE / "files", root, dirs_exist_ok=True)
        _keys(folder, root)
        _run(folder, "chroot", str(root), "/usr/local/sbin/lab-setup")
        _take_kernel(folder, root)
        _to_disk(folder, root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _debootstrap(root: Path) -> list[str]:
    lines = (HERE / "packages.txt").read_text("utf-8").splitlines()
    packages = [word for line in lines if not line.startswith("#") for word in line.split()]
    modules = "\\n".join(MODULES)
    return [
        "mmdebstrap",
        "--variant=minbase",
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude={path}" for path in _UNWANTED),
        "--dpkgopt=force-confold",
        "--dpkgopt=force-unsafe-io",
        f"--include={','.join(['linux-image-amd64', 'initramfs-tools', *packages])}",
        '--setup-hook=mkdir -p "$1/etc/initramfs-tools/conf.d"',
        '--setup-hook=echo MODULES=list >"$1/etc/initramfs-tools/conf.d/lab"',
        f"--setup-hook=printf '{modules}\\n' >\"$1/etc/initramfs-tools/modules\"",
        SUITE,
        str(root),
    ]


def _keys(folder: Path, root: Path) -> None:
    """A key of its own for each image: it opens a machine that listens on loopback only."""
    (folder / "ssh_key").unlink(missing_ok=True)
    _run(folder, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f",
         str(folder / "ssh_key"))  # fmt: skip
    home = root / "root" / ".ssh"
    home.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(folder / "ssh_key.pub", home / "authorized_keys")


def _take_kernel(folder: Path, root: Path) -> None:
    boot = root / "boot"
    shutil.copy(next(boot.glob("vmlinuz-*")), folder / "vmlinuz")
    shutil.copy(next(boot.glob("initrd.img-*")), folder / "initrd.img")
    for unwanted in (boot, root / "var/cache/apt", root / "var/lib/apt/lists"):
        shutil.rmtree(unwanted)
        unwanted.mkdir(parents=True)


def _to_disk(folder: Path, root: Path) -> None:
    used = subprocess.run(["du", "-sm", str(root)], capture_output=True, text=True, check=True)
    size = int(used.stdout.split()[0]) * 12 // 10 + ROOM
    (folder / "base.img").unlink(missing_ok=True)
    _run(folder, "mke2fs", "-q", "-t", "ext4", "-L", "root", "-m", "0", "-d", str(root),
         str(folder / "base.img"), f"{size}M")  # fmt: skip


def _run(folder: Path, *words: str) -> None:
    with open(folder / "build.log", "a") as log:
        log.write(f"$ {' '.join(words)}\n")
        log.flush()
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)

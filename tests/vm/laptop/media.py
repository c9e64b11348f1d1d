"""What is plugged in: disk images by name, made once by the real tools and kept in the cache.

Each is made by the same builders as the unit tests' images (``tests.media_images``), so that what
the lab plugs in is what the unit tests judge.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from collectors.media.verdict import VolumeKind
from tests.media_images import MIB, bitlocker, image, luks, partitioned, plain, put

SIZE = 64 * MIB
PASSWORD, CLEAR_KEY = 0x2000, 0x0000
_EFI = "type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
Maker = Callable[[Path, Path], None]
"""Makes an image at the first path, with the second, a folder, for its parts."""


def tool(name: str, *arguments: str | Path, given: bytes = b"") -> None:
    """Run a program of the system. Raises CalledProcessError, FileNotFoundError."""
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if path is None:
        raise FileNotFoundError(f"the lab needs {name}")
    subprocess.run([path, *map(str, arguments)], input=given, capture_output=True, check=True)


def make(folder: Path, name: str) -> Path:
    """The image called ``name``, made now if there is none."""
    path = folder / f"{name}.img"
    if not path.exists():
        work = folder / f"{name}.parts"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        MAKERS[name](work / "made", work)
        (work / "made").rename(path)
        shutil.rmtree(work)
    return path


def _right_on_disk(kind: VolumeKind) -> Maker:
    return lambda path, work: _as(path, plain(tool, work / "one", kind, SIZE))


def _in_partition(label: str, line: str, kind: VolumeKind) -> Maker:
    def maker(path: Path, work: Path) -> None:
        partitioned(tool, path, label, f"start=2048{line}", size=SIZE)
        put(path, plain(tool, work / "one", kind, SIZE - 2 * MIB), MIB)

    return maker


def _luks(version: int) -> Maker:
    return lambda path, work: _as(path, luks(tool, work / "one", version, size=SIZE))


def _luks_in_partition(path: Path, work: Path) -> None:
    partitioned(tool, path, "dos", "start=2048, type=83", size=SIZE)
    put(path, luks(tool, work / "one", 2, size=SIZE - MIB), MIB)


def _mixed(path: Path, work: Path) -> None:
    partitioned(tool, path, "gpt", "start=2048, size=65536", "start=67584, size=61440", size=SIZE)
    put(path, luks(tool, work / "one", 2, size=32 * MIB), MIB)
    put(path, plain(tool, work / "two", VolumeKind.VFAT, 30 * MIB), 33 * MIB)


def _beside_boot_part(path: Path, work: Path) -> None:
    lines = (f"start=2048, size=16384, {_EFI}", "start=18432, size=110592")
    partitioned(tool, path, "gpt", *lines, size=SIZE)
    put(path, plain(tool, work / "one", VolumeKind.VFAT), MIB)
    put(path, luks(tool, work / "two", 2, size=54 * MIB), 9 * MIB)


def _bitlocker(*protectors: int, to_go: bool = False) -> Maker:
    return lambda path, _: _written(path, bitlocker(*protectors, size=SIZE, to_go=to_go))


def _forty_bytes(path: Path, _: Path) -> None:
    real = bitlocker(PASSWORD, size=SIZE)
    _written(path, real[:11] + bytes(149) + real[160:200] + bytes(SIZE - 200))


def _damaged_luks(path: Path, work: Path) -> None:
    """Both copies of the metadata are damaged, the magic is whole."""
    raw = bytearray(luks(tool, work / "one", 2, size=SIZE).read_bytes())
    for start in (0, 16_384):
        raw[start + 4096 : start + 8192] = bytes(4096)
    _written(path, bytes(raw))


def _iso_hybrid(path: Path, work: Path) -> None:
    """An ISO9660 volume over the whole disk and a table that names a part within it."""
    partitioned(tool, path, "dos", "start=64, size=20000, type=17", size=SIZE)
    descriptor = b"\x01CD001\x01\0" + bytes(2040)
    with path.open("r+b") as file:
        file.seek(16 * 2048)
        file.write(descriptor)
        file.write(b"\xffCD001\x01" + bytes(2041))


def _noise(path: Path, _: Path) -> None:
    with open("/dev/urandom", "rb") as noise:
        _written(path, noise.read(SIZE))


def _as(path: Path, made: Path) -> None:
    made.rename(path)


def _written(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)


MAKERS: dict[str, Maker] = {
    "fat32-in-partition": _in_partition("dos", ", type=c", VolumeKind.VFAT),
    "exfat-in-partition": _in_partition("dos", ", type=7", VolumeKind.EXFAT),
    "ntfs-in-partition": _in_partition("dos", ", type=7", VolumeKind.NTFS),
    "ext4-in-partition": _in_partition("gpt", "", VolumeKind.EXT),
    "fat-on-disk": _right_on_disk(VolumeKind.VFAT),
    "luks1": _luks(1),
    "luks2": _luks(2),
    "luks2-in-partition": _luks_in_partition,
    "luks2-and-fat": _mixed,
    "luks2-beside-boot-part": _beside_boot_part,
    "luks2-damaged": _damaged_luks,
    "bitlocker": _bitlocker(PASSWORD),
    "bitlocker-to-go": _bitlocker(PASSWORD, to_go=True),
    "bitlocker-clear-key": _bitlocker(PASSWORD, CLEAR_KEY),
    "bitlocker-forty-bytes": _forty_bytes,
    "iso-hybrid": _iso_hybrid,
    "noise": _noise,
    "zeros": lambda path, _: _as(path, image(path, SIZE)),
}

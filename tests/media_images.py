"""Disk images as sticks are: made by the real tools in plain files, without root or loop devices.

``tool`` runs a program of the system: a test gives one that skips where the program is missing, the
lab one that fails.
"""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from collectors.media.verdict import VolumeKind

MIB = 1024 * 1024
PASSPHRASE = b"invented for this test"
Tool = Callable[..., None]


def image(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def put(disk: Path, part: Path, offset: int) -> None:
    with disk.open("r+b") as file:
        file.seek(offset)
        file.write(part.read_bytes())


def luks(tool: Tool, path: Path, version: int, *more: str, size: int = 20 * MIB) -> Path:
    image(path, size)
    kdf = (
        ("--pbkdf-force-iterations", "1000")
        if version == 1
        else ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    )
    tool(
        "cryptsetup",
        "luksFormat",
        "-q",
        "--type",
        f"luks{version}",
        *kdf,
        *more,
        path,
        "-",
        given=PASSPHRASE,
    )
    return path


def plain(tool: Tool, path: Path, kind: VolumeKind, size: int = 8 * MIB) -> Path:
    image(path, size)
    makers: dict[VolumeKind, tuple[str, ...]] = {
        VolumeKind.VFAT: ("mkfs.vfat", "-n", "KLAS"),
        VolumeKind.EXFAT: ("mkfs.exfat",),
        VolumeKind.NTFS: ("mkntfs", "-q", "-F", "-f"),
        VolumeKind.EXT: ("mke2fs", "-q", "-t", "ext4"),
    }
    name, *arguments = makers[kind]
    tool(name, *arguments, path)
    return path


def partitioned(tool: Tool, disk: Path, label: str, *lines: str, size: int = 64 * MIB) -> Path:
    image(disk, size)
    script = "\n".join([f"label: {label}", *lines]) + "\n"
    tool("sfdisk", "-q", "--wipe", "never", disk, given=script.encode())
    return disk


def bitlocker(
    *protections: int,
    size: int = 4 * MIB,
    to_go: bool = False,
    state: tuple[int, int] = (4, 4),
    volume_key: bool = True,
) -> bytes:
    """A BitLocker volume's header and metadata, written from the format's description."""
    entries = b""
    for protection in protections:
        body = bytes(26) + struct.pack("<H", protection) + bytes(40)
        entries += struct.pack("<HHHH", 8 + len(body), 2, 8, 1) + body
    if volume_key:
        entries += struct.pack("<HHHH", 8 + 40, 3, 5, 1) + bytes(40)
    offsets = (1 * MIB, 2 * MIB, 3 * MIB)
    header = struct.pack("<IIII16sIHHQ", 48 + len(entries), 1, 48, 0, bytes(16), 0, 0, 0, 0)
    units = (64 + 48 + len(entries) + 15) // 16
    block = struct.pack(
        "<8sHHHHQIIQQQQ", b"-FVE-FS-", units, 2, *state, size, 0, 16, *offsets, 1 * MIB + 65_536
    )
    block = (block + header + entries).ljust(units * 16, b"\0")
    raw = bytearray(size)
    raw[0:3], raw[510:512] = b"\xeb\x58\x90", b"\x55\xaa"
    raw[3:11] = b"MSWIN4.1" if to_go else b"-FVE-FS-"
    raw[11:13] = struct.pack("<H", 512)
    at = 424 if to_go else 160
    raw[at : at + 16] = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
    struct.pack_into("<QQQ", raw, at + 16, *offsets)
    if to_go:
        raw[11:36] = bytes.fromhex("0002022100010000000000f800003f00ff000000000000200300")[:25]
    for offset in offsets:
        raw[offset : offset + len(block)] = block
        struct.pack_into("<HHI", raw, offset + len(block), 0, 2, zlib.crc32(block))
    return bytes(raw)

"""File systems that anybody can read, known by the marks a kernel would know them by.

To miss one is worse than to see one too many, so the marks are the few fields that Linux itself
asks for before it mounts, and no more: a FAT volume whose name field was made to look like
BitLocker is still one that mounts.
"""

import struct

from collectors.media.luks import ReadAt
from collectors.media.verdict import VolumeKind

_MARKS: tuple[tuple[int, bytes, VolumeKind], ...] = (
    (3, b"NTFS    ", VolumeKind.NTFS),
    (3, b"EXFAT   ", VolumeKind.EXFAT),
    (0, b"XFSB", VolumeKind.XFS),
    (65_600, b"_BHRfS_M", VolumeKind.BTRFS),
    (32_769, b"CD001", VolumeKind.ISO9660),
    (1024, b"H+\x00\x04", VolumeKind.HFS_PLUS),
    (1024, b"HX\x00\x05", VolumeKind.HFS_PLUS),
    (32, b"NXSB", VolumeKind.APFS),
    (1024, b"\x10\x20\xf5\xf2", VolumeKind.OTHER_FILE_SYSTEM),  # f2fs
    (1024, b"\xe2\xe1\xf5\xe0", VolumeKind.OTHER_FILE_SYSTEM),  # erofs
    (0, b"hsqs", VolumeKind.OTHER_FILE_SYSTEM),  # squashfs
    (32_768, b"JFS1", VolumeKind.OTHER_FILE_SYSTEM),
    (65_588, b"ReIsEr", VolumeKind.OTHER_FILE_SYSTEM),
    (65_536, b"\x01\x16\x19\x70", VolumeKind.OTHER_FILE_SYSTEM),  # gfs2
    (1028, b"NILFS", VolumeKind.OTHER_FILE_SYSTEM),
)
_UDF = (b"NSR02", b"NSR03")
_EXT_MAGIC = 0xEF53
_NILFS_MAGIC = b"\x34\x34"
_FAT_BOOT = struct.Struct("<HBHBHHBH")


def plain_kind(read_at: ReadAt, *, fat: bool = True) -> VolumeKind | None:
    """The file system found, if any. ``fat=False`` leaves FAT out (BitLocker To Go wears one)."""
    for at, mark, kind in _MARKS:
        if read_at(at, len(mark)) == mark:
            return kind
    if _is_ext(read_at(1024, 1024)):
        return VolumeKind.EXT
    if fat and _is_fat(read_at(0, 512)):
        return VolumeKind.VFAT
    if _is_nilfs(read_at(1024, 64)):
        return VolumeKind.OTHER_FILE_SYSTEM
    if any(read_at(32_768 + 2048 * i + 1, 5) in _UDF for i in range(16)):
        return VolumeKind.UDF
    return None


def _is_ext(superblock: bytes) -> bool:
    """ext2, 3 and 4. The mark has two bytes only, so sizes must make sense as well."""
    if len(superblock) < 1024 or superblock[56:58] != _EXT_MAGIC.to_bytes(2, "little"):
        return False
    inodes, blocks = struct.unpack_from("<II", superblock, 0)
    block_size, per_group = struct.unpack_from("<I", superblock, 24)[0], superblock[32:36]
    return bool(inodes and blocks and block_size <= 6 and any(per_group))


def _is_fat(boot: bytes) -> bool:
    """What Linux asks of a boot sector before it mounts it as FAT."""
    if len(boot) < 512:
        return False
    sector, cluster, reserved, fats, entries, small, media, fat16 = _FAT_BOOT.unpack_from(boot, 11)
    large, fat32 = struct.unpack_from("<I", boot, 32)[0], struct.unpack_from("<I", boot, 36)[0]
    return bool(
        sector in (512, 1024, 2048, 4096)
        and cluster
        and cluster & (cluster - 1) == 0
        and reserved
        and 1 <= fats <= 4
        and (media >= 0xF8 or media == 0xF0)
        and (small or large)
        and (fat16 or fat32)
        and (entries or not fat16)
    )


def _is_nilfs(superblock: bytes) -> bool:
    """Two bytes of mark; revision 2 and a small block size make it one."""
    if len(superblock) < 28 or superblock[6:8] != _NILFS_MAGIC:
        return False
    revision, size_exponent = struct.unpack_from("<I", superblock, 0)[0], superblock[20:24]
    return revision == 2 and int.from_bytes(size_exponent, "little") <= 6

"""BitLocker: is there real metadata behind the signature, and is its key protected?

The signature in the first sector is eight bytes that anybody can write; blkid believes it. Proof is
the metadata it points to: a block with its own signature, a checksum that fits, a full volume key
and at least one protector. A protector of type 0 is a *clear key*: protection is suspended and the
key stands in the metadata for everybody to read. Format as libbde's and cryptsetup's documentation
describe it; Vista's variant of the header is not read and stays unrecognised.
"""

import struct
import zlib
from collections.abc import Iterator

from collectors.media.luks import ReadAt
from collectors.media.verdict import VolumeKind

SIGNATURE = b"-FVE-FS-"
TO_GO = b"MSWIN4.1"
"""BitLocker To Go: looks like FAT32, so that an old Windows finds the reader program in it."""

_GUIDS = frozenset(
    {
        bytes.fromhex("3bd66749292ed84a8399f6a339e3d001"),
        bytes.fromhex("3b4da89280dd0e4d9e4eb1e3284eaed8"),
    }
)
"""The second is "encrypt on write": only the space in use was encrypted at first."""
_JUMPS = frozenset({b"\xeb\x52\x90", b"\xeb\x58\x90"})
_SECTOR_SIZES = frozenset({512, 1024, 2048, 4096})
_GUID_AT = {SIGNATURE: 160, TO_GO: 424}
_BLOCK = struct.Struct("<8sHHHHQIIQQQQ")
_HEADER = struct.Struct("<IIII16sIHHQ")
_ENTRY = struct.Struct("<HHHH")
_VALIDATION = struct.Struct("<HHI")
_LARGEST_BLOCK = 65_536
_FULLY_ENCRYPTED = 4
_PROTECTOR, _VOLUME_KEY = 2, 3
_PROTECTION_AT = 26
_CLEAR_KEY = 0


def bitlocker_kind(read_at: ReadAt, size: int) -> VolumeKind | None:
    """What a BitLocker volume is; None if no metadata behind the signature holds together.

    The first of the copies has to be whole; where others differ, the least protected one counts.
    """
    start = read_at(0, 512)
    at = _GUID_AT.get(start[3:11])
    if len(start) < 512 or at is None or start[at : at + 16] not in _GUIDS:
        return None
    if start[:3] not in _JUMPS or int.from_bytes(start[11:13], "little") not in _SECTOR_SIZES:
        return None
    offsets = struct.unpack_from("<QQQ", start, at + 16)
    copies = [_copy(read_at, offset, size) for offset in offsets]
    found = set(copies) if copies[0] else set()
    order = (VolumeKind.BITLOCKER_CLEAR_KEY, VolumeKind.PARTLY_ENCRYPTED, VolumeKind.BITLOCKER)
    return next((kind for kind in order if kind in found), None)


def is_to_go(read_at: ReadAt) -> bool:
    """Whether the first sector is the one that looks like FAT32 on purpose."""
    return read_at(3, 8) == TO_GO


def _copy(read_at: ReadAt, offset: int, size: int) -> VolumeKind | None:
    if not 512 <= offset < size:
        return None
    raw = read_at(offset, _LARGEST_BLOCK + _VALIDATION.size)
    if len(raw) < _BLOCK.size + _HEADER.size or not raw.startswith(SIGNATURE):
        return None
    block, header = _BLOCK.unpack_from(raw), _HEADER.unpack_from(raw, _BLOCK.size)
    length = block[1] << 4 if block[2] == 2 else block[1]
    if not _checksum_fits(raw, length) or not 0 < block[5] <= size:
        return None
    if header[2] != _HEADER.size or not _HEADER.size < header[0] <= length - _BLOCK.size:
        return None
    state = (block[3], block[4])
    return _by_entries(raw[_BLOCK.size + _HEADER.size : _BLOCK.size + header[0]], state)


def _checksum_fits(raw: bytes, length: int) -> bool:
    """The block is followed by a record that holds its CRC-32."""
    if not _BLOCK.size < length <= len(raw) - _VALIDATION.size:
        return False
    return bool(_VALIDATION.unpack_from(raw, length)[2] == zlib.crc32(raw[:length]))


def _by_entries(entries: bytes, state: tuple[int, int]) -> VolumeKind | None:
    has_key, protections = False, []
    for kind, body in _walk(entries):
        has_key = has_key or kind == _VOLUME_KEY
        if kind == _PROTECTOR and len(body) >= _PROTECTION_AT + 2:
            protections.append(int.from_bytes(body[_PROTECTION_AT : _PROTECTION_AT + 2], "little"))
    if not has_key or not protections:
        return None
    if _CLEAR_KEY in protections:
        return VolumeKind.BITLOCKER_CLEAR_KEY
    fully = state == (_FULLY_ENCRYPTED, _FULLY_ENCRYPTED)
    return VolumeKind.BITLOCKER if fully else VolumeKind.PARTLY_ENCRYPTED


def _walk(entries: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each entry, up to the first that does not fit."""
    at = 0
    while at + _ENTRY.size <= len(entries):
        length, kind, _, _ = _ENTRY.unpack_from(entries, at)
        if length < _ENTRY.size or at + length > len(entries):
            return
        yield kind, entries[at + _ENTRY.size : at + length]
        at += length

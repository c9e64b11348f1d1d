"""LUKS 1 and 2: is this header one that cryptsetup could open, and does it encrypt?

A magic number is six bytes that anybody can write, so the rest of the header has to hold together:
sizes that fit on the volume, key slots with key material in them, for LUKS 2 the checksum and the
metadata (``luks2``). Formats: the LUKS1 On-Disk Format Specification 1.2.3 and the LUKS2 On-Disk
Format Specification 1.1.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable

from collectors.media.luks2 import BINARY_HEADER, luks2_kind
from collectors.media.verdict import VolumeKind

ReadAt = Callable[[int, int], bytes]
"""Reads up to ``length`` bytes at ``offset``; fewer only at the end of the volume."""

MAGIC = b"LUKS\xba\xbe"
SECTOR = 512
_HASHES = frozenset(
    [
        "sha1",
        "sha224",
        "sha256",
        "sha384",
        "sha512",
        "ripemd160",
        "whirlpool",
        "sm3",
        "stribog256",
        "stribog512",
        "sha3-256",
        "sha3-512",
        "blake2b-256",
        "blake2b-512",
        "blake2s-256",
    ]
)
"""Those that cryptsetup's libraries have."""
_SLOT_IN_USE, _SLOT_FREE = 0x00AC71F3, 0x0000DEAD
_STRIPES = 4000
_LUKS1 = struct.Struct(">6sH32s32s32sII20s32sI40s")
_SLOT = struct.Struct(">II32sII")
_Slot = tuple[int, int, bytes, int, int]
_LUKS2 = struct.Struct(">6sHQQ48s32s64s40s48sQ184s64s")
_HEADER_SIZES = frozenset(2**power for power in range(14, 23))
"""16 KiB to 4 MiB, as the specification lists them."""
_CHECKSUM_AT = 448


def luks_kind(read_at: ReadAt, size: int) -> VolumeKind | None:
    """What a LUKS volume is; None if there is no LUKS header that holds together."""
    start = read_at(0, BINARY_HEADER)
    if len(start) < BINARY_HEADER or not start.startswith(MAGIC):
        return None
    version = int.from_bytes(start[6:8], "big")
    if version == 1:
        return _luks1(start, read_at, size)
    return _luks2(start, read_at, size) if version == 2 else None


def _luks1(start: bytes, read_at: ReadAt, size: int) -> VolumeKind | None:
    fields = _LUKS1.unpack_from(start)
    cipher, payload, key_bytes = _text(fields[2]), fields[5] * SECTOR, fields[6]
    slots = [_SLOT.unpack_from(start, _LUKS1.size + _SLOT.size * i) for i in range(8)]
    if not cipher or not 1 <= key_bytes <= 512 or not BINARY_HEADER <= payload < size:
        return None
    if _text(fields[4]) not in _HASHES or not _slots_make_sense(slots, key_bytes, payload):
        return None
    if not any(_slot_holds_a_key(slot, read_at) for slot in slots):
        return None
    return VolumeKind.NULL_CIPHER if "null" in cipher else VolumeKind.LUKS1


def _slots_make_sense(slots: list[_Slot], key_bytes: int, payload: int) -> bool:
    """In use or not, each has its place between header and data; cryptsetup asks that too."""
    states = all(slot[0] in (_SLOT_IN_USE, _SLOT_FREE) and slot[4] == _STRIPES for slot in slots)
    starts = sorted(slot[3] * SECTOR for slot in slots)
    ends = [start + key_bytes * _STRIPES for start in starts]
    apart = all(end <= start for end, start in zip(ends, [*starts[1:], payload], strict=True))
    return states and apart and starts[0] >= 2 * SECTOR


def _slot_holds_a_key(slot: _Slot, read_at: ReadAt) -> bool:
    state, iterations, salt, material, _ = slot
    if state != _SLOT_IN_USE or iterations < 1 or not any(salt):
        return False
    return any(read_at(material * SECTOR, SECTOR))


def _luks2(start: bytes, read_at: ReadAt, size: int) -> VolumeKind | None:
    fields = _LUKS2.unpack_from(start)
    header_size, algorithm, at = fields[2], _text(fields[5]), fields[9]
    if header_size not in _HEADER_SIZES or header_size >= size or at != 0:
        return None
    header = read_at(0, header_size)
    if len(header) != header_size or not _checksum_fits(header, algorithm):
        return None
    return luks2_kind(header[BINARY_HEADER:], size)


def _checksum_fits(header: bytes, algorithm: str) -> bool:
    if algorithm not in ("sha256", "sha512", "sha1"):
        return False
    digest = hashlib.new(algorithm, usedforsecurity=False)
    digest.update(header[:_CHECKSUM_AT] + bytes(64) + header[_CHECKSUM_AT + 64 :])
    written = header[_CHECKSUM_AT : _CHECKSUM_AT + digest.digest_size]
    return hmac.compare_digest(digest.digest(), written)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "replace")

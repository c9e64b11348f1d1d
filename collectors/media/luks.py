"""LUKS 1 and 2: is this header one that cryptsetup could open, and does it encrypt?

A magic number is six bytes that anybody can write, so the rest of the header has to hold together:
sizes that fit on the volume, key slots with key material in them, for LUKS 2 the checksum and the
metadata. Formats: the LUKS1 On-Disk Format Specification 1.2.3 and the LUKS2 On-Disk Format
Specification 1.1.
"""

import hashlib
import hmac
import json
import struct
from collections.abc import Callable
from typing import Any

from collectors.media.verdict import VolumeKind

ReadAt = Callable[[int, int], bytes]
"""Reads up to ``length`` bytes at ``offset``; fewer only at the end of the volume."""

MAGIC = b"LUKS\xba\xbe"
SECTOR = 512
_SLOT_IN_USE = 0x00AC71F3
_STRIPES = 4000
_LUKS1 = struct.Struct(">6sH32s32s32sII20s32sI40s")
_SLOT = struct.Struct(">II32sII")
_LUKS2 = struct.Struct(">6sHQQ48s32s64s40s48sQ184s64s")
_BINARY_HEADER = 4096
_HEADER_SIZES = frozenset(2**power for power in range(14, 23))
"""16 KiB to 4 MiB, as the specification lists them."""
_CHECKSUM_AT = 448


def luks_kind(read_at: ReadAt, size: int) -> VolumeKind | None:
    """What a LUKS volume is; None if there is no LUKS header that holds together."""
    start = read_at(0, _BINARY_HEADER)
    if len(start) < _BINARY_HEADER or not start.startswith(MAGIC):
        return None
    version = int.from_bytes(start[6:8], "big")
    if version == 1:
        return _luks1(start, read_at, size)
    return _luks2(start, read_at, size) if version == 2 else None


def _luks1(start: bytes, read_at: ReadAt, size: int) -> VolumeKind | None:
    fields = _LUKS1.unpack_from(start)
    cipher, payload, key_bytes = _text(fields[2]), fields[5] * SECTOR, fields[6]
    slots = [_SLOT.unpack_from(start, _LUKS1.size + _SLOT.size * i) for i in range(8)]
    if not cipher or not 1 <= key_bytes <= 512 or not _BINARY_HEADER <= payload < size:
        return None
    if not any(_slot_holds_a_key(slot, read_at, payload) for slot in slots):
        return None
    return VolumeKind.NULL_CIPHER if "null" in cipher else VolumeKind.LUKS1


def _slot_holds_a_key(
    slot: tuple[int, int, bytes, int, int], read_at: ReadAt, payload: int
) -> bool:
    state, iterations, salt, material, stripes = slot
    if state != _SLOT_IN_USE or iterations < 1 or stripes != _STRIPES or not any(salt):
        return False
    at = material * SECTOR
    return at >= SECTOR * 2 and at + SECTOR <= payload and any(read_at(at, SECTOR))


def _luks2(start: bytes, read_at: ReadAt, size: int) -> VolumeKind | None:
    fields = _LUKS2.unpack_from(start)
    header_size, algorithm, at = fields[2], _text(fields[5]), fields[9]
    if header_size not in _HEADER_SIZES or header_size >= size or at != 0:
        return None
    header = read_at(0, header_size)
    if len(header) != header_size or not _checksum_fits(header, algorithm):
        return None
    metadata = _metadata(header[_BINARY_HEADER:])
    return _luks2_kind(metadata, size) if metadata else None


def _checksum_fits(header: bytes, algorithm: str) -> bool:
    if algorithm not in ("sha256", "sha512", "sha1"):
        return False
    digest = hashlib.new(algorithm, usedforsecurity=False)
    digest.update(header[:_CHECKSUM_AT] + bytes(64) + header[_CHECKSUM_AT + 64 :])
    written = header[_CHECKSUM_AT : _CHECKSUM_AT + digest.digest_size]
    return hmac.compare_digest(digest.digest(), written)


def _metadata(area: bytes) -> dict[str, Any] | None:
    """The JSON of a LUKS 2 header; None unless it is an object. Limits: the area's size."""
    try:
        found = json.loads(area.split(b"\0", 1)[0].decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _luks2_kind(metadata: dict[str, Any], size: int) -> VolumeKind | None:
    slots = [slot for slot in _objects(metadata, "keyslots") if _is_key_slot(slot, size)]
    segments = _objects(metadata, "segments")
    if not slots or not segments:
        return None
    if any(segment.get("type") not in ("crypt", "linear") for segment in segments):
        return None
    ciphers = [segment.get("encryption") for segment in segments if segment["type"] == "crypt"]
    if not all(isinstance(cipher, str) and cipher for cipher in ciphers):
        return None
    if len(ciphers) < len(segments):
        return VolumeKind.PARTLY_ENCRYPTED
    null = any("null" in str(cipher) for cipher in ciphers)
    return VolumeKind.NULL_CIPHER if null else VolumeKind.LUKS2


def _objects(metadata: dict[str, Any], name: str) -> list[dict[str, Any]]:
    table = metadata.get(name)
    if not isinstance(table, dict) or not all(isinstance(one, dict) for one in table.values()):
        return []
    return list(table.values())


def _is_key_slot(slot: dict[str, Any], size: int) -> bool:
    """A slot of the kind a passphrase opens, with its key material inside the volume."""
    area, kdf = slot.get("area"), slot.get("kdf")
    if slot.get("type") != "luks2" or not isinstance(area, dict) or not isinstance(kdf, dict):
        return False
    offset, length = _number(area.get("offset")), _number(area.get("size"))
    return offset >= _BINARY_HEADER and length > 0 and offset + length <= size


def _number(value: object) -> int:
    """A whole number as LUKS 2 writes it, a string of digits; -1 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    return -1


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "replace")

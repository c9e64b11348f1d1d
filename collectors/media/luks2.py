"""LUKS 2 metadata: does everything in it hold together, and is every stretch of data encrypted?

The text is somebody else's, so it is decoded into types at once, and what the types cannot say is
checked after: areas of key slots that do not overlap and lie where the format has them, digests
that name each key slot once. What cryptsetup would refuse is no proof of encryption. Format: the
LUKS2 On-Disk Format Specification 1.1. What needs LUKS 2 in another way than by a passphrase (no
key slot, unknown kinds) is not proven and counts as unrecognised.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from collectors.media.verdict import VolumeKind

BINARY_HEADER = 4096
"""Bytes before the text."""
_LARGEST_KEY_SLOTS = 128 * 1024 * 1024
_UNIT = 4096
_LARGEST_NUMBER = 2**64
_STRIPES = 4000

Number = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,20}\Z")]
"""LUKS 2 writes large numbers as texts of digits."""
Index = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,9}\Z")]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
KeyBytes = Annotated[int, msgspec.Meta(ge=1, le=512)]


class Area(msgspec.Struct):
    """Where a key slot keeps its key."""

    type: Word
    offset: Number
    size: Number


class RawArea(Area):
    """The area of a key slot that a passphrase opens."""

    encryption: Word
    key_size: KeyBytes


class Kdf(msgspec.Struct):
    """How a passphrase becomes a key."""

    type: Word
    salt: Word


class Split(msgspec.Struct):
    """How the key is spread over its area."""

    type: Literal["luks1"]
    stripes: Annotated[int, msgspec.Meta(ge=_STRIPES, le=_STRIPES)]
    hash: Word


class KeySlot(msgspec.Struct, tag_field="type", tag="luks2"):
    """A key slot that a passphrase opens."""

    key_size: KeyBytes
    area: RawArea
    kdf: Kdf
    af: Split


class Reencryption(msgspec.Struct, tag_field="type", tag="reencrypt"):
    """Not a key slot: the mark of a change that is under way."""

    area: Area


class Crypt(msgspec.Struct, tag_field="type", tag="crypt"):
    """Encrypted data."""

    offset: Number
    size: Word
    iv_tweak: Number
    encryption: Word
    sector_size: Literal[512, 1024, 2048, 4096]
    flags: list[str] = []


class Linear(msgspec.Struct, tag_field="type", tag="linear"):
    """Data that lies in the open."""

    offset: Number
    size: Word
    flags: list[str] = []


class Digest(msgspec.Struct):
    """What a key is known by, and which slots and segments it belongs to."""

    type: Word
    keyslots: list[Index]
    segments: list[Index]


class Token(msgspec.Struct):
    """Another way to a key slot."""

    type: Word
    keyslots: list[Index]


class Config(msgspec.Struct):
    """The sizes of the header."""

    json_size: Number
    keyslots_size: Number


class Metadata(msgspec.Struct):
    """All of it."""

    keyslots: dict[Index, KeySlot | Reencryption]
    segments: dict[Index, Crypt | Linear]
    digests: dict[Index, Digest]
    tokens: dict[Index, Token]
    config: Config


def luks2_kind(area: bytes, size: int) -> VolumeKind | None:
    """What a volume of ``size`` bytes is by the text in ``area``; None if that makes no sense."""
    text, end, rest = area.partition(b"\0")
    if not text.startswith(b"{") or not end or any(rest):
        return None
    try:
        found = msgspec.json.decode(text, type=Metadata)
    except (ValueError, RecursionError):
        return None
    holds = _sizes_hold(found, len(area), size) and _references_hold(found)
    return _kind(found) if holds else None


def _sizes_hold(found: Metadata, json_size: int, size: int) -> bool:
    """Two headers, then the areas of the key slots, then the data."""
    start = 2 * (BINARY_HEADER + json_size)
    slots = int(found.config.keyslots_size)
    if int(found.config.json_size) != json_size or slots % _UNIT or slots > _LARGEST_KEY_SLOTS:
        return False
    return (
        _areas_hold((slot.area for slot in found.keyslots.values()), start, start + slots)
        and start + slots <= size
        and all(_segment_holds(one, start + slots, size) for one in found.segments.values())
    )


def _areas_hold(areas: Iterable[Area], start: int, end: int) -> bool:
    places = sorted((int(one.offset), int(one.offset) + int(one.size)) for one in areas)
    inside = all(start <= first < last <= end for first, last in places)
    return inside and all(before[1] <= after[0] for before, after in pairwise(places))


def _segment_holds(segment: Crypt | Linear, start: int, size: int) -> bool:
    first = int(segment.offset)
    if segment.size == "dynamic":
        return start <= first < size
    if not segment.size.isascii() or not segment.size.isdigit() or len(segment.size) > 20:
        return False
    length = int(segment.size)
    return start <= first and 0 < length < _LARGEST_NUMBER and length % 512 == 0


def _references_hold(found: Metadata) -> bool:
    """Digests and tokens name what there is, and each key slot has one digest."""
    named = Counter(slot for digest in found.digests.values() for slot in digest.keyslots)
    segments = {one for digest in found.digests.values() for one in digest.segments}
    held = {slot for token in found.tokens.values() for slot in token.keyslots}
    return (
        set(named) | held <= set(found.keyslots)
        and segments <= set(found.segments)
        and all(named[name] == 1 for name in found.keyslots)
    )


def _kind(found: Metadata) -> VolumeKind | None:
    slots = [one for one in found.keyslots.values() if isinstance(one, KeySlot)]
    segments = [one for one in found.segments.values() if not _is_spare(one)]
    ciphers = [one.encryption for one in segments if isinstance(one, Crypt)]
    if not slots or not segments:
        return None
    if len(ciphers) < len(segments):
        return VolumeKind.PARTLY_ENCRYPTED
    return VolumeKind.NULL_CIPHER if any("null" in one for one in ciphers) else VolumeKind.LUKS2


def _is_spare(segment: Crypt | Linear) -> bool:
    """A note of how things were before, or will be after, a change that is under way."""
    return any(flag.startswith("backup-") for flag in segment.flags)

"""Where the volumes of a disk are: partition tables of the MBR kind and of the GPT kind.

Read by ourselves and not asked of the kernel, so that one open disk is all a verdict needs and no
partition can arrive too late to be judged. Where two tables disagree, the parts of both count: a
part too many makes a verdict stricter, one too few would make it wrong. Limits: 128 parts, 64 links
of logical partitions.
"""

import struct
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collectors.media.luks import ReadAt
from collectors.media.verdict import Role

MOST_PARTS = 128
LEAST_GAP = 64 * 1024 * 1024
"""Bytes. Less than this, or than a fiftieth of the disk, is what tools leave for alignment."""
_MOST_LINKS = 64
_SECTOR_SIZES = (512, 4096)
_EXTENDED = frozenset({0x05, 0x0F, 0x85})
_PROTECTIVE = 0xEE
_MBR_SYSTEM = 0xEF
_MBR_ENTRY = struct.Struct("<B3sB3sII")
_GPT = struct.Struct("<8sIIIIQQQQ16sQIII")
_GPT_ENTRY = struct.Struct("<16s16sQQ")
_LARGEST_ARRAY = 1024 * 1024
_GPT_ROLES = {
    uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b").bytes_le: Role.SYSTEM,
    uuid.UUID("e3c9e316-0b5c-4db8-817d-f92df00215ae").bytes_le: Role.RESERVED,
}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a disk, in bytes."""

    offset: int
    size: int
    role: Role = Role.DATA


def spans(read_at: ReadAt, size: int, sector: int = 512) -> tuple[Span, ...]:
    """The parts that the tables on a disk name, in order, none twice, none outside the disk.

    ``sector`` is the disk's own unit, in which an MBR counts; a GPT says where it is.
    """
    gpt = (span for unit in _SECTOR_SIZES for span in _gpt(read_at, size, unit))
    return merge(gpt, _mbr(read_at, size, sector))


def merge(first: Iterable[Span], second: Iterable[Span]) -> tuple[Span, ...]:
    """The spans of both; where two begin alike, the first one's role and the greater size."""
    found: dict[int, Span] = {}
    for span in (*first, *second):
        _keep(found, span)
    return tuple(found[offset] for offset in sorted(found))[:MOST_PARTS]


def gaps(parts: Iterable[Span], size: int) -> Iterator[Span]:
    """The stretches of a disk that no part has, if they are large enough to be of use."""
    least, at = max(LEAST_GAP, size // 50), 0
    for part in sorted(parts, key=lambda one: one.offset):
        if part.offset - at >= least:
            yield Span(at, part.offset - at)
        at = max(at, part.offset + part.size)
    if size - at >= least:
        yield Span(at, size - at)


def _keep(found: dict[int, Span], span: Span) -> None:
    known = found.get(span.offset, span)
    found[span.offset] = Span(span.offset, max(known.size, span.size), known.role)


def _within(first: int, count: int, sector: int, size: int, role: Role) -> Iterator[Span]:
    offset = first * sector
    if first > 0 and count > 0 and offset < size:
        yield Span(offset, min(count * sector, size - offset), role)


def _mbr(read_at: ReadAt, size: int, sector: int) -> Iterator[Span]:
    for kind, first, count in _entries(read_at(0, 512)):
        if kind in _EXTENDED:
            yield from _logical(read_at, size, sector, first)
        elif kind != _PROTECTIVE:
            role = Role.SYSTEM if kind == _MBR_SYSTEM else Role.DATA
            yield from _within(first, count, sector, size, role)


def _entries(record: bytes) -> list[tuple[int, int, int]]:
    """Type, first sector and count of each entry in use; none if this is no such table."""
    if len(record) < 512 or record[510:512] != b"\x55\xaa":
        return []
    rows = [_MBR_ENTRY.unpack_from(record, 446 + 16 * i) for i in range(4)]
    if any(row[0] not in (0, 0x80) for row in rows):
        return []
    return [(row[2], row[4], row[5]) for row in rows if row[2] and row[5]]


def _logical(read_at: ReadAt, size: int, sector: int, start: int) -> Iterator[Span]:
    """The chain of logical partitions: each link names one and the place of the next link."""
    link, seen = start, set[int]()
    while link not in seen and len(seen) < _MOST_LINKS and link * sector < size:
        seen.add(link)
        following = None
        for kind, first, count in _entries(read_at(link * sector, 512)):
            if kind in _EXTENDED:
                following = start + first
            else:
                yield from _within(link + first, count, sector, size, Role.DATA)
        if following is None:
            return
        link = following


def _gpt(read_at: ReadAt, size: int, sector: int) -> Iterator[Span]:
    """The first of the two copies that holds together."""
    for place in (1, size // sector - 1):
        entries = _gpt_entries(read_at, place * sector, sector) if place > 0 else None
        if entries is not None:
            for kind, first, last in entries:
                role = _GPT_ROLES.get(kind, Role.DATA)
                yield from _within(first, last - first + 1, sector, size, role)
            return


def _gpt_entries(read_at: ReadAt, at: int, sector: int) -> list[tuple[bytes, int, int]] | None:
    raw = read_at(at, sector)
    if len(raw) < sector or not raw.startswith(b"EFI PART"):
        return None
    header = _GPT.unpack_from(raw)
    length, table, number, each, wanted = header[2], header[10], header[11], header[12], header[13]
    if (
        not _GPT.size <= length <= sector
        or each < 128
        or each % 8
        or number * each > _LARGEST_ARRAY
    ):
        return None
    if zlib.crc32(raw[:16] + bytes(4) + raw[20:length]) != header[3]:
        return None
    array = read_at(table * sector, number * each)
    if len(array) < number * each or zlib.crc32(array) != wanted:
        return None
    rows = [_GPT_ENTRY.unpack_from(array, each * i) for i in range(number)]
    return [(row[0], row[2], row[3]) for row in rows if any(row[0])]

"""What one volume is, and what all of a disk holds, from bytes alone.

A header that proves encryption is not enough: a file system beside it, in the gaps the format
leaves, would still mount. So every volume is looked at for both, and the plain reading wins.
"""

from collections.abc import Iterable

from collectors.media.bitlocker import bitlocker_kind, is_to_go
from collectors.media.luks import ReadAt, luks_kind
from collectors.media.plain import plain_kind
from collectors.media.tables import Span, gaps, merge, spans
from collectors.media.verdict import ENCRYPTED, OPEN_KEY, PLAIN, Volume, VolumeKind

_SAMPLE = 65_536
_SAMPLES_AT_START = 16
_NOTHING = (VolumeKind.UNRECOGNISED, VolumeKind.BLANK)


def read_header(read_at: ReadAt, size: int) -> VolumeKind:
    """What the volume of ``size`` bytes behind ``read_at`` is."""
    try:
        return _kind(read_at, size)
    except OSError:
        return VolumeKind.UNREADABLE


def survey(
    read_at: ReadAt, size: int, seen_by_kernel: Iterable[Span] = (), sector: int = 512
) -> tuple[Volume, ...]:
    """Every volume on a disk of ``size`` bytes: those of its tables and those the kernel sees."""
    if size <= 0:
        return ()
    whole = Volume(offset=0, size=size, kind=read_header(read_at, size))
    found = _spans(read_at, size, seen_by_kernel, sector)
    parts = [_part(read_at, size, span) for span in found]
    if whole.kind in ENCRYPTED | OPEN_KEY:
        # A BitLocker header reads like a table of partitions; what they name is ciphertext.
        return (whole, *(part for part in parts if part.kind in PLAIN))
    if whole.kind in _NOTHING and parts:
        return (*parts, *(_gap(span) for span in gaps(found, size)))
    return (whole, *(part for part in parts if part.kind not in _NOTHING))


def _spans(
    read_at: ReadAt, size: int, seen_by_kernel: Iterable[Span], sector: int
) -> tuple[Span, ...]:
    try:
        own = spans(read_at, size, sector)
    except OSError:
        own = ()
    return merge(own, (span for span in seen_by_kernel if 0 < span.offset < size))


def _part(read_at: ReadAt, size: int, span: Span) -> Volume:
    length = min(span.size, size - span.offset)

    def inside(offset: int, wanted: int) -> bytes:
        return read_at(span.offset + offset, max(0, min(wanted, length - offset)))

    kind = read_header(inside, length)
    return Volume(offset=span.offset, size=length, kind=kind, role=span.role)


def _gap(span: Span) -> Volume:
    return Volume(offset=span.offset, size=span.size, kind=VolumeKind.UNALLOCATED)


def _kind(read_at: ReadAt, size: int) -> VolumeKind:
    luks = luks_kind(read_at, size)
    bitlocker = None if luks else bitlocker_kind(read_at, size)
    wears_fat = bitlocker is not None and is_to_go(read_at)
    plain = plain_kind(read_at, fat=not wears_fat)
    if found := plain or luks or bitlocker:
        return found
    return VolumeKind.BLANK if _is_blank(read_at, size) else VolumeKind.UNRECOGNISED


def _is_blank(read_at: ReadAt, size: int) -> bool:
    """All zero, or all ones as flash is when erased, in the first megabyte and at the end."""
    starts = [_SAMPLE * i for i in range(_SAMPLES_AT_START) if _SAMPLE * i < size]
    samples = [read_at(at, _SAMPLE) for at in (*starts, max(0, size - _SAMPLE))]
    return all(not any(one) for one in samples) or all(set(one) <= {0xFF} for one in samples)

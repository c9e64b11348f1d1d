"""The words for what is on a medium, and the one rule that makes a verdict of them.

A device is judged as a whole, over all its units and partitions: it counts as encrypted only when
every part that can hold data is. Whatever cannot be proven is ``unknown``, never ``encrypted``.
A boot partition and a reserved one beside encrypted volumes are no plain volume by themselves;
the verdict then says so in its ``why``, and the policy decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LARGEST_SYSTEM_PART = 1024**3
"""Bytes. A boot partition larger than this is taken for a data partition under another name."""


class VolumeKind(StrEnum):
    """What one volume is, by its own header."""

    LUKS1 = "luks1"
    LUKS2 = "luks2"
    BITLOCKER = "bitlocker"
    BITLOCKER_CLEAR_KEY = "bitlocker-clear-key"
    """BitLocker with its protection suspended: the key lies beside the data."""
    NULL_CIPHER = "null-cipher"
    """LUKS with the cipher that leaves everything as it is."""
    PARTLY_ENCRYPTED = "partly-encrypted"
    """Encryption is under way or being undone: some of the data lies in the open."""
    VFAT = "vfat"
    EXFAT = "exfat"
    NTFS = "ntfs"
    EXT = "ext"
    BTRFS = "btrfs"
    XFS = "xfs"
    ISO9660 = "iso9660"
    UDF = "udf"
    HFS_PLUS = "hfs-plus"
    OTHER_FILE_SYSTEM = "other-file-system"
    APFS = "apfs"
    """May be encrypted or not: its container does not say."""
    BLANK = "blank"
    UNALLOCATED = "unallocated"
    """Space beside the parts of a table, in which somebody can make another part."""
    UNRECOGNISED = "unrecognised"
    """Random bytes, a hidden volume of VeraCrypt, or something nobody has told us of."""
    UNREADABLE = "unreadable"


class Role(StrEnum):
    """What the partition table says a partition is for."""

    DATA = "data"
    SYSTEM = "system"
    RESERVED = "reserved"


class Verdict(StrEnum):
    """Whether somebody who finds the device can read what is on it."""

    ENCRYPTED = "encrypted"
    UNENCRYPTED = "unencrypted"
    UNKNOWN = "unknown"
    NO_MEDIUM = "no-medium"


class Why(StrEnum):
    """What the verdict rests on."""

    LUKS1 = "luks1"
    LUKS2 = "luks2"
    BITLOCKER = "bitlocker"
    SEVERAL_KINDS = "several-kinds"
    """Encrypted throughout, by more than one method."""
    BESIDE_SYSTEM_PART = "beside-system-part"
    """Encrypted, next to a boot partition that is not."""
    PLAIN_FILE_SYSTEM = "plain-file-system"
    MIXED = "mixed"
    """One volume is encrypted and another is not."""
    BITLOCKER_CLEAR_KEY = "bitlocker-clear-key"
    NULL_CIPHER = "null-cipher"
    PARTLY_ENCRYPTED = "partly-encrypted"
    UNALLOCATED_SPACE = "unallocated-space"
    """Encrypted, beside much space that no part has."""
    BLANK = "blank"
    APFS = "apfs"
    UNRECOGNISED = "unrecognised"
    PROBE_FAILED = "probe-failed"
    NO_MEDIUM = "no-medium"


ENCRYPTED = frozenset({VolumeKind.LUKS1, VolumeKind.LUKS2, VolumeKind.BITLOCKER})
OPEN_KEY = frozenset(
    {VolumeKind.BITLOCKER_CLEAR_KEY, VolumeKind.NULL_CIPHER, VolumeKind.PARTLY_ENCRYPTED}
)
UNPROVEN = frozenset(
    {VolumeKind.APFS, VolumeKind.BLANK, VolumeKind.UNRECOGNISED, VolumeKind.UNREADABLE}
)
PLAIN = frozenset(VolumeKind) - ENCRYPTED - OPEN_KEY - UNPROVEN - {VolumeKind.UNALLOCATED}

_WORST_FIRST = (
    (VolumeKind.UNREADABLE, Why.PROBE_FAILED),
    (VolumeKind.UNRECOGNISED, Why.UNRECOGNISED),
    (VolumeKind.APFS, Why.APFS),
    (VolumeKind.BLANK, Why.BLANK),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """One volume on a disk; ``offset`` and ``size`` in bytes."""

    offset: int
    size: int
    kind: VolumeKind
    role: Role = Role.DATA


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and what it rests on."""

    verdict: Verdict
    why: Why


NO_MEDIUM = Judgement(Verdict.NO_MEDIUM, Why.NO_MEDIUM)


def judge(volumes: Iterable[Volume]) -> Judgement:
    """The verdict over all volumes of a device; without any volume there is no medium in it."""
    everything = tuple(volumes)
    if not everything:
        return NO_MEDIUM
    counted = [one.kind for one in everything if not _beside(one)]
    kinds = set(counted)
    if kinds & (PLAIN | OPEN_KEY):
        return Judgement(Verdict.UNENCRYPTED, _why_open(kinds))
    if VolumeKind.UNALLOCATED in kinds and kinds & ENCRYPTED:
        return Judgement(Verdict.UNENCRYPTED, Why.UNALLOCATED_SPACE)
    kinds -= {VolumeKind.UNALLOCATED}
    if kinds and kinds <= ENCRYPTED:
        return Judgement(Verdict.ENCRYPTED, _why_encrypted(kinds, everything))
    if not kinds:
        plain = any(one.kind in PLAIN for one in everything)
        return (
            Judgement(Verdict.UNENCRYPTED, Why.PLAIN_FILE_SYSTEM)
            if plain
            else Judgement(Verdict.UNKNOWN, Why.BLANK)
        )
    return Judgement(Verdict.UNKNOWN, next(why for kind, why in _WORST_FIRST if kind in kinds))


def _beside(volume: Volume) -> bool:
    """Whether a part is too small and too well known to count as a volume for data."""
    if volume.size > LARGEST_SYSTEM_PART:
        return False
    if volume.role is Role.RESERVED:
        return volume.kind is VolumeKind.BLANK
    return volume.role is Role.SYSTEM and volume.kind in (VolumeKind.VFAT, VolumeKind.BLANK)


def _why_open(kinds: set[VolumeKind]) -> Why:
    if kinds & ENCRYPTED:
        return Why.MIXED
    if kinds & PLAIN:
        return Why.PLAIN_FILE_SYSTEM
    return Why(sorted(kinds & OPEN_KEY)[0])


def _why_encrypted(kinds: set[VolumeKind], everything: tuple[Volume, ...]) -> Why:
    if any(one.kind is VolumeKind.VFAT for one in everything):
        return Why.BESIDE_SYSTEM_PART
    return Why(next(iter(kinds))) if len(kinds) == 1 else Why.SEVERAL_KINDS

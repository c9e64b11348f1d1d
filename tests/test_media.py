"""The verdict on a medium: real headers made by the real tools, and bytes made to deceive."""

import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.media.header import read_header, survey
from collectors.media.tables import Span, gaps, spans
from collectors.media.verdict import Judgement, Role, Verdict, Volume, VolumeKind, Why, judge
from tests.media_images import (
    MIB,
    Tool,
    bitlocker,
    luks,
    partitioned,
    plain,
    put,
)


@pytest.fixture
def tool() -> Tool:
    """Runs a program of the system; a test whose program is missing is reported by name."""

    def run(name: str, *arguments: str | Path, given: bytes = b"") -> None:
        path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        if path is None:
            pytest.skip(f"needs {name}")
        command = [path, *map(str, arguments)]
        done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()

    return run


def of_bytes(raw: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: raw[offset : offset + length]


def survey_of(path: Path) -> tuple[Volume, ...]:
    with path.open("rb") as file:
        fd = file.fileno()
        return survey(lambda at, length: os.pread(fd, length, at), path.stat().st_size)


def verdict_of(path: Path) -> tuple[Verdict, Why]:
    judged = judge(survey_of(path))
    return judged.verdict, judged.why


def judged(raw: bytes) -> tuple[Verdict, Why]:
    found = judge(survey(of_bytes(raw), len(raw)))
    return found.verdict, found.why


# --- real headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "why"), [(1, Why.LUKS1), (2, Why.LUKS2)])
def test_a_luks_stick_is_encrypted(tool: Tool, tmp_path: Path, version: int, why: Why) -> None:
    disk = luks(tool, tmp_path / "disk", version)
    assert verdict_of(disk) == (Verdict.ENCRYPTED, why)


def test_luks1_with_the_null_cipher_is_unencrypted(tool: Tool, tmp_path: Path) -> None:
    disk = luks(tool, tmp_path / "disk", 1)
    raw = bytearray(disk.read_bytes())
    raw[8:40] = b"cipher_null".ljust(32, b"\0")
    assert judged(bytes(raw)) == (Verdict.UNENCRYPTED, Why.NULL_CIPHER)


def test_luks2_with_the_null_cipher_is_unencrypted(tool: Tool, tmp_path: Path) -> None:
    disk = luks(tool, tmp_path / "disk", 2)
    raw = disk.read_bytes().replace(b"aes-xts-plain64", b"cipher_null-ecb")
    assert judged(with_checksum(raw)) == (Verdict.UNENCRYPTED, Why.NULL_CIPHER)
    assert judged(raw)[0] is Verdict.UNKNOWN, "the checksum no longer fits"


@pytest.mark.parametrize("version", [1, 2])
def test_luks_without_a_key_slot_is_unknown(tool: Tool, tmp_path: Path, version: int) -> None:
    disk = luks(tool, tmp_path / "disk", version)
    tool("cryptsetup", "erase", "-q", disk)
    assert verdict_of(disk) == (Verdict.UNKNOWN, Why.UNRECOGNISED)


@pytest.mark.parametrize(
    "kind", [VolumeKind.VFAT, VolumeKind.EXFAT, VolumeKind.NTFS, VolumeKind.EXT]
)
def test_a_file_system_right_on_the_disk_is_unencrypted(
    tool: Tool, tmp_path: Path, kind: VolumeKind
) -> None:
    disk = plain(tool, tmp_path / "disk", kind)
    assert [volume.kind for volume in survey_of(disk)] == [kind]
    assert verdict_of(disk) == (Verdict.UNENCRYPTED, Why.PLAIN_FILE_SYSTEM)


@pytest.mark.parametrize("label", ["dos", "gpt"])
def test_one_plain_partition_beside_a_luks_one_makes_the_disk_unencrypted(
    tool: Tool, tmp_path: Path, label: str
) -> None:
    disk = partitioned(tool, tmp_path / "disk", label, "start=2048, size=40960", "start=43008")
    put(disk, luks(tool, tmp_path / "one", 2), MIB)
    put(disk, plain(tool, tmp_path / "two", VolumeKind.VFAT), 21 * MIB)
    assert [volume.kind for volume in survey_of(disk)] == [VolumeKind.LUKS2, VolumeKind.VFAT]
    assert verdict_of(disk) == (Verdict.UNENCRYPTED, Why.MIXED)


@pytest.mark.parametrize("label", ["dos", "gpt"])
def test_a_luks_partition_alone_makes_the_disk_encrypted(
    tool: Tool, tmp_path: Path, label: str
) -> None:
    disk = partitioned(tool, tmp_path / "disk", label, "start=2048, size=40960")
    put(disk, luks(tool, tmp_path / "one", 1), MIB)
    assert verdict_of(disk) == (Verdict.ENCRYPTED, Why.LUKS1)


def test_a_plain_volume_in_a_logical_partition_is_found(tool: Tool, tmp_path: Path) -> None:
    lines = ("start=2048, size=40960, type=83", "start=43008, size=80000, type=5")
    logical = ("start=45056, size=20480, type=83", "start=67584, size=20480, type=c")
    disk = partitioned(tool, tmp_path / "disk", "dos", *lines, *logical)
    put(disk, luks(tool, tmp_path / "one", 2), MIB)
    put(disk, plain(tool, tmp_path / "two", VolumeKind.EXT), 67584 * 512)
    assert verdict_of(disk) == (Verdict.UNENCRYPTED, Why.MIXED)
    assert survey_of(disk)[-1].offset == 67584 * 512


def test_the_second_copy_of_a_gpt_counts_when_the_first_is_gone(tool: Tool, tmp_path: Path) -> None:
    disk = partitioned(tool, tmp_path / "disk", "gpt", "start=2048, size=40960")
    put(disk, plain(tool, tmp_path / "one", VolumeKind.NTFS), MIB)
    with disk.open("r+b") as file:
        file.write(bytes(34 * 512))
    assert verdict_of(disk) == (Verdict.UNENCRYPTED, Why.PLAIN_FILE_SYSTEM)


def test_a_boot_partition_beside_luks_is_said_and_left_to_the_policy(
    tool: Tool, tmp_path: Path
) -> None:
    efi = "type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
    disk = partitioned(
        tool, tmp_path / "disk", "gpt", f"start=2048, size=16384, {efi}", "start=18432, size=40960"
    )
    put(disk, plain(tool, tmp_path / "one", VolumeKind.VFAT), MIB)
    put(disk, luks(tool, tmp_path / "two", 2), 9 * MIB)
    assert verdict_of(disk) == (Verdict.ENCRYPTED, Why.BESIDE_SYSTEM_PART)


def test_a_file_system_hidden_in_the_gap_of_a_luks_header_is_seen(
    tool: Tool, tmp_path: Path
) -> None:
    """Linux would mount this as ext4: its superblock lies where LUKS 1 has nothing."""
    disk = luks(tool, tmp_path / "disk", 1)
    superblock = plain(tool, tmp_path / "ext", VolumeKind.EXT).read_bytes()[1024:2048]
    with disk.open("r+b") as file:
        file.seek(1024)
        file.write(superblock)
    assert verdict_of(disk)[0] is Verdict.UNENCRYPTED


# --- BitLocker ------------------------------------------------------------------------------------

PASSWORD, RECOVERY, CLEAR_KEY = 0x2000, 0x0800, 0x0000


@pytest.mark.parametrize("to_go", [False, True])
def test_bitlocker_with_protectors_is_encrypted(to_go: bool) -> None:
    raw = bitlocker(PASSWORD, RECOVERY, to_go=to_go)
    assert judged(raw) == (Verdict.ENCRYPTED, Why.BITLOCKER)


def test_a_suspended_bitlocker_volume_is_unencrypted() -> None:
    raw = bitlocker(PASSWORD, RECOVERY, CLEAR_KEY)
    assert judged(raw) == (Verdict.UNENCRYPTED, Why.BITLOCKER_CLEAR_KEY)


def test_bitlocker_half_way_is_unencrypted() -> None:
    raw = bitlocker(PASSWORD, state=(2, 4))
    assert judged(raw) == (Verdict.UNENCRYPTED, Why.PARTLY_ENCRYPTED)


@pytest.mark.parametrize("to_go", [False, True])
def test_forty_bytes_of_bitlocker_header_are_unknown(to_go: bool) -> None:
    real = bitlocker(PASSWORD, to_go=to_go)
    raw = bytearray(4 * MIB)
    at = 424 if to_go else 160
    raw[0:11], raw[at : at + 40] = real[0:11], real[at : at + 40]
    raw[510:512] = b"\x55\xaa"
    assert judged(bytes(raw))[0] is Verdict.UNKNOWN


def test_bitlocker_metadata_with_a_wrong_checksum_is_unknown() -> None:
    raw = bytearray(bitlocker(PASSWORD))
    for copy in (1, 2, 3):
        raw[copy * MIB + 200] ^= 1
    assert judged(bytes(raw))[0] is Verdict.UNKNOWN


def test_bitlocker_without_a_protector_or_without_a_volume_key_is_unknown() -> None:
    assert judged(bitlocker())[0] is Verdict.UNKNOWN
    assert judged(bitlocker(PASSWORD, volume_key=False))[0] is Verdict.UNKNOWN


def test_fat_under_the_name_of_bitlocker_is_unencrypted(tool: Tool, tmp_path: Path) -> None:
    disk = plain(tool, tmp_path / "disk", VolumeKind.VFAT)
    with disk.open("r+b") as file:
        file.seek(3)
        file.write(b"-FVE-FS-")
    assert verdict_of(disk) == (Verdict.UNENCRYPTED, Why.PLAIN_FILE_SYSTEM)


# --- what proves nothing --------------------------------------------------------------------------


def test_an_empty_stick_is_unknown_and_blank() -> None:
    assert judged(bytes(2 * MIB)) == (Verdict.UNKNOWN, Why.BLANK)
    assert judged(b"\xff" * 2 * MIB) == (Verdict.UNKNOWN, Why.BLANK)


def test_random_bytes_are_unknown() -> None:
    raw = random.Random(20260301).randbytes(2 * MIB)
    assert judged(raw) == (Verdict.UNKNOWN, Why.UNRECOGNISED)


def test_a_luks_magic_alone_is_unknown() -> None:
    for version in (b"\x00\x01", b"\x00\x02", b"\x00\x03"):
        raw = (b"LUKS\xba\xbe" + version).ljust(2 * MIB, b"\x41")
        assert judged(raw)[0] is Verdict.UNKNOWN


def test_no_medium_has_a_verdict_of_its_own() -> None:
    assert judge(()) == Judgement(Verdict.NO_MEDIUM, Why.NO_MEDIUM)
    assert survey(of_bytes(b""), 0) == ()


def test_a_disk_that_cannot_be_read_is_unknown() -> None:
    def broken(offset: int, length: int) -> bytes:
        raise OSError(5, "input/output error")

    assert read_header(broken, MIB) is VolumeKind.UNREADABLE
    assert judge(survey(broken, MIB)) == Judgement(Verdict.UNKNOWN, Why.PROBE_FAILED)


def test_a_part_only_the_kernel_sees_is_judged_too(tool: Tool, tmp_path: Path) -> None:
    """Tables we do not read (Mac, BSD) still make volumes that mount."""
    part = plain(tool, tmp_path / "part", VolumeKind.VFAT).read_bytes()
    raw = random.Random(1).randbytes(MIB) + part
    found = survey(of_bytes(raw), len(raw), [Span(MIB, len(part))])
    assert [volume.kind for volume in found] == [VolumeKind.VFAT]


def test_a_chain_of_logical_partitions_that_loops_ends() -> None:
    raw = bytearray(MIB)
    raw[510:512] = b"\x55\xaa"
    struct.pack_into("<B3sB3sII", raw, 446, 0, b"", 5, b"", 2, 100)
    raw[1024 + 510 : 1024 + 512] = b"\x55\xaa"
    struct.pack_into("<B3sB3sII", raw, 1024 + 446, 0, b"", 5, b"", 0, 100)
    assert spans(of_bytes(bytes(raw)), len(raw)) == ()


# --- the rule -------------------------------------------------------------------------------------


def volumes(*kinds: VolumeKind, role: Role = Role.DATA) -> Iterator[Volume]:
    return (Volume(offset=i, size=MIB, kind=kind, role=role) for i, kind in enumerate(kinds))


@pytest.mark.parametrize(
    ("kinds", "verdict", "why"),
    [
        ((VolumeKind.LUKS1, VolumeKind.LUKS2), Verdict.ENCRYPTED, Why.SEVERAL_KINDS),
        ((VolumeKind.LUKS2, VolumeKind.BLANK), Verdict.UNKNOWN, Why.BLANK),
        ((VolumeKind.LUKS2, VolumeKind.UNREADABLE), Verdict.UNKNOWN, Why.PROBE_FAILED),
        ((VolumeKind.APFS,), Verdict.UNKNOWN, Why.APFS),
        ((VolumeKind.UNRECOGNISED, VolumeKind.VFAT), Verdict.UNENCRYPTED, Why.PLAIN_FILE_SYSTEM),
        ((VolumeKind.NULL_CIPHER, VolumeKind.LUKS2), Verdict.UNENCRYPTED, Why.MIXED),
    ],
)
def test_the_whole_device_is_judged(
    kinds: tuple[VolumeKind, ...], verdict: Verdict, why: Why
) -> None:
    assert judge(volumes(*kinds)) == Judgement(verdict, why)


def test_a_large_boot_partition_is_taken_for_data() -> None:
    large = Volume(offset=0, size=2 * 1024**3, kind=VolumeKind.VFAT, role=Role.SYSTEM)
    assert judge((large, *volumes(VolumeKind.LUKS2))).verdict is Verdict.UNENCRYPTED


def test_a_boot_partition_alone_is_a_plain_volume() -> None:
    assert judge(volumes(VolumeKind.VFAT, role=Role.SYSTEM)).verdict is Verdict.UNENCRYPTED


def test_a_reserved_part_that_is_not_empty_is_a_volume() -> None:
    hidden = volumes(VolumeKind.EXT, role=Role.RESERVED)
    assert judge((*hidden, *volumes(VolumeKind.LUKS2))).why is Why.MIXED


# --- hostile bytes --------------------------------------------------------------------------------


@settings(max_examples=400, deadline=None)
@given(
    mark=st.sampled_from(
        [
            (0, b"LUKS\xba\xbe\x00\x01"),
            (0, b"LUKS\xba\xbe\x00\x02"),
            (3, b"-FVE-FS-"),
            (3, b"MSWIN4.1"),
            (512, b"EFI PART"),
            (510, b"\x55\xaa"),
            (0, b""),
        ]
    ),
    noise=st.binary(max_size=6000),
    size=st.integers(1, 200_000),
)
def test_hostile_bytes_never_crash_and_never_count_as_encrypted(
    mark: tuple[int, bytes], noise: bytes, size: int
) -> None:
    raw = bytearray(noise.ljust(size, b"\0")[:size])
    at, text = mark
    raw[at : at + len(text)] = text
    assert judged(bytes(raw))[0] is not Verdict.ENCRYPTED


@settings(max_examples=300, deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 4 * MIB - 1), st.integers(1, 255)), max_size=6),
    cut=st.integers(0, 4 * MIB),
)
def test_a_damaged_or_cut_bitlocker_volume_never_crashes(
    flips: list[tuple[int, int]], cut: int
) -> None:
    raw = bytearray(DAMAGED)
    for at, value in flips:
        raw[at] ^= value
    judged(bytes(raw[:cut]))


DAMAGED = bitlocker(PASSWORD, RECOVERY)


@settings(max_examples=150, deadline=None)
@given(
    text=st.recursive(st.none() | st.text(max_size=8), lambda inner: st.lists(inner), max_leaves=4)
)
def test_luks2_metadata_of_any_shape_never_counts_as_encrypted(text: object) -> None:
    for body in (f'{{"keyslots": {text!r}}}', "[" * 15_000, '{"keyslots":{"0":1},"segments":[]}'):
        assert judged(luks2_with(body.encode()))[0] is not Verdict.ENCRYPTED


def luks2_with(metadata: bytes) -> bytes:
    """A LUKS 2 header whose checksum fits, around metadata of one's choice."""
    head = struct.pack(
        ">6sHQQ48s32s64s40s48sQ184s64s",
        b"LUKS\xba\xbe",
        2,
        16_384,
        1,
        b"",
        b"sha256",
        b"",
        b"",
        b"",
        0,
        b"",
        b"",
    )
    header = (head.ljust(4096, b"\0") + metadata)[:16_384].ljust(16_384, b"\0")
    return with_checksum(header).ljust(MIB, b"\0")


def with_checksum(raw: bytes) -> bytes:
    """A LUKS 2 volume with its first header's checksum made to fit."""
    size = int.from_bytes(raw[8:16], "big")
    header = raw[:448] + bytes(64) + raw[512:size]
    return raw[:448] + hashlib.sha256(header).digest().ljust(64, b"\0") + raw[512:]


def luks2_text() -> dict[str, Any]:
    """Metadata that holds together, as cryptsetup writes it."""
    area = {"type": "raw", "encryption": "aes-xts-plain64", "key_size": 64}
    slot = {
        "type": "luks2",
        "key_size": 64,
        "kdf": {"type": "pbkdf2", "hash": "sha256", "iterations": 1000, "salt": "c2FsdA=="},
        "af": {"type": "luks1", "stripes": 4000, "hash": "sha256"},
        "area": {**area, "offset": "32768", "size": "258048"},
    }
    crypt = {
        "type": "crypt",
        "offset": "524288",
        "size": "dynamic",
        "iv_tweak": "0",
        "encryption": "aes-xts-plain64",
        "sector_size": 512,
    }
    digest = {"type": "pbkdf2", "keyslots": ["0"], "segments": ["0"]}
    return {
        "keyslots": {"0": slot},
        "segments": {"0": crypt},
        "digests": {"0": digest},
        "tokens": {},
        "config": {"json_size": "12288", "keyslots_size": "491520"},
    }


def by_text(metadata: object) -> tuple[Verdict, Why]:
    return judged(luks2_with(json.dumps(metadata).encode()))


def changed(path: str, value: object) -> dict[str, Any]:
    """The metadata with one thing changed, or taken out if ``value`` is None."""
    made = luks2_text()
    *folders, last = path.split("/")
    place = made
    for folder in folders:
        place = place[folder]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return made


LINEAR = {"type": "linear", "offset": "1000000", "size": "dynamic"}


def test_luks2_with_plain_segments_is_unencrypted() -> None:
    assert by_text(luks2_text()) == (Verdict.ENCRYPTED, Why.LUKS2)
    assert by_text(changed("segments/1", LINEAR)) == (Verdict.UNENCRYPTED, Why.PARTLY_ENCRYPTED)
    null = by_text(changed("segments/0/encryption", "cipher_null-ecb"))
    assert null == (Verdict.UNENCRYPTED, Why.NULL_CIPHER)
    spare = changed("segments/1", {**LINEAR, "flags": ["backup-previous"]})
    assert by_text(spare) == (Verdict.ENCRYPTED, Why.LUKS2), "how it was before is not how it is"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("keyslots", {}),
        ("keyslots/0/type", "reencrypt"),
        ("keyslots/0/type", "unheard-of"),
        ("keyslots/0/key_size", "64"),
        ("keyslots/0/kdf", {}),
        ("keyslots/0/kdf/salt", None),
        ("keyslots/0/af/stripes", 1),
        ("keyslots/0/area/offset", "16384"),
        ("keyslots/0/area/offset", 32768),
        ("keyslots/0/area/offset", "-1"),
        ("keyslots/0/area/size", "0"),
        ("keyslots/0/area/size", "600000"),
        ("keyslots/0/area/size", "9" * 400),
        ("segments", {}),
        ("segments/0/type", "hw-opal"),
        ("segments/0/offset", "4096"),
        ("segments/0/offset", None),
        ("segments/0/offset", str(2 * MIB)),
        ("segments/0/size", "everything"),
        ("segments/0/size", "511"),
        ("segments/0/size", "\u0665\u0661\u0662"),
        ("segments/0/encryption", ""),
        ("segments/0/sector_size", 1000),
        ("segments/0/iv_tweak", None),
        ("segments/0/flags", "backup-final"),
        ("digests", {}),
        ("digests/0/keyslots", ["0", "7"]),
        ("digests/0/keyslots", ["0", "0"]),
        ("digests/0/segments", ["3"]),
        ("tokens/0", {"type": "x", "keyslots": ["9"]}),
        ("tokens", None),
        ("config/json_size", "4096"),
        ("config/keyslots_size", "4095"),
        ("config/keyslots_size", str(2**30)),
        ("config", None),
    ],
)
def test_luks2_metadata_that_does_not_hold_together_proves_nothing(
    path: str, value: object
) -> None:
    assert by_text(changed(path, value))[0] is not Verdict.ENCRYPTED


def test_luks2_areas_of_two_slots_may_not_overlap_and_rubbish_may_not_follow() -> None:
    made = luks2_text()
    slot = made["keyslots"]["0"]
    made["keyslots"]["1"] = {**slot, "area": {**slot["area"], "offset": "36864"}}
    made["digests"]["0"]["keyslots"] = ["0", "1"]
    assert by_text(made)[0] is not Verdict.ENCRYPTED
    text = json.dumps(luks2_text()).encode()
    assert judged(luks2_with(text + b"\0rubbish"))[0] is not Verdict.ENCRYPTED
    assert judged(luks2_with(text.ljust(12_288)))[0] is not Verdict.ENCRYPTED, "no end to it"


@pytest.mark.parametrize(
    ("at", "value"), [(208, 1), (208 + 48, 1), (208 + 40, 4100), (208 + 44, 1), (108, 0)]
)
def test_every_slot_of_a_luks1_header_has_to_make_sense(
    tool: Tool, tmp_path: Path, at: int, value: int
) -> None:
    """State of the first and of an unused slot, place, stripes, and the length of the key."""
    whole = luks(tool, tmp_path / "one", 1).read_bytes()
    assert judged(whole) == (Verdict.ENCRYPTED, Why.LUKS1)
    damaged = whole[:at] + value.to_bytes(4, "big") + whole[at + 4 :]
    assert judged(damaged)[0] is not Verdict.ENCRYPTED


@pytest.mark.parametrize(("at", "value"), [(0, b"\xe9"), (2, b"\0"), (11, b"\x00\x0a")])
def test_a_bitlocker_volume_without_a_boot_sector_that_makes_sense_proves_nothing(
    at: int, value: bytes
) -> None:
    damaged = DAMAGED[:at] + value + DAMAGED[at + len(value) :]
    assert judged(damaged)[0] is not Verdict.ENCRYPTED


# --- space that no part has -----------------------------------------------------------------------


def beside_nothing(tool: Tool, path: Path, size: int, label: str = "gpt") -> Path:
    """A LUKS 2 volume in a part of 32 MiB at the beginning of a larger disk."""
    partitioned(tool, path, label, "start=2048, size=65536", size=size)
    put(path, luks(tool, path.with_suffix(".part"), 2, size=32 * MIB), MIB)
    return path


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_much_space_beside_an_encrypted_part_makes_a_stick_unencrypted(
    tool: Tool, tmp_path: Path, label: str
) -> None:
    whole = beside_nothing(tool, tmp_path / "much.img", 128 * MIB, label)
    assert verdict_of(whole) == (Verdict.UNENCRYPTED, Why.UNALLOCATED_SPACE)
    less = beside_nothing(tool, tmp_path / "little.img", 64 * MIB, label)
    assert verdict_of(less) == (Verdict.ENCRYPTED, Why.LUKS2)


def test_space_before_between_and_behind_parts_counts_and_overlaps_do_not() -> None:
    gib = 1024 * MIB
    parts = [Span(100 * MIB, 50 * MIB), Span(120 * MIB, 100 * MIB), Span(300 * MIB, 10 * MIB)]
    assert list(gaps(parts, gib)) == [
        Span(0, 100 * MIB),
        Span(220 * MIB, 80 * MIB),
        Span(310 * MIB, 714 * MIB),
    ]
    assert list(gaps([Span(MIB, gib - 2 * MIB)], gib)) == []


def test_a_fiftieth_of_a_large_stick_may_lie_idle() -> None:
    size = 64 * 1024 * MIB
    assert list(gaps([Span(0, size - size // 50 + 1)], size)) == []
    assert len(list(gaps([Span(0, size - size // 50)], size))) == 1


def test_space_without_anything_encrypted_beside_it_changes_no_verdict(
    tool: Tool, tmp_path: Path
) -> None:
    empty = partitioned(
        tool, tmp_path / "empty.img", "gpt", "start=2048, size=2048", size=256 * MIB
    )
    assert verdict_of(empty) == (Verdict.UNKNOWN, Why.BLANK)

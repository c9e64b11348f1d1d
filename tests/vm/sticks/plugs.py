"""Many plugs in a row: 0 mounts and 0 bytes from plain sticks, and every encrypted one works."""

import itertools
import time
from collections.abc import Callable, Iterator

from tests.vm.sticks.bench import Bench
from tests.vm.sticks.cases import Case, judged
from tests.vm.sticks.rows import Row

PLAIN_TURN = (
    Case(media=("fat32-in-partition",), verdict="unencrypted (plain-file-system)"),
    Case(media=("fat32-in-partition",), verdict="unencrypted (plain-file-system)", how="uas"),
    Case(media=("luks2-and-fat",), verdict="unencrypted (mixed)"),
    Case(media=("exfat-in-partition",), verdict="unencrypted (plain-file-system)", how="hub"),
    Case(media=("luks2", "fat-on-disk"), verdict="unencrypted (mixed)", how="bot"),
    Case(media=("fat-on-disk",), verdict="unencrypted (plain-file-system)", how="hub"),
    Case(media=("luks2", "fat32-in-partition"), verdict="unencrypted (mixed)", how="uas"),
    Case(media=("ntfs-in-partition",), verdict="unencrypted (plain-file-system)"),
)
OPEN_TURN = (
    Case(media=("luks2",), verdict="encrypted (luks2)", part="/dev/sda"),
    Case(media=("luks2-in-partition",), verdict="encrypted (luks2)", part="/dev/sda1"),
    Case(media=("luks1",), verdict="encrypted (luks1)", part="/dev/sda"),
    Case(media=("luks2",), verdict="encrypted (luks2)", how="uas", part="/dev/sda"),
    Case(media=("luks2",), verdict="encrypted (luks2)", how="hub", part="/dev/sda"),
)


def many(bench: Bench, number: int, say: Callable[[str], None]) -> Row:
    """Two plain sticks, then an encrypted one, until ``number`` plain ones were plugged in."""
    row, began, counts = Row(name=f"{number} plain plugs"), time.monotonic(), {False: 0, True: 0}
    for case in _turns(number):
        encrypted = case.verdict.startswith("encrypted")
        counts[encrypted] += 1
        done = judged(bench, case)
        faults = [f"{sum(counts.values())} {case.name}: {fault}" for fault in done.faults]
        for fault in faults:
            say(fault)
        row.faults += faults
        if sum(counts.values()) % 10 == 0:
            took = (time.monotonic() - began) / sum(counts.values())
            say(f"{counts} plugs, {len(row.faults)} faults, {took:.1f} s each")
    row.note = (
        f"{counts[False]} plain or mixed withheld, {counts[True]} encrypted opened and used,"
        f" {len(row.faults)} faults"
    )
    return row


def _turns(number: int) -> Iterator[Case]:
    plain, opened = itertools.cycle(PLAIN_TURN), itertools.cycle(OPEN_TURN)
    for turn in range(number):
        yield next(plain)
        if turn % 2:
            yield next(opened)

"""The media and the ways they are plugged in, with what must come of each."""

from dataclasses import dataclass

from tests.vm.sticks.bench import Bench
from tests.vm.sticks.rows import Row

BLOCKED, ALLOWED = "block-usb done", "allow-usb done"
PLAIN = "unencrypted (plain-file-system)"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Media in a device. ``part``: what its owner unlocks, where it is to be let in."""

    media: tuple[str, ...]
    verdict: str
    how: str = "alone"
    part: str = ""

    @property
    def name(self) -> str:
        way = "" if self.how == "alone" else f" ({self.how})"
        return " + ".join(self.media) + way


def _case(name: str, verdict: str, how: str = "alone", part: str = "") -> Case:
    return Case(media=(name,), verdict=verdict, how=how, part=part)


CASES: tuple[Case, ...] = (
    _case("fat32-in-partition", PLAIN),
    _case("exfat-in-partition", PLAIN),
    _case("ntfs-in-partition", PLAIN),
    _case("ext4-in-partition", PLAIN),
    _case("fat-on-disk", PLAIN),
    _case("iso-hybrid", PLAIN),
    _case("luks1", "encrypted (luks1)", part="/dev/sda"),
    _case("luks2", "encrypted (luks2)", part="/dev/sda"),
    _case("luks2-in-partition", "encrypted (luks2)", part="/dev/sda1"),
    _case("luks2-beside-boot-part", "encrypted (beside-system-part)", part="/dev/sda2"),
    _case("luks2-and-fat", "unencrypted (mixed)"),
    _case("luks2-damaged", "unknown (unrecognised)"),
    _case("bitlocker", "encrypted (bitlocker)"),
    _case("bitlocker-to-go", "encrypted (bitlocker)"),
    _case("bitlocker-clear-key", "unencrypted (bitlocker-clear-key)"),
    _case("bitlocker-forty-bytes", "unknown (unrecognised)"),
    _case("noise", "unknown (unrecognised)"),
    _case("zeros", "unknown (blank)"),
    _case("fat32-in-partition", PLAIN, how="uas"),
    _case("luks2", "encrypted (luks2)", how="uas", part="/dev/sda"),
    _case("fat32-in-partition", PLAIN, how="hub"),
    _case("luks2", "encrypted (luks2)", how="hub", part="/dev/sda"),
    Case(media=("luks2", "fat-on-disk"), verdict="unencrypted (mixed)", how="bot"),
    Case(media=("luks2", "fat32-in-partition"), verdict="unencrypted (mixed)", how="uas"),
    Case(media=("luks2", "luks1"), verdict="encrypted (several-kinds)", how="uas", part="/dev/sda"),
)
QUICK = ("fat32-in-partition", "luks2", "luks2-and-fat", "fat32-in-partition (uas)")
"""What the tests of a change run."""


def judged(bench: Bench, case: Case) -> Row:
    """Plug it in, see it judged and withheld or let in, use it, pull it out."""
    row = Row(name=case.name)
    bench.seen(row, lambda: bench.plug(case.how, case.media))
    allowed = case.verdict.startswith("encrypted")
    row.must(row.verdict == case.verdict, f"the verdict should be {case.verdict}")
    row.must(row.outcome == (ALLOWED if allowed else BLOCKED), "another outcome than it should be")
    early = [gain for gain in row.gains if not (allowed and gain.startswith(("Unlock", "mounted")))]
    row.must(not early, f"the thief got something: {', '.join(early)}")
    if allowed:
        bench.lock()
        if case.part:
            bench.use(row, case.part)
    else:
        row.must(_nodes(bench) == "", "a disk is still there")
    bench.unplug(case.how)
    return row


def _nodes(bench: Bench) -> str:
    return bench.laptop.sh("ls /dev/sd* 2>/dev/null || true").strip()

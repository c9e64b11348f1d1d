"""Hostile variations of media, each from its number alone: dressed up plain ones, damaged ones.

A *dressed* medium is a plain file system whose every needed byte is whole, with pieces of encrypted
headers wherever a kernel does not look; it may be judged anything but encrypted. A *damaged* one is
an encrypted medium with flipped, wiped or cut bytes; it may be judged encrypted only if cryptsetup
can still use it.
"""

import random
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from collectors.media.verdict import VolumeKind
from tests.media_images import MIB, luks, partitioned, plain, put

SIZE = 20 * MIB
_FREE: dict[str, tuple[tuple[int, int], ...]] = {
    "fat": ((3, 11), (90, 510)),
    "exfat": ((120, 510),),
    "ntfs": ((84, 510),),
    "ext4": ((0, 1024),),
    "fat in a part": ((0, 440), (512, MIB)),
}
"""Stretches of a medium that its file system can do without."""


@dataclass(frozen=True)
class Variation:
    """Bytes to judge, and whether a plain file system is whole in them."""

    name: str
    raw: bytes
    plain: bool


class Workshop:
    """The media that are dressed and damaged, made once by the real tools.

    ``more`` are encrypted media of another origin, by name.
    """

    def __init__(self, folder: Path, more: Mapping[str, bytes]) -> None:
        self.plain = {name: self._plain(name, folder) for name in _FREE}
        self.locked = {
            "luks1": luks(_tool, folder / "luks1", 1, size=SIZE).read_bytes(),
            "luks2": luks(_tool, folder / "luks2", 2, size=SIZE).read_bytes(),
            **more,
        }

    def variation(self, number: int) -> Variation:
        """Variation ``number``; always the same."""
        dice = random.Random(number)
        return self._dressed(dice) if number % 2 else self._damaged(dice)

    def _dressed(self, dice: random.Random) -> Variation:
        name, clothes = dice.choice(list(self.plain)), dice.choice(list(self.locked))
        raw = bytearray(self.plain[name])
        for _ in range(dice.randint(1, 4)):
            start, end = dice.choice(_FREE[name])
            at = start if dice.random() < 0.6 else dice.randrange(start, end)
            begin = at if dice.random() < 0.7 else dice.choice((0, 160, 424, 4096, MIB))
            piece = self.locked[clothes][begin : begin + dice.randint(8, max(8, end - at))]
            raw[at : min(end, at + len(piece))] = piece[: min(end, at + len(piece)) - at]
        return Variation(f"{name} dressed as {clothes}", bytes(raw), plain=True)

    def _damaged(self, dice: random.Random) -> Variation:
        name = dice.choice(list(self.locked))
        raw = bytearray(self.locked[name])
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(dice.choice((64, 600, 4096, 40_960, 2 * MIB)))
            if dice.random() < 0.5:
                raw[at] ^= 1 << dice.randrange(8)
            else:
                length = dice.choice((1, 2, 8, 64, 512, 4096))
                raw[at : at + length] = dice.choice((bytes(length), dice.randbytes(length)))
        if dice.random() < 0.1:
            del raw[dice.randrange(1, len(raw)) :]
        return Variation(f"{name} damaged", bytes(raw), plain=False)

    def _plain(self, name: str, folder: Path) -> bytes:
        kind = VolumeKind({"fat": "vfat", "ext4": "ext", "fat in a part": "vfat"}.get(name, name))
        path = plain(_tool, folder / name.replace(" ", "-"), kind, SIZE)
        if name != "fat in a part":
            return path.read_bytes()
        disk = partitioned(_tool, folder / "disk", "dos", "start=2048, type=c", size=SIZE + MIB)
        put(disk, path, MIB)
        return disk.read_bytes()


def _tool(name: str, *arguments: str | Path, given: bytes = b"") -> None:
    path = next(p for d in ("/usr/sbin", "/usr/bin", "/sbin") if (p := Path(d) / name).exists())
    subprocess.run([path, *map(str, arguments)], input=given, capture_output=True, check=True)

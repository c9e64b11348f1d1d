"""Stick files: what is told of a stick in use, when it is looked through, and that it is let go."""

import contextlib
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.base import CollectorError, Keyed, Observation
from collectors.stick import Stick
from collectors.stick_files import (
    SETTINGS,
    NoSticks,
    PupilFileOnStick,
    StickFilesCollector,
    make,
)
from collectors.stick_files_linux import Sticks
from tests import documents
from tests.test_usb import Sysfs, write

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ROSTER = documents.roster()
CLEAN = "A text about swallows, and nothing else.\n"


class Desk:
    """Sticks in use, scene after scene; each scene is acted out before it is looked at."""

    def __init__(self, stick: Stick, *scenes: object) -> None:
        self.stick = stick
        self.scenes = list(scenes)
        self.stop = threading.Event()

    def sticks(self) -> Sequence[Stick]:
        scene = self.scenes.pop(0)
        if not self.scenes:
            self.stop.set()
        if scene is None:
            return ()
        if callable(scene):
            scene()
            self.stick = replace(self.stick, used=(self.stick.used[0] - 1, 7))
        return (self.stick,)


@pytest.fixture
def stick(tmp_path: Path) -> Stick:
    return Stick(
        path=str(tmp_path),
        device="0951:1666:60A44C41",
        serial="60A44C41",
        model="Invented stick",
        label="KLAS",
        encrypted=True,
        used=(1000, 7),
    )


def play(stick: Stick, *scenes: object) -> list[PupilFileOnStick]:
    desk = Desk(stick, *scenes, "rest", "rest")
    collector = StickFilesCollector(desk, poll=0.0, now=lambda: AT)
    return [one for one in _all(collector, desk) if isinstance(one, PupilFileOnStick)]


def _all(collector: StickFilesCollector, desk: Desk) -> list[Observation]:
    return list(collector.observe(desk.stop))


def put(stick: Stick, name: str, text: str) -> None:
    path = Path(stick.path) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def names(seen: list[PupilFileOnStick]) -> list[str]:
    return [os.path.basename(one.subject) for one in seen]


def test_what_is_on_a_stick_is_told_when_it_comes(stick: Stick) -> None:
    put(stick, "groep 7/lijst.csv", ROSTER)
    put(stick, "zwaluwen.txt", CLEAN)
    (seen,) = play(stick, "there", "there")
    assert seen.subject == f"{stick.path}/groep 7/lijst.csv"
    facts = seen.facts()
    assert facts["device"] == Keyed("0951:1666:60A44C41", shared=True)
    assert facts["encrypted"] is True
    assert facts["class"] == "pupil-list"
    details = seen.details()
    assert (details["label"], details["serial"]) == ("KLAS", "60A44C41")
    assert "place" not in facts


def test_what_is_written_later_is_told_after_a_rest_and_what_was_told_is_not_told_again(
    stick: Stick,
) -> None:
    put(stick, "one.csv", ROSTER)
    more = ROSTER.replace(";", ";").upper()
    seen = play(stick, "there", "there", lambda: put(stick, "two.csv", more), "rest", "rest")
    assert names(seen) == ["one.csv", "two.csv"]


def test_a_stick_that_is_being_written_to_is_left_in_peace(stick: Stick) -> None:
    def write_on() -> None:
        put(stick, "one.csv", ROSTER)

    desk = Desk(stick, write_on, write_on, write_on, write_on)
    assert _all(StickFilesCollector(desk, poll=0.0, now=lambda: AT), desk) == []


def test_a_stick_that_was_pulled_out_is_looked_through_anew_when_it_comes_back(
    stick: Stick,
) -> None:
    put(stick, "one.csv", ROSTER)
    seen = play(stick, "there", "there", None, lambda: put(stick, "two.csv", ROSTER), "rest")
    assert names(seen) == ["one.csv", "two.csv"]


def test_the_same_file_on_the_same_stick_is_told_once_wherever_it_is_mounted(
    stick: Stick, tmp_path: Path
) -> None:
    put(stick, "one.csv", ROSTER)
    (here,) = play(stick, "there", "there")
    elsewhere = replace(stick, path=str(tmp_path / "elsewhere"))
    put(elsewhere, "one.csv", ROSTER)
    (there,) = play(elsewhere, "there", "there")
    assert here.once() == there.once()
    assert here.once() != replace(here, stick=replace(stick, device="another")).once()


def test_a_stick_that_is_pulled_out_while_it_is_looked_through_ends_the_look(
    stick: Stick,
) -> None:
    gone = replace(stick, path=f"{stick.path}/not-there-any-more")
    desk = Desk(gone, "there", "there", None, None, None)
    assert _all(StickFilesCollector(desk, poll=0.0, now=lambda: AT), desk) == []


def test_a_stick_that_is_there_and_cannot_be_looked_through_is_an_error(stick: Stick) -> None:
    odd = replace(stick, path=f"{stick.path}/not-there")
    with pytest.raises(CollectorError, match="cannot be looked through"):
        play(odd, "there", "there")


def test_links_and_pipes_on_a_stick_lead_nowhere(stick: Stick, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.csv"
    outside.write_text(ROSTER, "utf-8")
    inside = replace(stick, path=str(tmp_path / "stick"))
    put(inside, "clean.txt", CLEAN)
    (Path(inside.path) / "link.csv").symlink_to(outside)
    os.mkfifo(Path(inside.path) / "pipe.csv")
    assert play(inside, "there", "there") == []


def held_open() -> list[str]:
    """What this process has open."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the listing itself was open too
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return found


def test_nothing_on_a_stick_is_held_open_between_two_looks(stick: Stick) -> None:
    put(stick, "one.csv", ROSTER)
    assert len(play(stick, "there", "there")) == 1
    assert not [path for path in held_open() if path.startswith(stick.path)]


def test_a_policy_can_do_without() -> None:
    usual = {key: setting.default for key, setting in SETTINGS.items()}
    assert isinstance(make({**usual, "watch": False}).mounted, NoSticks)
    assert isinstance(make(usual).mounted, Sticks)
    with pytest.raises(CollectorError):
        make({**usual, "poll_seconds": 0})


# --- which mounts are sticks ----------------------------------------------------------------------


class Machine:
    """A copied device tree with a table of mounts."""

    def __init__(self, root: Path) -> None:
        self.sysfs = Sysfs(root)
        self.table = root / "mountinfo"
        self.lines: list[str] = []

    def block(self, number: str, block: Path) -> None:
        folder = self.sysfs.root / "dev/block"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / number).symlink_to(block)

    def mount(self, number: str, place: str) -> None:
        escaped = place.replace(" ", "\\040")
        self.lines.append(f"40 1 {number} / {escaped} rw,nosuid - ext4 /dev/x rw")
        self.table.write_text("\n".join(self.lines) + "\n")

    def sticks(self) -> list[Stick]:
        return Sticks(self.sysfs.root, self.table).sticks()


@pytest.fixture
def machine(tmp_path: Path):
    made = Machine(tmp_path)
    yield made
    made.sysfs.listening.close()


def plain_stick(machine: Machine) -> Path:
    block = machine.sysfs.disk(machine.sysfs.device(), "sda")
    part = machine.sysfs.part(block, 1, 2048, 1000)
    machine.block("8:1", part)
    return part


def test_a_mounted_part_of_a_stick_is_found_and_is_not_encrypted(
    machine: Machine, tmp_path: Path
) -> None:
    plain_stick(machine)
    machine.mount("8:1", str(tmp_path / "KLAS 4"))
    (seen,) = machine.sticks()
    assert (seen.path, seen.encrypted) == (str(tmp_path / "KLAS 4"), False)
    assert seen.device == "0951:1666:60A44C425324F1A0"


@pytest.mark.parametrize(("uuid", "encrypted"), [("CRYPT-LUKS2-abc", True), ("LVM-abc", False)])
def test_a_volume_over_a_stick_is_traced_to_it_and_only_encryption_counts(
    machine: Machine, tmp_path: Path, uuid: str, encrypted: bool
) -> None:
    part = plain_stick(machine)
    upper = machine.sysfs.root / "devices/virtual/block/dm-0"
    write(upper, {"dm/uuid": uuid})
    (upper / "slaves").mkdir()
    (upper / "slaves" / "sda1").symlink_to(part)
    machine.block("253:0", upper)
    machine.mount("253:0", str(tmp_path))
    machine.mount("253:0", str(tmp_path / "a second view"))
    (seen,) = machine.sticks()
    assert (seen.path, seen.encrypted) == (str(tmp_path), encrypted)


def test_the_laptops_own_disk_and_what_the_system_makes_up_are_no_sticks(
    machine: Machine, tmp_path: Path
) -> None:
    plain_stick(machine)
    own = machine.sysfs.root / "devices/pci0000:00/ata1/block/sdb"
    write(own, {"size": "1000"})
    machine.block("8:16", own)
    for number in ("8:16", "0:22", "259:9"):
        machine.mount(number, str(tmp_path))
    assert machine.sticks() == []


def test_without_a_table_of_mounts_there_are_no_sticks(machine: Machine) -> None:
    assert machine.sticks() == []

"""Sealing under faults, as often as one asks: each case counts what must not happen.

The tests run the same parts once; ``./dev lab faults`` runs them thousands of times. The attacker
is a program in C where a compiler is installed, else the one in Python that the tests use.
"""

import contextlib
import errno
import hashlib
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyrage

from enforcement import age, seal_file
from enforcement.base import Attempt, EnforcementError, Reason, Result, Settings
from tests import test_seal_crash as crash
from tests import test_seal_race as race

ATTACKER = Path(__file__).parent / "attackers" / "swap.c"


@dataclass(kw_only=True)
class Case:
    """What was tried, how often, and how often what must not happen did."""

    name: str
    tries: int = 0
    bad: int = 0
    note: str = ""


def killed(base: Path) -> Case:
    """SIGKILL at every step, and then at every step of the recovery."""
    case = Case(name="killed at every step and at every step of the recovery")
    for size in crash.SIZES:
        first = 1
        while True:
            died, second = True, 1
            while died:
                folder = base / f"{size}-{first}-{second}"
                reached, died = crash.scenario(folder, size, first, second)
                case.tries += reached + died
                second += 1
            if not reached:
                break
            first += 1
    return case


def power_cut(base: Path, rounds: int) -> Case:
    """The file system shut down without writing back, at every step, and mounted again."""
    case = Case(name="power cut at every step")
    if os.geteuid():
        case.note = "did not run: needs root"
        return case
    disk = crash.Disk(base)
    try:
        for number in range(rounds):
            case.tries += _cut_everywhere(disk, number)
    finally:
        disk.unmount()
    return case


def _cut_everywhere(disk: crash.Disk, number: int) -> int:
    for point in range(1, 100):
        laptop = crash.Laptop(disk.at / f"{number}-{point}", 70_000)
        os.sync()
        died = laptop.run(point, True, disk.cut_power)
        if died:
            disk.unmount()
            disk.mount()
        assert laptop.copies(), f"lost at checkpoint {point}"
        assert not laptop.run(0, False, crash.nothing)
        laptop.check_end()
        shutil.rmtree(laptop.folder.parent.parent)
        if not died:
            return point - 1
    raise AssertionError("the work never ends")


def attacked(base: Path, tries: int) -> Iterator[Case]:
    """Somebody exchanges names as fast as the kernel can, three ways."""
    attacker = _compiled(base)
    ways: tuple[tuple[str, Callable[[Path], None]], ...] = (
        ("a folder swapped for a link", race.test_a_folder_swapped_for_a_link_never_leads_outside),
        ("a file swapped for a link", race.test_a_file_swapped_for_a_link_never_leads_outside),
        (
            "a file swapped for an innocent one",
            race.test_a_file_swapped_for_an_innocent_one_never_takes_the_innocent_one,
        ),
    )
    for number, (name, attack) in enumerate(ways):
        folder = base / f"race-{number}"
        folder.mkdir()
        case = Case(name=name, note=attacker)
        with race.lasting(tries, base / "swap" if attacker else None):
            try:
                attack(folder)
                case.tries = tries
            except AssertionError as error:
                case.bad, case.note = 1, str(error)[:200]
        shutil.rmtree(folder, ignore_errors=True)
        yield case


def _compiled(base: Path) -> str:
    compiler = shutil.which("cc")
    if compiler is None:
        return ""
    subprocess.run([compiler, "-O2", "-o", base / "swap", ATTACKER], check=True, timeout=60)
    return "attacker in C"


def damaged(base: Path, times: int) -> Case:
    """Bits flipped and ends cut off sealed files: none of it opens."""
    case, chance = Case(name="sealed files with a bit flipped, and cut off"), random.Random(11)
    identity, witness = pyrage.x25519.Identity.generate(), age.Witness()
    plain = base / "plain"
    plain.write_bytes(os.urandom(150_000))
    with plain.open("rb") as source, (base / "sealed").open("wb+") as target:
        keys = (str(identity.to_public()), witness.key)
        age.seal_stream(source.fileno(), target.fileno(), keys)
    whole = (base / "sealed").read_bytes()
    for _ in range(times):
        at = chance.randrange(len(whole))
        flipped = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        for bad in (flipped, whole[: chance.randrange(len(whole))]):
            (base / "bad").write_bytes(bad)
            case.tries += 1
            with (base / "bad").open("rb") as source, contextlib.suppress(age.OpenError):
                witness.digest(source.fileno())
                case.bad += 1
    return case


def full_disk(base: Path) -> Case:
    """A small disk with ever more room left: the file stays whole, and is sealed once there is."""
    case = Case(name="a full disk, at every room left")
    at = base / "small"
    at.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", at], check=False)
    if made.returncode:
        case.note = "did not run: this machine mounts nothing"
        return case
    try:
        for room in range(0, 360, 4):
            case.tries += 1
            case.bad += not _with_room(at, room)
            for entry in at.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    finally:
        subprocess.run(["umount", at], check=True)
    return case


def _with_room(at: Path, kilobytes: int) -> bool:
    data = os.urandom(70_000)
    settings = Settings(state=at / "state", roots=(at / "home",), recipients=crash.RECIPIENTS)
    (at / "home/docs").mkdir(parents=True)
    (at / "state").mkdir(mode=0o700)
    path = at / "home/docs/list.csv"
    path.write_bytes(data)
    found = path.stat()
    proof: dict[str, str | int] = {"device": found.st_dev, "inode": found.st_ino}
    proof["sha256"] = hashlib.sha256(data).hexdigest()
    _fill(at / "ballast", kilobytes)
    attempt, seal = Attempt(id="a", subject=str(path), proof=proof), seal_file.SealFile(settings)
    try:
        seal.apply(attempt)
    except EnforcementError as error:
        kept = path.exists() and path.read_bytes() == data
        if error.reason is not Reason.NO_SPACE or not kept or seal.open_attempts():
            return False
        (at / "ballast").unlink()
        seal.apply(attempt)
    sealed = (at / "state/vault/a.age").read_bytes()
    whole = bytes(pyrage.decrypt(sealed, [crash.OFFICER])) == data
    return whole and not path.exists() and seal.resume("a").result is Result.DONE


def _fill(path: Path, but_for: int) -> None:
    """Write until the disk is full, and then make so many kilobytes of room."""
    with path.open("wb", buffering=0) as file:
        size = 0
        try:
            while True:
                size += file.write(b"\0" * 4096)
        except OSError as error:
            assert error.errno == errno.ENOSPC
        file.truncate(max(0, size - 1024 * but_for))


def timed(work: Callable[[], Case]) -> tuple[Case, float]:
    """A case, and the seconds it took."""
    began = time.monotonic()
    return work(), time.monotonic() - began

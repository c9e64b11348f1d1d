"""Sealing, killed at every step and again at every step of the recovery: nothing is ever lost.

A child process does the work and is killed (SIGKILL) at the n-th checkpoint, for every n until it
reaches the end. After each kill the file's bytes must still be somewhere; after a last, undisturbed
start there is exactly one sealed copy, the folder and the stage are empty, and the copy gives back
the bytes, the mode and the time. The page cache outlives a killed process, so a test for root cuts
the power instead: the file system is shut down without writing back, and mounted again.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

import pyrage
import pytest

from enforcement import return_key, seal_file, stage
from enforcement.base import Attempt, EnforcementError, Outcome, Reason, Recipient, Result, Settings

ID = "00000000-0000-4000-8000-00000000000c"
OFFICER, RESERVE, HERE = (pyrage.x25519.Identity.generate() for _ in range(3))
RECIPIENTS = tuple(
    Recipient(name="officer", key=str(identity.to_public()), proven=True)
    for identity in (OFFICER, RESERVE)
)
MTIME = 10**18 + 7
SIZES = (0, 70_000)


class Laptop:
    """A home with one pupil file, the agent's state, and processes that die."""

    def __init__(self, base: Path, size: int) -> None:
        self.folder = base / "home" / "docs"
        self.folder.mkdir(parents=True)
        self.settings = Settings(
            state=base / "state",
            roots=(base / "home",),
            recipients=RECIPIENTS,
            note="Sealed.",
            return_to=str(HERE.to_public()),
        )
        self.data = os.urandom(size)
        self.path = self.folder / "leerlingen 3b.xlsx"
        self.path.write_bytes(self.data)
        self.path.chmod(0o640)
        os.utime(self.path, ns=(MTIME, MTIME))
        found = self.path.stat()
        proof = {"device": found.st_dev, "inode": found.st_ino}
        proof["sha256"] = hashlib.sha256(self.data).hexdigest()
        self.attempt = Attempt(id=ID, subject=str(self.path), proof=proof)

    def run(self, crash_at: int, first: bool, die) -> bool:
        """One process: apply at first, else recover. True if it died at the n-th checkpoint."""
        child = os.fork()
        if not child:
            self._child(crash_at, first, die)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
        return os.WIFSIGNALED(status)

    def _child(self, crash_at, first, die):
        passed = 0

        def checkpoint(place):
            nonlocal passed
            passed += 1
            if passed == crash_at:
                die()
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            seal = seal_file.SealFile(self.settings, checkpoint=checkpoint)
            outcomes = [seal.apply(self.attempt)] if first else list(seal.recover().values())
            done = all(outcome == Outcome(result=Result.DONE) for outcome in outcomes)
            os._exit(0 if done else 3)
        finally:
            os._exit(4)

    def copies(self) -> list[str]:
        """Where the bytes of the file are now, whole and able to be opened."""
        vault, taken = self.settings.state / "vault", self.folder.parent / stage.NAME
        places = {"folder": self.path, "stage": taken / f"{ID}.file"}
        where = [
            name for name, at in places.items() if at.exists() and at.read_bytes() == self.data
        ]
        if (vault / f"{ID}.json").exists():
            sealed = (vault / f"{ID}.age").read_bytes()
            assert pyrage.decrypt(sealed, [OFFICER]) == self.data
            where.append("vault")
        return where

    def check_end(self) -> None:
        seal = seal_file.SealFile(self.settings)
        assert seal.open_attempts() == ()
        if self.path.exists():  # cut off before the plan stood: nothing had been touched
            assert seal.resume(ID).reason is Reason.INTERRUPTED
            assert seal.apply(self.attempt).result is Result.DONE
        assert seal.resume(ID) == Outcome(result=Result.DONE)
        assert self.copies() == ["vault"]
        assert os.listdir(self.folder) == [seal_file.NOTE_NAME]
        assert os.listdir(self.folder.parent / stage.NAME) == []
        vault = self.settings.state / "vault"
        parts = ("age", "json", "meta.age", "return.age")
        assert sorted(os.listdir(vault)) == [f"{ID}.{part}" for part in parts]
        back = return_key.read(pyrage.decrypt((vault / f"{ID}.return.age").read_bytes(), [OFFICER]))
        assert (back.number, back.to) == (ID, str(HERE.to_public()))
        one = pyrage.x25519.Identity.from_str(back.secret)
        assert pyrage.decrypt((vault / f"{ID}.age").read_bytes(), [one]) == self.data
        about = json.loads(pyrage.decrypt((vault / f"{ID}.meta.age").read_bytes(), [RESERVE]))
        assert (about["mode"], about["mtime_ns"]) == (0o640, MTIME)
        assert about["path"] == str(self.path)


def nothing():
    """SIGKILL is enough."""


def scenario(base: Path, size: int, first: int, second: int) -> tuple[bool, bool]:
    """Kill at two checkpoints, start once more, look: whether each of them was reached."""
    laptop = Laptop(base, size)
    died = laptop.run(first, True, nothing)
    assert laptop.copies()
    died_again = died and second > 0 and laptop.run(second, False, nothing)
    assert laptop.copies()
    assert not laptop.run(0, False, nothing)
    laptop.check_end()
    shutil.rmtree(base)
    return died, died_again


@pytest.mark.parametrize("size", SIZES)
def test_killed_at_every_step_it_ends_sealed_once_and_loses_nothing(tmp_path, size):
    points = 0
    while scenario(tmp_path / str(points), size, points + 1, 0)[0]:
        points += 1
    assert points >= 20, "there are steps without a checkpoint"


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_killed_again_at_every_step_of_the_recovery_it_still_loses_nothing(tmp_path, size):
    kills, first, died = 0, 0, True
    while died:
        first, second, died_again = first + 1, 0, True
        while died_again:
            second += 1
            died, died_again = scenario(tmp_path / f"{first}-{second}", size, first, second)
            kills += died_again
    assert kills > 100


def change_in_the_stage(base: Path) -> Laptop:
    """A file that was changed after its copy had been sealed: it must go back, whatever happens."""
    laptop = Laptop(base, 70_000)
    names = []
    cut = seal_file.SealFile(laptop.settings, checkpoint=names.append)
    cut.apply(laptop.attempt)
    at = names.index("record-durable") + 1
    shutil.rmtree(base)
    laptop = Laptop(base, 70_000)
    assert laptop.run(at, True, nothing)
    with (base / "home" / stage.NAME / f"{ID}.file").open("ab") as taken:
        taken.write(b"changed")
    os.utime(base / "home" / stage.NAME / f"{ID}.file", ns=(MTIME, MTIME))
    return laptop


def test_killed_at_every_step_of_the_way_back_the_changed_file_survives(tmp_path):
    for point in range(1, 100):
        laptop = change_in_the_stage(tmp_path / str(point))
        child = os.fork()
        if not child:
            try:
                laptop._child(point, False, nothing)
            finally:
                os._exit(4)
        _, status = os.waitpid(child, 0)
        seal_file.SealFile(laptop.settings).recover()
        assert laptop.path.read_bytes() == laptop.data + b"changed"
        assert os.listdir(laptop.folder.parent / stage.NAME) == []
        assert os.listdir(laptop.settings.state / "vault") == []
        if not os.WIFSIGNALED(status):
            assert point > 4
            return
    pytest.fail("the way back never ends")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_an_error_of_the_disk_at_any_step_leaves_the_file_whole_in_one_place(tmp_path, number):
    for point in range(1, 100):
        laptop = Laptop(tmp_path / str(point), 70_000)
        passed = []

        def fail(place, point=point, passed=passed):
            passed.append(place)
            if len(passed) == point:
                raise OSError(number, os.strerror(number))

        try:
            outcome = seal_file.SealFile(laptop.settings, checkpoint=fail).apply(laptop.attempt)
            where = ["vault"]
        except EnforcementError as error:
            outcome, where = None, ["folder"]
            assert error.reason is (Reason.FAULT if number == errno.EIO else Reason.NO_SPACE)
        assert laptop.copies() == where, f"failed at {passed[-1]}"
        assert laptop.path.exists() is (outcome is None)
        if len(passed) < point:
            assert point > 20
            return
        seal_file.SealFile(laptop.settings).recover()
        assert laptop.copies() == where
        assert os.listdir(laptop.folder.parent / stage.NAME) == []
    pytest.fail("the work never ends")


EXT4_SHUTDOWN = 0x8004587D
WITHOUT_WRITING_BACK = struct.pack("I", 2)


class Disk:
    """A small ext4 of its own that can lose its power."""

    def __init__(self, base: Path) -> None:
        self.image, self.at = base / "disk.img", base / "disk"
        self.at.mkdir()
        with self.image.open("wb") as image:
            image.truncate(64 * 1024 * 1024)
        mkfs = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if mkfs is None:
            pytest.skip("mkfs.ext4 is not installed")
        subprocess.run([mkfs, "-q", "-F", self.image], check=True, timeout=60)
        self.mount()

    def mount(self) -> None:
        done = subprocess.run(["mount", "-o", "loop", self.image, self.at], capture_output=True)
        if done.returncode:
            pytest.skip("this machine mounts no disk image")

    def unmount(self) -> None:
        deadline = time.monotonic() + 10
        while subprocess.run(["umount", self.at], capture_output=True).returncode:
            assert time.monotonic() < deadline, "the disk stays busy"
            time.sleep(0.02)

    def cut_power(self) -> None:
        disk = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(disk, EXT4_SHUTDOWN, WITHOUT_WRITING_BACK)
        finally:
            os.close(disk)  # or whoever lives on keeps the disk busy


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path)
    yield made
    made.unmount()


@pytest.mark.root
@pytest.mark.slow
def test_with_the_power_cut_at_every_step_nothing_is_lost(disk):
    for point in range(1, 100):
        laptop = Laptop(disk.at / str(point), 70_000)
        os.sync()
        died = laptop.run(point, True, disk.cut_power)
        if died:
            disk.unmount()
            disk.mount()
        assert laptop.copies(), f"lost at checkpoint {point}"
        assert not laptop.run(0, False, nothing)
        laptop.check_end()
        if not died:
            assert point > 20
            return
    pytest.fail("the work never ends")

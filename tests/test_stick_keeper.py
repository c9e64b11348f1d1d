"""Sticks without pupil files: real fanotify on a volume of the test's own, real copies, a real
worker. Needs root, and a kernel that lets the test mount."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.policy import Mode, Policy
from agent.policy_usb import UsbMode, UsbPolicy
from agent.stick_judge import StickJudge
from agent.stick_keeper import StickKeeper
from agent.stick_refused import Refused, StickWriteRefused, Watched
from collectors.base import CoverageLost, Observation
from collectors.recognise.recogniser import Recogniser, WorkerError
from collectors.recognise.verdict import Verdict
from collectors.stick import Stick
from enforcement.leftover_linux import take_away
from enforcement.stick_writes import StickWrites
from tests import documents
from tests.other_people import let_in

STAFF = 65534
"""An account without rights, for who copies."""
AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
POLICY = Policy(mode=Mode.ENFORCE, usb=UsbPolicy(mode=UsbMode.NO_PERSONAL_DATA))


class Open:
    """A guard without objections."""

    held: str | None = None

    def hold(self, action: str, size: int, now: datetime) -> str | None:
        return self.held


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A volume for the test alone, as a stick would be."""
    place = tmp_path / "stick"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "mode=777,size=8m", "stick", place], capture_output=True
    )
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        StickWrites().close()
    except OSError:
        subprocess.run(["umount", place], check=True)
        pytest.skip("the kernel's permission events cannot be had here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Files of a member of staff."""
    folder = tmp_path / "home"
    folder.mkdir()
    let_in(tmp_path)
    for name, text in (("groep 7.csv", documents.roster()), ("zwaluwen.txt", "Swallows.\n")):
        (folder / name).write_text(text, "utf-8")
        os.chown(folder / name, STAFF, STAFF)
    return folder


@dataclass
class Slow:
    """A recogniser that is not done in time, or cannot be had at all."""

    seconds: float = 0.0
    fails: bool = False
    asked: int = 0
    real: Recogniser = field(default_factory=Recogniser)

    def judge(self, descriptor: int, today: date) -> Verdict:
        self.asked += 1
        time.sleep(self.seconds)
        if self.fails:
            raise WorkerError("no worker")
        return self.real.judge(descriptor, today)

    def close(self) -> None:
        self.real.close()


@dataclass
class Kept:
    """A keeper at work on a volume."""

    volume: Path
    recogniser: Slow = field(default_factory=Slow)
    policy: Policy = POLICY
    guard: Open = field(default_factory=Open)
    seconds: float = 20.0
    others: list[Path] = field(default_factory=list)
    told: list[Observation] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Kept":
        keeper = StickKeeper(
            policy=self.policy,
            guard=self.guard,  # type: ignore[arg-type]
            sticks=lambda: [stick(one) for one in (*self.others, self.volume)],
            judge=lambda: StickJudge(self.recogniser, lambda: AT),
            record=self.told.append,
            now=lambda: AT,
            seconds=self.seconds,
            turn=0.05,
        )
        self.thread = threading.Thread(target=keeper.keep, args=(self.stop,))
        self.thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()

    def refusals(self) -> list[StickWriteRefused]:
        return [one for one in self.told if isinstance(one, StickWriteRefused)]


def stick(volume: Path) -> Stick:
    return Stick(
        path=str(volume), device="0951:1666:X1", serial="X1", model="Invented", label="KLAS",
        encrypted=True, used=(1, 1),
    )  # fmt: skip


def as_staff(*words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, user=STAFF, group=STAFF, capture_output=True, text=True, input=text, timeout=60
    )


def test_a_pupil_file_is_not_copied_and_leaves_nothing_behind(volume: Path, home: Path) -> None:
    with Kept(volume) as kept:
        copied = as_staff("cp", home / "groep 7.csv", volume / "groep 7.csv")
        assert copied.returncode != 0
        assert os.listdir(volume) == []
    (told,) = kept.refusals()
    assert (told.refused, told.subject) == (Refused.PUPIL_FILE, str(home / "groep 7.csv"))
    assert told.facts()["persons-max"] == told.found.persons_max if told.found else False
    assert told.details()["serial"] == "X1"


def test_anything_else_is_copied_read_and_changed(volume: Path, home: Path) -> None:
    with Kept(volume) as kept:
        assert as_staff("cp", home / "zwaluwen.txt", volume).returncode == 0
        assert as_staff("cat", volume / "zwaluwen.txt").stdout == "Swallows.\n"
        more = f"echo more >>'{volume}/zwaluwen.txt'"
        assert as_staff("sh", "-c", more).returncode == 0
    assert not kept.told
    assert (volume / "zwaluwen.txt").read_text() == "Swallows.\nmore\n"


def test_whoever_only_reads_the_stick_is_never_asked(volume: Path, home: Path) -> None:
    """Also with a pupil file in hand: comparing is no copying."""
    (volume / "old.csv").write_text("a;b\n")
    with Kept(volume) as kept:
        done = as_staff("cmp", home / "groep 7.csv", volume / "old.csv")
        assert "differ" in done.stdout
    assert (kept.recogniser.asked, kept.told) == (0, [])


def test_what_was_there_is_unharmed_by_a_refusal(volume: Path, home: Path) -> None:
    target = volume / "lijst.csv"
    target.write_text("kept\n")
    target.chmod(0o666)
    with Kept(volume) as kept:
        assert as_staff("cp", home / "groep 7.csv", target).returncode != 0
    assert target.read_text() == "kept\n"
    assert len(kept.refusals()) == 1


def test_what_takes_too_long_is_refused_and_known_at_the_second_try(
    volume: Path, home: Path
) -> None:
    with Kept(volume, Slow(seconds=1.5), seconds=0.2) as kept:
        begun = time.monotonic()
        assert as_staff("cp", home / "zwaluwen.txt", volume).returncode != 0
        assert time.monotonic() - begun < 1.4
        time.sleep(3.0)
        assert as_staff("cp", home / "zwaluwen.txt", volume).returncode == 0
    assert [one.refused for one in kept.refusals()] == [Refused.NOT_JUDGED]
    assert kept.recogniser.asked == 1


def test_without_a_worker_nothing_is_written(volume: Path, home: Path) -> None:
    with Kept(volume, Slow(fails=True)) as kept:
        assert as_staff("cp", home / "zwaluwen.txt", volume).returncode != 0
    assert [one.refused for one in kept.refusals()] == [Refused.NOT_JUDGED]
    assert set(kept.refusals()[0].facts()) == {"refused", "device", "encrypted"}


def test_nothing_is_held_where_nothing_may_be_enforced(volume: Path, home: Path) -> None:
    guard = Open()
    guard.held = "first-days"
    with Kept(volume, guard=guard) as kept:
        assert as_staff("cp", home / "groep 7.csv", volume).returncode == 0
    with Kept(volume, policy=Policy(mode=Mode.REPORT, usb=POLICY.usb)) as other:
        assert as_staff("cp", "-f", home / "groep 7.csv", volume / "b").returncode == 0
    assert not [*kept.told, *other.told]


def test_the_volume_can_be_taken_out_and_comes_back_held(volume: Path, home: Path) -> None:
    with Kept(volume) as kept:
        subprocess.run(["umount", volume], check=True)
        again = ["mount", "-t", "tmpfs", "-o", "mode=777,size=8m", "stick", volume]
        subprocess.run(again, check=True)
        time.sleep(0.3)
        assert as_staff("cp", home / "groep 7.csv", volume).returncode != 0
    assert len(kept.refusals()) == 1


def test_who_waits_is_let_go_when_the_keeper_ends(volume: Path, home: Path) -> None:
    answers: Future[int] = Future()

    def copy() -> None:
        answers.set_result(as_staff("cp", home / "zwaluwen.txt", volume).returncode)

    with Kept(volume, Slow(seconds=2.0)) as kept:
        threading.Thread(target=copy).start()
        time.sleep(0.7)
        kept.stop.set()
    assert answers.result(20) == 0


def test_a_kernel_that_does_not_ask_is_told_of(
    volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> StickWrites:
        raise OSError(38, "not here")

    monkeypatch.setattr("agent.stick_keeper.StickWrites", missing)
    with Kept(volume) as kept:
        pass
    told = kept.told[0]
    assert isinstance(told, CoverageLost)
    assert told.what is Watched.STICK_WRITES
    assert kept.told == [told]


def test_a_stick_that_cannot_be_held_is_told_of_and_the_next_one_is_held(
    volume: Path, home: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(volume)
    with Kept(volume, others=[link]) as kept:
        assert as_staff("cp", home / "groep 7.csv", volume).returncode != 0
    lost = [one for one in kept.told if isinstance(one, CoverageLost)]
    assert [one.subject for one in lost] == [str(link)]
    assert len(kept.refusals()) == 1


def test_the_kernel_is_asked_again_after_it_failed(
    volume: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True, True])

    def sometimes() -> StickWrites:
        if next(failures, False):
            raise OSError(24, "too many")
        return StickWrites()

    monkeypatch.setattr("agent.stick_keeper.StickWrites", sometimes)
    with Kept(volume) as kept:
        assert as_staff("cp", home / "groep 7.csv", volume).returncode != 0
    assert [one.kind for one in kept.told[:2]] == ["coverage-lost", "coverage-restored"]


def test_only_a_new_and_empty_file_is_taken_away(tmp_path: Path) -> None:
    empty, full, moved = tmp_path / "empty", tmp_path / "full", tmp_path / "moved"
    for path in (empty, moved):
        path.touch()
    full.write_text("x")
    for path in (empty, full, moved):
        with closing(open(path, "rb")) as file:
            if path is moved:
                path.rename(tmp_path / "kept")
                shutil.copy(full, moved)
                os.unlink(tmp_path / "kept")
            take_away(file.fileno())
    assert sorted(os.listdir(tmp_path)) == ["full", "moved"]

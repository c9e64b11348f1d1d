"""The journal's files: what a full disk, a power cut or a flipped bit may do to the start."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import journal_file
from agent.errors import JournalError, JournalFull
from agent.journal import Journal
from agent.wire import event as wire
from tests.test_journal import CHILD, _all, acknowledge, new_event
from tests.test_seal_crash import Disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=2m", "none", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["/bin/umount", tmp_path], check=True)


def fill(disk: Path) -> Path:
    """Take every byte that is left; the file that does."""
    filler = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for size in (65_536, 4096, 1):
        with contextlib.suppress(OSError):
            while True:
                os.write(filler, b"x" * size)
    os.close(filler)
    return disk / "filler"


@pytest.mark.root
def test_receipts_are_taken_on_a_full_disk(disk: Path) -> None:
    journal = Journal(disk)
    for _ in range(20):
        journal.append(new_event())
    fill(disk)
    acknowledge(journal, 15)
    assert journal.count() == 5
    assert not (disk / "receipt.json.new").exists()
    journal.close()


@pytest.mark.root
def test_a_sound_journal_is_opened_or_left_alone_on_a_full_disk(disk: Path) -> None:
    # bounded, or a fast child fills the disk and gives up the ballast before it is killed
    program = CHILD.replace("while True:", "for _ in range(25):") + "sys.stdin.read()\n"
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(disk)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(20)]
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    (disk / "journal.db-shm").unlink()  # as after a power cut
    filler = fill(disk)
    with contextlib.suppress(JournalFull):  # where it was killed in the middle of a page
        Journal(disk).close()
    (disk / "ballast").unlink(missing_ok=True)
    again = Journal(disk)
    again.append(new_event(sealed="A" * 9000))
    again.close()
    fill(disk)
    with contextlib.suppress(JournalFull):
        Journal(disk).close()
    filler.unlink()
    whole = Journal(disk)
    assert whole.count() > len(said)
    assert not [path for path in disk.iterdir() if ".bad-" in path.name]
    whole.close()


@pytest.mark.root
def test_a_disk_that_dies_is_told_in_the_journals_own_words(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    journal = Journal(disk.at)
    journal.append(new_event())
    disk.cut_power()
    for _ in range(3):
        with pytest.raises(JournalError):  # never the system's own word, which nobody waits for
            journal.append(new_event())
    journal.close()
    disk.unmount()


@pytest.mark.root
def test_a_damaged_journal_that_cannot_be_set_aside_is_told_in_our_own_words(
    tmp_path: Path,
) -> None:
    disk = Disk(tmp_path)
    folder = disk.at / "journal"
    folder.mkdir()
    (folder / "journal.db").write_bytes(b"not a database at all" * 100)
    subprocess.run(["/usr/bin/chattr", "+i", folder], check=True)  # no name in it can change
    with pytest.raises(JournalFull):
        journal_file.open_sound(folder)
    subprocess.run(["/usr/bin/chattr", "-i", folder], check=True)
    assert (folder / "journal.db").read_bytes().startswith(b"not a database")
    disk.unmount()


def test_a_journal_that_somebody_else_reads_is_not_set_aside(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalFull, match="locked"):
        Journal(tmp_path)
    other.close()
    Journal(tmp_path).close()
    assert not [path for path in tmp_path.iterdir() if ".bad-" in path.name]


@pytest.mark.parametrize("body", [b"not an event", b"[" * 100_000])
def test_an_attempt_that_cannot_be_read_does_not_keep_the_agent_from_starting(
    tmp_path: Path, body: bytes
) -> None:
    journal = Journal(tmp_path)
    journal.begin(new_event(), once=None, action="seal-file", size=1)
    journal._db.execute("UPDATE attempts SET body=?", (body,))
    journal.close()
    again = Journal(tmp_path)
    assert again.attempts() == []
    assert [wire.decode(record.body).facts["cause"] for _, record in _all(again)] == ["damage"]
    again.close()


def test_a_number_that_nobody_wrote_does_not_keep_the_agent_from_starting(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(new_event())
    journal._db.execute("UPDATE events SET seq=-1")
    journal.close()
    again = Journal(tmp_path)
    assert [wire.decode(record.body).facts["cause"] for _, record in _all(again)] == ["damage"]
    again.close()


def test_a_new_journal_begins_behind_the_receipt_also_if_it_was_cut_off_while_made(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    journal.append(new_event())
    acknowledge(journal, 1)
    journal.close()
    (tmp_path / "journal.db").write_bytes(b"")
    again = Journal(tmp_path)
    again.append(new_event())
    assert again.pending().records[0].seq > 1
    again.close()


def test_a_half_made_ballast_is_made_whole(tmp_path: Path) -> None:
    (tmp_path / "ballast").write_bytes(b"")
    Journal(tmp_path).close()
    assert (tmp_path / "ballast").stat().st_size == journal_file.BALLAST


def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.count()

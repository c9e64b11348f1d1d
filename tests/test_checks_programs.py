"""Programs: a real process is found by its name, and names are the only thing that is kept."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.checks.programs import in_use, known, running, table
from collectors.checks.told import Check, Told, Why

BOTH = (Check.SYNC_PROGRAMS, Check.FILE_SHARING)


@contextmanager
def process(folder: Path, name: str, *arguments: str) -> Iterator[None]:
    """A real process of that name, which does nothing until the end."""
    program = folder / name
    shutil.copy(os.path.realpath(shutil.which("cat") or "/bin/cat"), program)
    child = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        child.communicate(timeout=30)


def test_a_real_process_is_found_and_is_gone_when_it_ends(tmp_path: Path) -> None:
    with process(tmp_path, "qBittorrent-nox"):
        told = in_use(Check.FILE_SHARING, running(), ())
        assert told.why is Why.PROGRAM_IN_USE and "qbittorrent" in told.names
    assert "qbittorrent" not in in_use(Check.FILE_SHARING, running(), ()).names


def test_a_long_name_is_found_in_full(tmp_path: Path) -> None:
    with process(tmp_path, "google-drive-ocamlfuse"):
        assert "google-drive-ocamlfuse" in running()


def test_a_program_counts_only_with_its_first_word_where_the_table_has_one(tmp_path: Path) -> None:
    with process(tmp_path, "rclone", "-u"):
        assert "rclone mount" not in running()
    (tmp_path / "mount").touch()
    shutil.copy(os.path.realpath(shutil.which("tail") or "/bin/tail"), tmp_path / "rclone")
    follower = subprocess.Popen([tmp_path / "rclone", "mount", "-f"], cwd=tmp_path)
    try:
        assert "rclone" in in_use(Check.SYNC_PROGRAMS, running(), ()).names
    finally:
        follower.kill()
        follower.wait(30)


def test_a_name_that_is_no_text_breaks_nothing(tmp_path: Path) -> None:
    with process(tmp_path, os.fsdecode(b"drop\xff\x1bbox")):
        assert "dropbox" not in running()


def test_approved_programs_are_fine_and_others_are_not() -> None:
    both = {"dropbox", "nextcloud", "bash"}
    assert in_use(Check.SYNC_PROGRAMS, both, ["nextcloud"]) == Told(
        Why.PROGRAM_IN_USE, 1, ("dropbox",)
    )
    assert in_use(Check.SYNC_PROGRAMS, both, ["nextcloud", "dropbox"]) == Told(Why.ONLY_APPROVED)
    assert in_use(Check.SYNC_PROGRAMS, {"bash"}, []) == Told(Why.NO_SUCH_PROGRAM)
    assert in_use(Check.FILE_SHARING, both, []) == Told(Why.NO_SUCH_PROGRAM)


def test_names_in_the_table_are_small_and_belong_to_one_program() -> None:
    processes = [name for check in BOTH for found in table(check).values() for name in found]
    assert processes and len(processes) == len(set(processes))
    assert all(name == name.lower() for name in processes)
    assert known() >= {"dropbox", "nextcloud", "transmission"}

"""Programs of a person's own, films and printers, in real folders."""

import os
import shutil
from pathlib import Path

import pytest

from collectors.checks.found_files_linux import MOST_ENTRIES, media_files, own_programs
from collectors.checks.printers_linux import printers
from collectors.checks.told import Told, Why

HOMES = ["/home/a"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home/a"
    home.mkdir(parents=True)
    return home


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(os.path.realpath(shutil.which("true") or "/bin/true"), path)
    return path


@pytest.mark.parametrize("place", ["tool", "Downloads/x.AppImage", ".local/bin/tool", "a/b/c/tool"])
def test_a_program_that_can_be_started_is_found(home: Path, tmp_path: Path, place: str) -> None:
    name = program(home / place).name
    assert own_programs(tmp_path, HOMES) == Told(Why.OWN_PROGRAM, 1, (name,))


def test_a_program_beside_the_packages_is_found(tmp_path: Path) -> None:
    program(tmp_path / "usr/local/bin/tool")
    assert own_programs(tmp_path, []) == Told(Why.OWN_PROGRAM, 1, ("tool",))


def test_what_cannot_be_started_or_is_no_program_is_none(home: Path, tmp_path: Path) -> None:
    program(home / "kept.bin").chmod(0o644)
    (home / "script.sh").write_text("#!/bin/sh\n", "ascii")
    (home / "script.sh").chmod(0o755)
    program(home / ".cache/deep/tool")
    program(home / "1/2/3/4/5/tool")
    assert own_programs(tmp_path, HOMES) == Told(Why.ONLY_PACKAGES)


def test_links_and_pipes_lead_nowhere(home: Path, tmp_path: Path) -> None:
    elsewhere = program(tmp_path / "elsewhere/tool")
    (home / "link").symlink_to(elsewhere)
    (home / "folder").symlink_to(elsewhere.parent)
    os.mkfifo(home / "pipe", 0o755)
    assert own_programs(tmp_path, HOMES) == Told(Why.ONLY_PACKAGES)


def test_a_home_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    program(tmp_path / "elsewhere/tool")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/a").symlink_to(tmp_path / "elsewhere")
    assert own_programs(tmp_path, HOMES) == Told(Why.ONLY_PACKAGES)


def test_a_home_without_end_is_looked_at_to_a_limit(home: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (home / folder).mkdir()
        for number in range(MOST_ENTRIES // 2 + 1):
            (home / folder / f"{number}.mp3").touch()
    assert 0 < media_files(tmp_path, HOMES).count <= MOST_ENTRIES


def test_films_and_music_are_a_count_and_have_no_names(home: Path, tmp_path: Path) -> None:
    assert media_files(tmp_path, HOMES) == Told(Why.NO_MEDIA)
    for name in ("Film.MKV", "song.mp3", "plan.docx", "mp3"):
        (home / name).touch()
    assert media_files(tmp_path, HOMES) == Told(Why.MEDIA_THERE, 2)


def test_printers_are_told_by_name_and_a_laptop_may_have_none(tmp_path: Path) -> None:
    assert printers(tmp_path) == Told(Why.NOT_THERE)
    (tmp_path / "etc/cups").mkdir(parents=True)
    told = "<DefaultPrinter room-2>\nDeviceURI ipp://x\n</DefaultPrinter>\n<Printer attic>\n"
    (tmp_path / "etc/cups/printers.conf").write_text(told, "ascii")
    assert printers(tmp_path) == Told(Why.PRINTERS_SET_UP, 2, ("attic", "room-2"))

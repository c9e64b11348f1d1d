"""The entries of the desktop: valid, in three languages, and of programs that there are."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agent.cli import COMMANDS
from agent.texts import LANGUAGES
from agent.tray.icon import COLOURS
from agent.tray.view import State

ROOT = Path(__file__).resolve().parent.parent
DESKTOP = ROOT / "installer" / "desktop"
ENTRIES = sorted(DESKTOP.glob("*.desktop"))
PROGRAM = "/usr/bin/dossierwacht"


def entry(path: Path) -> configparser.SectionProxy:
    read = configparser.RawConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(path, "utf-8")
    return read["Desktop Entry"]


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.name)
def test_an_entry_is_valid(path: Path) -> None:
    program = shutil.which("desktop-file-validate", path="/usr/bin")
    if program is None:
        pytest.skip("needs desktop-file-validate")
    done = subprocess.run([program, path], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.name)
def test_an_entry_speaks_every_language(path: Path) -> None:
    found = entry(path)
    for key in {key.partition("[")[0] for key in found if "[" in key}:
        for language in LANGUAGES:
            assert found[key if language == "en" else f"{key}[{language}]"]


def test_an_entry_starts_our_program_by_its_path() -> None:
    groups = {command.words.split()[0] for command in COMMANDS} | {"open"}
    for path in ENTRIES:
        program, word, *_ = entry(path)["Exec"].split()
        assert program == entry(path)["TryExec"] == PROGRAM
        assert word in groups


def test_the_tray_starts_by_itself_and_is_no_program_to_look_for() -> None:
    found = entry(DESKTOP / "dossierwacht-tray.desktop")
    assert (found["Exec"], found["NoDisplay"]) == (f"{PROGRAM} tray", "true")


def test_a_leak_can_be_found_by_the_words_people_look_for() -> None:
    found = entry(DESKTOP / "dossierwacht-leak.desktop")
    assert (found["Name[nl]"], found["Name[da]"]) == ("Datalek melden", "Anmeld databrud")
    assert "datalek" in found["Keywords[nl]"].split(";")
    assert "databrud" in found["Keywords[da]"].split(";")
    assert "NoDisplay" not in found


def test_the_picture_is_the_trays_own() -> None:
    picture = ElementTree.parse(DESKTOP / "dossierwacht.svg").getroot()
    assert picture.get("viewBox") == "0 0 64 64"
    green = "#{:02x}{:02x}{:02x}".format(*COLOURS[State.FINE])
    assert {one.get("fill") for one in picture} >= {green, "#fff"}
    assert {entry(path)["Icon"] for path in ENTRIES} == {"dossierwacht"}


def test_the_package_holds_them_all() -> None:
    script = (ROOT / "installer/build-deb").read_text("utf-8")
    for path in DESKTOP.iterdir():
        assert re.search(rf'root/[^"]+" installer/desktop/{re.escape(path.name)}$', script, re.M)
    assert "/etc/xdg/autostart/dossierwacht-tray.desktop" in script.split("conffiles")[0]

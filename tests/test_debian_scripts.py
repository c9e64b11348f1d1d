"""The agent's package: what its scripts do with what is somebody's, without installing it.

The scripts run as dpkg runs them, with the folders of a laptop in a place of their own. What would
change this machine (accounts, services) is left to a command that notes how it was called.
"""

import os
import subprocess
from pathlib import Path

import pytest

from agent.config import AGENT_KEYS
from collectors.recognise.recogniser import USER
from enforcement import stage
from tests.test_sealed import laptop, restore, seal

__all__ = ["laptop"]

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "installer" / "debian" / "agent"
NAMES = ("preinst", "postinst", "prerm", "postrm")
VERSION = "1.4.0"
NOTED = ("systemctl", "udevadm", "userdel", "deb-systemd-helper", "getent")


def text(name: str, top: Path) -> str:
    """A script as the package holds it, with the laptop's folders below ``top``."""
    given = (SCRIPTS / name).read_text("utf-8").replace("@VERSION@", VERSION)
    for folder in ("/var/lib/dossierwacht", "/etc/dossierwacht", "/run/dossierwacht"):
        given = given.replace(folder, f"{top}{folder}")
    return given


def run(name: str, top: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    commands = top / "commands"
    commands.mkdir(exist_ok=True)
    for command in NOTED:
        (commands / command).write_text(f'#!/bin/sh\necho {command} "$@" >>{top}/called\n')
        (commands / command).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", "-c", text(name, top), name, *words],
        env={"PATH": f"{commands}:/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def installed(laptop: Path) -> Path:
    """A laptop that has sealed two files, with everything an agent leaves in its folders."""
    seal(laptop, "a1", "lijst 3b.csv")
    seal(laptop, "a2", "lijst 4b.csv")
    state = laptop / "var/lib/dossierwacht"
    state.parent.mkdir(parents=True)
    (laptop / "state").rename(state)
    (laptop / "state").symlink_to(state)
    for folder in ("etc/dossierwacht", "run/dossierwacht/usb"):
        (laptop / folder).mkdir(parents=True)
    for file in ("device.key", "journal.db", "journal.db-wal", ".hidden", "disputes"):
        (state / file).write_bytes(b"x")
    (laptop / "etc/dossierwacht/policy.toml").write_bytes(b"x")
    return laptop


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.exists() else []


@pytest.mark.parametrize("name", NAMES)
def test_a_script_is_sound_and_can_be_run(name: str) -> None:
    assert os.access(SCRIPTS / name, os.X_OK)
    done = subprocess.run(["/bin/sh", "-n", SCRIPTS / name], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words", [("upgrade", "1.5.0"), ("install", "2.0"), ("upgrade", "1.4.0a")])
def test_what_is_older_is_refused_with_a_reason(words: tuple[str, str], tmp_path: Path) -> None:
    done = run("preinst", tmp_path, *words)
    assert done.returncode == 1
    assert f"version {words[1]} was here; {VERSION} is older" in done.stderr
    assert "Nothing was changed" in done.stderr


@pytest.mark.parametrize(
    "words",
    [("install",), ("install", ""), ("install", "1.3"), ("upgrade", "1.4.0"),
     ("upgrade", "1.4.0~rc1"), ("abort-upgrade", "9.0")],
)  # fmt: skip
def test_anything_else_is_let_in(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run("preinst", tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_purge_keeps_sealed_files_and_a_note_and_nothing_else(installed: Path) -> None:
    state = installed / "var/lib/dossierwacht"
    before = {path.name: path.read_bytes() for path in (state / "vault").iterdir()}
    done = run("postrm", installed, "purge")
    assert done.returncode == 0
    assert "sealed files are kept in" in done.stderr
    after = {path.name: path.read_bytes() for path in (state / "vault").iterdir()}
    note = after.pop("README.txt")
    assert after == before
    assert b"age --decrypt" in note
    assert names(state) == ["vault"]
    assert not (installed / "etc/dossierwacht").exists()
    assert not (installed / "run/dossierwacht").exists()
    called = (installed / "called").read_text()
    assert all(f"userdel {account}" in called for account in ("dossierwacht-sender", USER))
    # Once more, as after another install: the note of an agent that knew more stays.
    (state / "vault" / "README.txt").write_text("the agent's own")
    run("postrm", installed, "purge")
    assert (state / "vault" / "README.txt").read_text() == "the agent's own"


def test_a_purge_leaves_nothing_of_what_went_back(installed: Path) -> None:
    for sealed in ("a1", "a2"):
        assert restore(installed, id=sealed) == 0
    assert run("postrm", installed, "purge").returncode == 0
    assert names(installed / "var/lib") == []


@pytest.mark.parametrize("damage", [b"", b"{", b'{"about": {"returned": 0}}'])
def test_what_is_odd_counts_as_sealed(damage: bytes, installed: Path) -> None:
    for sealed in ("a1", "a2"):
        assert restore(installed, id=sealed) == 0
    vault = installed / "var/lib/dossierwacht/vault"
    (vault / "a2.json").write_bytes(damage)
    run("postrm", installed, "purge")
    assert "a2.age" in names(vault)


def test_a_purge_leaves_no_sealed_folder_where_nothing_was_sealed(tmp_path: Path) -> None:
    (tmp_path / "var/lib/dossierwacht/vault").mkdir(parents=True)
    (tmp_path / "var/lib/dossierwacht/vault/old.tomb").write_bytes(b"{}")
    assert run("postrm", tmp_path, "purge").returncode == 0
    assert names(tmp_path / "var/lib") == []
    assert run("postrm", tmp_path, "purge").returncode == 0  # nothing to do is no mistake


@pytest.mark.parametrize("name", ["stage", "de stage", 'st"age', "ståge"])
def test_a_file_in_a_stage_stays_and_is_remembered(name: str, tmp_path: Path) -> None:
    state, full, empty = tmp_path / "var/lib/dossierwacht", tmp_path / name, tmp_path / "empty"
    for folder in (state.parent, full, empty):
        folder.mkdir(parents=True)
    for path in (empty, full):
        stage.remember(str(state), str(path))
    (full / "a1.file").write_bytes(b"the only copy")
    done = run("postrm", tmp_path, "purge")
    assert done.returncode == 0
    assert "a file that could not go back" in done.stderr
    assert (full / "a1.file").read_bytes() == b"the only copy"
    assert stage.stages_in(str(state))[-1:] == [str(full)]
    assert names(state) == ["stages.json"]


def test_empty_stages_go(tmp_path: Path) -> None:
    state = tmp_path / "var/lib/dossierwacht"
    state.parent.mkdir(parents=True)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        stage.remember(str(state), str(tmp_path / name))
    assert run("postrm", tmp_path, "purge").returncode == 0
    assert names(tmp_path) == ["called", "commands", "var"]
    assert names(tmp_path / "var/lib") == []


def test_a_removal_opens_the_gate_and_keeps_the_rest(installed: Path) -> None:
    (installed / "etc/dossierwacht/usb-closed").write_bytes(b"x")
    before = names(installed / "var/lib/dossierwacht")
    assert run("postrm", installed, "remove").returncode == 0
    assert names(installed / "etc/dossierwacht") == ["policy.toml"]
    assert names(installed / "var/lib/dossierwacht") == before


@pytest.mark.parametrize("word", ["upgrade", "failed-upgrade", "abort-upgrade", "disappear"])
def test_an_upgrade_takes_nothing_away(word: str, installed: Path) -> None:
    (installed / "etc/dossierwacht/usb-closed").write_bytes(b"x")
    before = sorted(installed.rglob("*"))
    assert run("postrm", installed, word, "2.0").returncode == 0
    assert run("prerm", installed, "upgrade", "2.0").returncode == 0
    assert sorted(set(installed.rglob("*")) - {*before}) == [
        installed / "commands",
        *(installed / "commands" / name for name in sorted(NOTED)),
    ]
    assert {*before} <= {*installed.rglob("*")}


def test_the_scripts_know_every_unit_that_is_switched_on() -> None:
    """The others come and go with the agent's."""
    all_of_them = {path.name: path.read_text() for path in (ROOT / "installer/systemd").iterdir()}
    units = {name for name, text in all_of_them.items() if "[Install]" in text}
    others = {name for name in set(all_of_them) - units if "@" not in name}
    assert all("PartOf=dossierwacht-agent.service" in all_of_them[name] for name in others)
    for name in ("postinst", "postrm"):
        line = next(one for one in text(name, Path("/")).splitlines() if one.startswith("units="))
        assert set(line.partition("=")[2].strip("'").split()) == units
    stopped = text("prerm", Path("/")).replace("\\\n", " ")
    assert all(unit in stopped for unit in units)


def test_the_accounts_are_those_that_the_agent_becomes() -> None:
    lines = (ROOT / "installer/sysusers/dossierwacht-agent.conf").read_text().splitlines()
    made = {line.split()[1] for line in lines if line.startswith("u ")}
    assert made == {AGENT_KEYS["sender_user"][1], USER}
    # Name, GECOS and home stand between colons in /etc/passwd.
    assert not [line for line in lines if line.startswith("u ") and ":" in line]
    removed = text("postrm", Path("/"))
    assert all(account in removed for account in made)

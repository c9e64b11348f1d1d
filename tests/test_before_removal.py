"""Before the package's files go: no file is left in between, and what stays is said."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from agent import before_removal, config, vault_note
from agent.journal import Journal
from enforcement import stage, vault
from tests.test_retire import crashed, settings
from tests.test_sealed import DATA, RECIPIENTS, laptop, seal

__all__ = ["laptop"]


@pytest.fixture(autouse=True)
def policy(laptop):
    settings(laptop)


def before(laptop: Path, *words: str) -> int:
    there = ["--config", str(laptop / "settings"), "--state", str(laptop / "state")]
    return before_removal.main([*there, *words])


def unproven(laptop: Path) -> None:
    """A policy by which nothing can be sealed."""
    policy = laptop / "settings" / "policy.toml"
    policy.write_text(policy.read_text().replace("proven = true", "proven = false"))


def stages(laptop: Path) -> list[str]:
    return stage.stages_in(str(laptop / "state"))


def test_what_was_being_sealed_is_sealed_and_the_stage_goes(laptop, capsys):
    path = crashed(laptop)
    assert stages(laptop)
    assert before(laptop) == 0
    assert not path.exists()
    assert [one.state for one in vault.records(laptop / "state" / "vault")] == ["sealed"]
    assert stages(laptop) == []
    said = capsys.readouterr().err
    assert "also when it is purged: 1" in said
    assert "lijst" not in said


def test_what_cannot_be_sealed_goes_back(laptop):
    path = crashed(laptop)
    unproven(laptop)
    assert before(laptop) == 0
    assert path.read_bytes() == DATA
    assert (stages(laptop), vault.records(laptop / "state" / "vault")) == ([], [])


def test_what_can_go_nowhere_stays_and_is_told(laptop, capsys):
    path = crashed(laptop)
    path.parent.rmdir()
    (where,) = stages(laptop)
    unproven(laptop)
    before(laptop)
    assert [name for name in os.listdir(where) if name.endswith(".file")] == ["a1.file"]
    assert (Path(where) / "a1.file").read_bytes() == DATA
    assert f"{where} holds a file that could not go back" in capsys.readouterr().err


def test_the_note_names_the_keys_and_no_file(laptop):
    seal(laptop)
    assert before(laptop) == 0
    note = laptop / "state" / "vault" / vault_note.NAME
    text = note.read_text("utf-8")
    assert all(text.count(one.key) == 3 for one in RECIPIENTS)
    assert "verwijder deze map niet" in text
    assert "slet ikke mappen" in text
    assert "do not delete this folder" in text
    assert "lijst 3b" not in text
    # A laptop that was retired knows its keys no more; the note does.
    (laptop / "settings" / "policy.toml").unlink()
    assert vault_note.leave(config.load(laptop / "settings", laptop / "state"))
    assert note.read_text("utf-8") == text
    # Listing is not disturbed by it, and it goes with the last copy.
    assert [one.id for one in vault.records(note.parent)] == ["a1"]
    vault.Vault(note.parent).drop("a1")
    assert not vault_note.leave(config.load(laptop / "settings", laptop / "state"))
    assert not note.exists()


def test_a_laptop_on_which_the_agent_never_ran_has_nothing_to_say(laptop, capsys):
    assert before(laptop) == 0
    assert capsys.readouterr().err == ""
    assert not (laptop / "state").exists()


def test_broken_settings_are_told_and_sticks_are_given_back_all_the_same(laptop, capsys):
    (laptop / "state").mkdir()
    gate = config.gate_for(laptop / "state")
    gate.set_closed(True)
    (laptop / "settings" / "policy.toml").write_text("moed = 1")
    assert before(laptop) == 1
    assert not gate.is_closed()
    assert "unknown key 'moed'" in capsys.readouterr().err


def test_an_agent_that_still_runs_is_told_of(laptop, capsys):
    seal(laptop)
    with closing(Journal(laptop / "state")):
        assert before(laptop, "--patience", "0.3") == 1
    assert "another process owns the journal" in capsys.readouterr().err


def test_it_runs_as_the_script_starts_it(laptop):
    seal(laptop)
    words = ["--config", str(laptop / "settings"), "--state", str(laptop / "state")]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "agent.before_removal", *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
    assert "also when it is purged: 1" in done.stderr

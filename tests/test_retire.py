"""Retiring a laptop: what is sealed is settled first, and then nothing ties it to the collector."""

import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent import cli, config, identity, retired, vault_note
from agent.commands.enrol import enrol
from agent.demo import stage
from agent.errors import ConfigError, JournalError
from agent.journal import Journal
from agent.retirement import Retirement, StillSealed, sealed_in
from collectors.base import utc_now
from enforcement import vault
from enforcement.vault import Vault
from tests.laptop import Chain, chain, running_agent
from tests.test_life_of_an_event import put_class_list
from tests.test_sealed import RECIPIENTS, laptop, restore, seal

__all__ = ["laptop"]


@pytest.fixture
def real() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        stage.enrol_laptop(made.folders, made.server)
        yield made


def places(made: Chain) -> list[str]:
    return ["--config", str(made.folders.settings), "--state", str(made.folders.agent)]


def retire(made: Chain, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "agent", "retire", *words, *places(made)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def told(made: Chain) -> list[dict[str, Any]]:
    return [one for one in made.events() if one["kind"] == "agent-retired"]


def loaded(made: Chain) -> config.Config:
    return config.load(made.folders.settings, made.folders.agent)


@pytest.mark.slow
def test_a_laptop_with_sealed_files_is_retired_only_by_force_and_keeps_them(real: Chain) -> None:
    state = real.folders.agent
    with running_agent(real.folders) as agent:
        assert stage.wait_until(lambda: bool(real.status()), 30)
        saved = put_class_list(real)
        assert stage.wait_until(lambda: not saved.exists(), 60)
        assert stage.wait_until(lambda: sealed_in(state) == 1, 30)

        refused = retire(real)
        assert (refused.returncode, refused.stderr) == (1, "")
        assert "the only copies: 1\n" in refused.stdout
        assert saved.name not in refused.stdout
        assert str(real.folders.home) not in refused.stdout
        assert json.loads(retire(real, "--json").stdout) == {
            "retired": False,
            "sealed": 1,
            "vault": str(state / "vault"),
        }
        assert real.status()["device"] == identity.enrolled(state).device

        copies = {path.name: path.read_bytes() for path in (state / "vault").iterdir()}
        done = retire(real, "--force", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        answer = json.loads(done.stdout)
        assert (answer["retired"], answer["sealed"], answer["undelivered"]) == (True, 1, 0)
        assert agent.wait(30) == 2  # which systemd does not start again
    (event,) = told(real)
    assert event["facts"] == {"sealed-left": 1, "forced": True}
    assert not retired.tied(state)
    kept = {path.name: path.read_bytes() for path in (state / "vault").iterdir()}
    note = kept.pop(vault_note.NAME).decode()
    assert kept == copies
    assert all(one.key in note for one in loaded(real).policy.recipients)
    assert saved.name not in note

    run = subprocess.run(
        [sys.executable, "-m", "agent", "run", *places(real)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "retired on" in run.stderr
    again = json.loads(retire(real, "--json").stdout)
    assert again == answer
    assert len(told(real)) == 1


@pytest.mark.slow
def test_a_laptop_whose_agent_is_down_is_retired_and_can_come_back(real: Chain) -> None:
    state = real.folders.agent
    before = identity.enrolled(state)
    (real.folders.settings / "enrol.toml").write_text("left by a roll-out")
    done = retire(real)
    assert (done.returncode, done.stderr) == (0, "")
    assert "apt purge" in done.stdout
    (event,) = told(real)
    assert event["facts"] == {"sealed-left": 0, "forced": False}
    assert not (real.folders.settings / "enrol.toml").exists()
    with pytest.raises(ConfigError, match="retired on"):
        retired.refuse(state)
    # Enrolled again it is another laptop, and takes part.
    who = enrol(real.server, real.token(), "issued", state, utc_now())
    assert who.device != before.device
    retired.refuse(state)
    with running_agent(real.folders):
        assert stage.wait_until(lambda: real.status().get("device") == who.device, 30)
        # What it tells arrives, under the numbers that follow those of before.
        assert stage.wait_until(lambda: "agent-started" in [e["kind"] for e in real.events()], 60)
        assert stage.wait_until(lambda: real.status().get("pending") == 0, 60)


def test_without_its_collector_a_laptop_is_retired_all_the_same(real: Chain) -> None:
    real.collector.terminate()
    real.collector.wait(30)
    done = Retirement(config=loaded(real), patience=1.0).go(force=False)
    assert (done.sealed, done.undelivered) == (0, 1)
    assert not retired.tied(real.folders.agent)


def test_cut_off_it_goes_on_and_tells_once(real: Chain) -> None:
    state = real.folders.agent
    retired.mark(state, utc_now())
    with closing(Journal(state)):
        with pytest.raises(JournalError):
            Retirement(config=loaded(real), patience=0.5).go(force=False)
    assert retired.tied(state)
    for _ in range(2):
        Retirement(config=loaded(real), patience=30).go(force=False)
    assert len(told(real)) == 1
    assert not retired.tied(state)


def test_withheld_sticks_are_given_back(real: Chain, tmp_path: Path) -> None:
    gate = loaded(real).gate
    gate.set_closed(True)
    Retirement(config=loaded(real), patience=20, sysfs=tmp_path).go(force=False)
    assert not gate.is_closed()


def test_a_file_that_went_back_is_settled_and_nothing_else_is(laptop: Path) -> None:
    vaulted = laptop / "state" / "vault"
    seal(laptop, "a1", "lijst 3b.csv")
    seal(laptop, "a2", "lijst 4b.csv")
    seal(laptop, "a3", "lijst 5b.csv")
    (vaulted / "a3.json").write_text("{")
    assert restore(laptop, id="a1") == 0
    assert restore(laptop, "--to", laptop / "elsewhere", id="a2") == 0
    assert vault.unsettled(vaulted) == {"a2", "a3"}
    assert sealed_in(laptop / "state") == 2
    # It can be listed and given back as before.
    assert [one.id for one in vault.records(vaulted) if one.state == "sealed"] == ["a1", "a2"]
    (laptop / "home" / "docs" / "lijst 3b.csv").unlink()
    assert restore(laptop, id="a1") == 0
    Vault(vaulted).drop("a2")
    assert vault.unsettled(vaulted) == {"a3"}


def test_what_a_crash_left_open_is_ended_before_it_is_counted(laptop: Path) -> None:
    path = crashed(laptop)
    assert sealed_in(laptop / "state") == 1
    with pytest.raises(StillSealed) as found:
        Retirement(config=settings(laptop), patience=5).go(force=False)
    assert found.value.number == 1
    assert (retired.retired_at(laptop / "state"), path.exists()) == (None, False)
    done = Retirement(config=settings(laptop), patience=5).go(force=True)
    assert done.sealed == 1
    assert [one.state for one in vault.records(laptop / "state" / "vault")] == ["sealed"]


def test_whoever_may_not_is_told_so_and_nothing_is_changed(tmp_path: Path, capsys: Any) -> None:
    assert cli.main(["retire", "--state", str(tmp_path / "none")]) == 2
    if os.geteuid() != 0:
        (tmp_path / "state").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
        assert cli.main(["retire", "--state", str(tmp_path / "state")]) == 1
        assert "as root" in capsys.readouterr().err


def test_a_damaged_mark_counts(tmp_path: Path) -> None:
    (tmp_path / retired.MARK).write_bytes(b"yesterday")
    with pytest.raises(ConfigError, match="was retired on"):
        retired.refuse(tmp_path)


def crashed(laptop: Path) -> Path:
    """A file that was taken into the stage and not sealed yet when the agent was killed."""
    child = os.fork()
    path = laptop / "home" / "docs" / "lijst 3b.csv"
    if not child:
        seal(laptop, checkpoint=lambda step: os._exit(9) if step == "folder-durable" else None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WEXITSTATUS(status) == 9
    assert not path.exists()
    return path


def settings(laptop: Path) -> config.Config:
    """The settings of that laptop, as files."""
    folder = laptop / "settings"
    folder.mkdir(exist_ok=True)
    recipients = "\n".join(
        f'[[recipients]]\nname = "{one.name}"\nkey = "{one.key}"\nproven = true\n'
        for one in RECIPIENTS
    )
    roots = f'[collectors.pupil_files]\nroots = ["{laptop / "home"}"]\n'
    (folder / "policy.toml").write_text(f'name = "x"\nversion = 1\n{recipients}\n{roots}')
    return config.load(folder, laptop / "state")

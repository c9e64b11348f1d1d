"""Which policy a laptop goes by, as a staff member sees it who may not look into the state."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent import config, places
from agent.demo import stage
from agent.demo.stage import Folders
from agent.managed import kept
from agent.managed.kept import Kept
from collectors.base import utc_now
from tests.laptop import running_agent
from tests.signing import Office, text

TEACHER = 4321
AS_SOMEBODY = """
import os, sys
from agent import cli, policy_file
import agent.commands.policy
policy_file.read_text('name = "warm"\\nversion = 1', 'warm')
os.setgroups([])
os.setresgid(*3 * [int(sys.argv[1])])
os.setresuid(*3 * [int(sys.argv[1])])
sys.exit(cli.main(sys.argv[2:]))
"""
"""Everything is imported first: where the interpreter lies may be closed to others."""


@pytest.fixture
def folders() -> Iterator[Folders]:
    with tempfile.TemporaryDirectory() as top:
        made = Folders(top=Path(top))
        made.make()
        made.settings.chmod(0o755)
        (made.settings / "policy.toml").write_text(text(1))
        yield made


def take(folders: Folders, version: int) -> None:
    """As if the laptop had taken up a signed policy."""
    office = Office()
    given = office.policy(version, until=utc_now() + timedelta(days=3))
    ring = office.keyring()
    kept.keep(folders.agent, Kept(policy=given, keyring=ring, taken_at=utc_now()))


def shown(folders: Folders, uid: int) -> subprocess.CompletedProcess[str]:
    places = ["--config", str(folders.settings), "--state", str(folders.agent)]
    return subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY, str(uid), "policy", "show", "--json", *places],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to ask as somebody else")
def test_staff_see_the_policy_their_laptop_goes_by(folders: Folders) -> None:
    for uid in (0, TEACHER):
        if uid:
            assert "owner only" in shown(folders, uid).stderr, "no agent runs"
    with running_agent(folders):
        assert stage.wait_until(lambda: places.socket_for(folders.agent).exists(), 30)
        said = shown(folders, TEACHER)
        assert said.returncode == 0, said.stderr
        assert json.loads(said.stdout)["version"] == 1
    take(folders, 7)
    assert json.loads(shown(folders, 0).stdout)["version"] == 7
    with running_agent(folders):
        assert stage.wait_until(lambda: places.socket_for(folders.agent).exists(), 30)
        assert json.loads(shown(folders, TEACHER).stdout)["version"] == 7


def test_the_signed_policy_goes_before_the_file(folders: Folders) -> None:
    assert config.load(folders.settings, folders.agent).policy.version == 1
    take(folders, 7)
    loaded = config.load(folders.settings, folders.agent)
    assert (loaded.policy.version, loaded.managed is not None) == (7, True)


def test_a_laptop_that_lost_its_signed_policy_reports_only(folders: Folders) -> None:
    take(folders, 7)
    (folders.agent / kept.FILE).write_bytes(b"\0")
    loaded = config.load(folders.settings, folders.agent)
    assert (loaded.policy.version, loaded.policy.enforces()) == (0, False)
    assert "damaged" in loaded.damaged

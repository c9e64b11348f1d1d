"""The back-up as one stream, made while a laptop sends, and put back by the command."""

import subprocess
import sys
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from server_stub.backup import POSTGRESQL, SQLITE
from tests.collector_on_loopback import PROGRAM, ROOT, collector, faults, pupil_file
from tests.databases import Databases
from tests.test_server_backup import ADDRESS, assert_one_chain, known_at, sending

SECONDS = 120


def command(
    word: str, state: Path, database: str, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    words = [*PROGRAM, word, "--state", str(state), *(("--database", database) if database else ())]
    return subprocess.run(
        words, cwd=ROOT, input=given, capture_output=True, timeout=SECONDS, check=False
    )


def test_a_running_collector_is_backed_up_and_a_restored_one_goes_on(
    databases: Databases, tmp_path: Path
) -> None:
    state, database = tmp_path / "state", databases.of_a_collector()
    with collector(state, "--public-url", ADDRESS, database=database) as running:
        laptop = known_at(running).laptop()
        with sending(laptop):
            made = command("backup", state, database)
        assert made.returncode == 0, made.stderr
        sent = laptop.seq
    with tarfile.open(fileobj=BytesIO(made.stdout)) as inside:
        names = set(inside.getnames())
    assert names >= {"ca.pem", "reply-key.pem", "stick.key", "feed.key", "login.key"}
    assert names & {SQLITE, POSTGRESQL} == {SQLITE if databases.is_sqlite else POSTGRESQL}
    assert [one.name for one in state.iterdir() if one.name.startswith(".")] == []
    fresh, database = tmp_path / "fresh", databases.of_a_collector()
    done = command("restore", fresh, database, made.stdout)
    assert done.returncode == 0, done.stderr
    assert {one.stat().st_mode & 0o777 for one in fresh.iterdir()} == {0o600}
    if database:
        again = command("restore", tmp_path / "again", database, made.stdout)
        assert (again.returncode, b"already exists" in again.stderr) == (1, True), again.stderr
        assert list((tmp_path / "again").iterdir()) == []
    with collector(fresh, "--public-url", ADDRESS, database=database) as running:
        known_at(running)
        kept = assert_one_chain(running, laptop)
        assert 0 < kept <= sent
        assert replace(laptop, at=running).receipt(pupil_file()).last == sent + 1
        gap = [("chain-gap", "records-missing", kept + 1)] if kept < sent else []
        assert faults(running, laptop.name) == gap


def test_a_running_collector_is_not_restored_and_what_was_there_is_moved_aside(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    with collector(state) as running:
        running.command("user", "add", "ingrid", "--role", "it", "--generate")
        made = command("backup", state, "").stdout
        refused = command("restore", state, "", made)
        assert (refused.returncode, b"the collector runs" in refused.stderr) == (1, True)
        running.command("user", "add", "olaf", "--role", "officer", "--generate")
    done = command("restore", state, "", made)
    assert done.returncode == 0, done.stderr
    (before,) = state.glob("before-restore-*")
    with collector(state) as running:
        assert [row[0] for row in running.rows("SELECT name FROM users")] == ["ingrid"]
    for name in ("server.pem", "public-url", "ca.pem"):
        (state / name).unlink(missing_ok=True)
    for one in before.iterdir():
        one.replace(state / one.name)
    with collector(state) as running:
        rows = running.rows("SELECT name FROM users ORDER BY name")
    assert [row[0] for row in rows] == ["ingrid", "olaf"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    state = tmp_path_factory.mktemp("whole") / "state"
    assert command("migrate", state, "").returncode == 0
    return command("backup", state, "").stdout


def packed(**files: bytes) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("what", ["nothing", "cut", "no-keys", "outside", "damaged", "no-database"])
def test_what_is_no_whole_back_up_changes_nothing(whole: bytes, what: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert command("migrate", state, "").returncode == 0
    before = {one.name: one.read_bytes() for one in state.iterdir()}
    keys = {"ca.pem": b"x", "reply-key.pem": b"x"}
    given = {
        "nothing": b"",
        "cut": whole[: len(whole) // 2],
        "no-keys": packed(**{SQLITE: b"x"}),
        "outside": packed(**{"../ca.pem": b"x"}),
        "damaged": packed(**keys, **{SQLITE: b"SQLite format 3\x00" + b"x" * 5000}),
        "no-database": packed(**keys),
    }[what]
    done = command("restore", state, "", given)
    assert done.returncode == 1, done.stderr
    assert {one.name: one.read_bytes() for one in state.iterdir()} == before
    assert not (tmp_path / "ca.pem").exists()


def test_a_back_up_goes_to_no_terminal(tmp_path: Path) -> None:
    words = " ".join([sys.executable, "-m", "server_stub", "backup", "--state", str(tmp_path)])
    done = subprocess.run(
        ["/usr/bin/script", "-qec", words, "/dev/null"],
        cwd=ROOT,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert b"send it into a file" in done.stdout
